"""What a list on the screen gives as Excel: the same rows by the same filter, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenportal import clock
from greenportal.documents.xlsx import Column, Row, Table, write_table
from nominations.models import Nomination
from nominations.selectors.board import BoardRow

_HEAD = (
    Column("number", "序号", width=6, kind="int"),
    Column("category", "类别", width=20),
    Column("subject", "申报对象", width=36),
    Column("applicant", "申报单位", width=36),
    Column("uscc", "统一社会信用代码", width=22, kind="code"),
    Column("state", "状态", width=14),
)


def _values(number: int, nomination: Nomination) -> dict[str, str | int | None]:
    return {
        "number": number,
        "category": nomination.get_category_display(),
        "subject": nomination.subject.name,
        "applicant": nomination.applicant.name,
        "uscc": nomination.applicant.uscc,
        "state": nomination.get_state_display(),
    }


def _book(name: str, title: str, columns: tuple[Column, ...], rows: Sequence[Row], told: Iterable[str]) -> bytes:
    at = f"导出时间：{clock.spoken(clock.now())}"
    conditions = "、".join(told)
    notes = (at, f"筛选条件：{conditions}") if conditions else (at,)
    return write_table(Table(name=name, title=title, columns=columns, rows=rows, notes=notes), issued_at=clock.now())


def board_workbook(rows: Iterable[BoardRow], *, title: str, told: Iterable[str]) -> bytes:
    """Return the board's rows with what stops each of them. told: the filter in words."""
    columns = (
        *_HEAD,
        Column("rank", "排序", width=7, kind="int"),
        Column("hard", "必须解决", width=9, kind="int"),
        Column("left", "还差什么", width=60),
    )
    made = [
        Row(
            {
                **_values(number, row.nomination),
                "rank": row.nomination.rank,
                "hard": row.hard,
                "left": "\n".join(f"{'必须：' if o.hard else ''}{o.text}" for o in row.obstacles),
            },
            id=str(row.nomination.pk),
        )
        for number, row in enumerate(rows, start=1)
    ]
    return _book("本区县申报", title, columns, made, told)


def inbox_workbook(rows: Iterable[Nomination], *, title: str, told: Iterable[str]) -> bytes:
    """Return what arrived, with district and evaluator. told: the filter in words."""
    columns = (
        _HEAD[0],
        Column("authority", "推荐单位", width=14),
        *_HEAD[1:],
        Column("evaluator", "评价机构", width=30),
        Column("national", "国家平台填报日期", width=16, kind="date"),
    )
    made = [
        Row(
            {
                **_values(number, row),
                "authority": row.authority.name,
                "evaluator": row.evaluator.organisation.name if row.evaluator else "",
                "national": row.national_filed_on,
            },
            id=str(row.pk),
        )
        for number, row in enumerate(rows, start=1)
    ]
    return _book("收到的申报", title, columns, made, told)
