"""The city's list of evaluators as a workbook: counts against the cap, five conditions, sanctions, as of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from evaluators.rules import Condition
from evaluators.selectors.standing import EvaluatorStanding
from greenportal.documents.xlsx import Column, Row, Table, TableBook

_COLUMNS = (
    Column("name", "机构名称", width=34),
    Column("uscc", "统一社会信用代码", width=22, kind="code"),
    Column("registered", "登记", width=10),
    Column("counted", "本系统项目", width=12, kind="int", unit="项"),
    Column("disputed", "异议待认定", width=12, kind="int", unit="项"),
    Column("elsewhere", "系统外项目", width=12, kind="int", unit="项"),
    Column("union", "合计", width=10, kind="int", unit="项"),
    Column("group", "关联组", width=34),
    Column("sanctioned", "不予采信", width=16),
)


def standing_workbook(
    rows: Iterable[tuple[EvaluatorStanding, Sequence[Condition]]],
    *,
    title: str,
    told: Sequence[str],
    issued_at: datetime,
) -> bytes:
    """Return the workbook, in the order given. told: the day and the filter in words, above the header."""
    made: list[Row] = []
    heads: dict[str, str] = {}
    for facts, conditions in rows:
        heads |= {item.key: item.clause for item in conditions}
        made.append(Row({**_values(facts), **{item.key: item.outcome.label for item in conditions}}))
    columns = (*_COLUMNS, *(Column(key, clause, width=14) for key, clause in heads.items()))
    book = TableBook()
    book.add(Table(name="评价机构情况", title=title, columns=columns, rows=made, unit_line=tuple(told)))
    return book.to_bytes(issued_at=issued_at, title=title)


def _values(facts: EvaluatorStanding) -> dict[str, str | int | None]:
    size = len(facts.group_evaluator_ids)
    return {
        "name": facts.name,
        "uscc": facts.uscc,
        "registered": "已登记" if facts.registered else "未登记",
        "counted": facts.group_count,
        "disputed": facts.disputed_count,
        "elsewhere": facts.declared_elsewhere,
        "union": facts.union,
        "group": "" if size == 1 else f"{facts.group_name}等{size}家",
        "sanctioned": "不予采信期内" if facts.sanctioned else "",
    }
