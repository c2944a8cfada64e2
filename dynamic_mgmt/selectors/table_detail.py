"""One table for reading: its answers, three years beside each other with year-on-year change, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynamic_mgmt.judgement import Proposal, proposals_of
from dynamic_mgmt.models import DynamicTable, TableChange, TableEvidence, TablePeriod, TableReceipt, UnitVisit
from dynamic_mgmt.selectors.catalogue import SUFFIXES, indicators
from dynamic_mgmt.selectors.evidence import evidence_for
from dynamic_mgmt.table_states import CITY_ONLY, SHOWN_TO_CITY
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.selectors import sheet_of
from greenportal.findings.types import Finding
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Answers, compute
from greenportal.sheets.computing import decimal_of
from greenportal.sheets.numerals import rounded


def measure_of(unit: str) -> tuple[str, ...]:
    """Return a unit of measure parted at CO2: template `dynamic_mgmt/measure.html` puts a true subscript between."""
    return tuple(unit.split("CO2"))


@dataclass(frozen=True, slots=True)
class YearRow:
    """One indicator: values of three years (of a period of 定期报送 one), oldest first, and the change of the last year in per cent ("" where none)."""

    key: str
    label: str
    unit: str
    values: tuple[str, ...]
    change: str

    @property
    def measure(self) -> tuple[str, ...]:
        """Return the unit in parts, to be joined by CO₂ (`measure_of`)."""
        return measure_of(self.unit)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for the timeline."""

    at: str
    who: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class TableDetail:
    """All that the table's page shows."""

    table: DynamicTable
    answers: Answers
    rows: tuple[YearRow, ...]
    heads: tuple[str, ...]
    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...]
    receipts: tuple[TableReceipt, ...]
    visits: tuple[UnitVisit, ...]
    events: tuple[Event, ...]
    evidence: tuple[TableEvidence, ...] = ()


def answers_for(actor: Actor, table: DynamicTable) -> dict[str, Any]:
    """Return the answers that the actor may read, formulas computed; none for the city before filing."""
    if table.filing is None or (actor.is_city and table.state not in SHOWN_TO_CITY):
        return {}
    return compute(sheet_of(table.filing), table.filing.answers)


def heads_of(period: TablePeriod) -> tuple[str, ...]:
    """Return the headings of the figures: three years, oldest first; of a period of 定期报送 the period alone."""
    if period.periodic:
        return (period.label,)
    return tuple(f"{period.data_year - back}年" for back in (2, 1, 0))


def year_rows(
    category: str, answers: Mapping[str, Any], *, book: Rulebook, years: int = len(SUFFIXES)
) -> tuple[YearRow, ...]:
    """Return the indicators of the round's `book` that have a value in any of the last `years` years, in its order."""
    found = []
    for key, item in indicators(category, book=book).items():
        texts = tuple(str(answers.get(f"{key}_{suffix}") or "") for suffix in reversed(SUFFIXES[:years]))
        if any(texts):
            unit = item.unit.replace("产品单位", str(answers.get("product_unit") or "产品单位"))
            found.append(YearRow(key, item.label, unit, texts, change_text(texts[-1], texts[-2]) if years > 1 else ""))
    return tuple(found)


def change_text(value: str, before: str) -> str:
    """Return +12.5%, −3.0% or "" where one of the two is missing or the earlier is 0."""
    new, old = decimal_of(value), decimal_of(before)
    if new is None or not old:
        return ""
    change = (new - old) / abs(old) * 100
    return f"{'+' if change > 0 else '−' if change < 0 else ''}{rounded(abs(change), 1)}%"


def detail(actor: Actor, table: DynamicTable) -> TableDetail:
    """Return what the page shows. Findings are for officers; what a unit may see it sees before filing."""
    answers = answers_for(actor, table)
    findings = tuple(Finding.from_json(row) for row in table.findings) if not actor.is_applicant else ()
    judged = findings if actor.is_district or actor.is_city else ()
    visits = () if actor.is_applicant else tuple(UnitVisit.objects.filter(unit_id=table.unit_id).select_related("by"))
    changes: Sequence[TableChange] = list(
        table.changes.all() if actor.is_city else table.changes.exclude(action__in=CITY_ONLY)
    )
    heads = heads_of(table.period)
    return TableDetail(
        table=table,
        answers=answers,
        rows=year_rows(table.category, answers, book=rulebook_at(table.period.round_id)[0], years=len(heads)),
        heads=heads,
        findings=findings,
        proposals=tuple(proposals_of(judged)) if judged or table.filed_at else (),
        receipts=tuple(table.receipts.all()),
        visits=visits,
        events=tuple(
            Event(f"{clock.local(c.at):%Y-%m-%d %H:%M}", c.actor_name, _LABELS.get(c.action, c.action), c.reason)
            for c in changes
        ),
        evidence=tuple(evidence_for(actor).filter(table=table)),
    )


_LABELS = {
    "begin": "开始填报",
    "file": "提交",
    "file_again": "修改后提交",
    "file_late": "逾期补报",
    "refuse": "登记拒不填报",
    "resume": "恢复填报",
    "return": "退回修改",
    "give_opinion": "区县提出意见",
    "send_back": "市局退回区县重新审核",
    "open_recheck": "市局安排复核",
    "open_on_site": "市局安排现场评估",
    "conclude": "登记复核或现场评估结果",
    "propose": "市局审核人员提出处理建议",
    "decide": "市局作出决定",
    "propose_removal": "市局提出移出",
    "confirm_removal": "复核移出",
    "drop_removal": "不予移出",
}
