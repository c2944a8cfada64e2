"""What comes later in a table's life, for the demonstration: late, longer, re-checked, sent up, incidents and experiences turned down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dynamic_mgmt.models import DynamicTable, Experience, ListedUnit, TablePeriod
from dynamic_mgmt.services import chasing, dispatching, experiences, filing, judging, periods
from dynamic_mgmt.services.incidents import Told, decide_incident, report_incident, withdraw_incident
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.services import save

LATE = "演示：负责填报的人员调离，交接后补报"


@dataclass(frozen=True, slots=True)
class People:
    """Who acts: the district's officer, the city's reviewer and lead."""

    officer: Actor
    reviewer: Actor
    lead: Actor


def late(who: People, *, round_id: int, unit: ListedUnit, authority_id: int) -> None:
    """A period that is over: one table filed late with its reason; the running one is extended for the district."""
    running = TablePeriod.objects.get(round_id=round_id, key="2022h1")
    chasing.extend(
        actor=who.lead,
        period_id=running.pk,
        authority_id=authority_id,
        until=clock.now() + timedelta(days=45),
        document_no="演示文号〔2022〕12号",
        reason="演示：统计口径调整，区县申请延期",
    )
    over = periods.add_period(
        actor=who.lead,
        round_id=round_id,
        key="2021h2",
        label="2021年下半年关键指标定期报送（演示）",
        data_year=2021,
        opens_at=clock.now() - timedelta(days=60),
        closes_at=clock.now() - timedelta(days=10),
    )
    periods.make_due(period_id=over.pk, unit_ids=[unit.pk])
    typed = {"uscc": "91210202MA0TE5T16A", "in_production": "yes", "output_value_y0": "31000", "suppliers_y0": "40"}
    table = _typed(who, DynamicTable.objects.get(period=over, unit=unit), typed | {"low_risk_suppliers_y0": "31"})
    filing.file_table(actor=who.officer, table_id=table.pk, seen_version=table.version, late_reason=LATE)


def rechecked(who: People, table: DynamicTable, answers: dict[str, str]) -> None:
    """A re-check that was concluded; the table waits for the lead's decision with its result."""
    table = _typed(who, table, answers)
    filing.file_table(actor=who.officer, table_id=table.pk, seen_version=table.version)
    table.refresh_from_db()
    table = judging.give_opinion(
        actor=who.officer,
        table_id=table.pk,
        seen_version=table.version,
        opinion="major_change",
        reason="演示：扩建厂房",
        change_kind="scope",
    )
    table = judging.open_recheck(
        actor=who.reviewer, table_id=table.pk, seen_version=table.version, reason="演示：核实扩建后的范围"
    )
    judging.conclude(
        actor=who.officer,
        table_id=table.pk,
        seen_version=table.version,
        done_on=clock.today(),
        people="演示：区县经办人、评价机构人员",
        text="演示：现场核对新增生产线，指标仍符合要求。",
        result="fits",
    )


def _typed(who: People, table: DynamicTable, answers: dict[str, str]) -> DynamicTable:
    begun = filing.begin(actor=who.officer, table_id=table.pk)
    if begun.filing is None:
        raise RuntimeError("a begun table has a filing")
    save(filing_id=begun.filing.pk, seen_version=begun.filing.version, changes=answers, actor=who.officer)
    return begun


def sent_up(who: People, period: TablePeriod) -> None:
    """One export of factories, sent up and written down."""
    made = dispatching.export(actor=who.reviewer, period=period, category="factory")
    dispatching.record_dispatch(
        actor=who.reviewer, period=period, export_id=made.pk, sent_on=clock.today(), document_no="演示平台回执1号"
    )


def turned_down(who: People, units: list[ListedUnit]) -> None:
    """Incidents found untrue and taken back; an experience that waits for the district and one not taken up."""
    for number, text in enumerate(("演示：与他厂混淆的投诉", "演示：重复录入的通报")):
        told = Told(
            kind="quality",
            severity="ungraded",
            source="other",
            source_text="演示：电话投诉",
            happened_on=date(2022, 7, 5),
            text=text,
            document_no="演示记录（虚构）",
        )
        row = report_incident(actor=who.officer, told=told, unit_id=units[number].pk)
        if number == 0:
            decide_incident(
                actor=who.reviewer,
                incident_id=row.pk,
                seen_version=row.version,
                verify=False,
                reason="演示：经核实与本单位无关",
            )
        else:
            withdraw_incident(actor=who.officer, incident_id=row.pk, seen_version=row.version, reason="演示：重复录入")
    for number, title in enumerate(("循环水系统改造", "办公区照明更换")):
        offered: Experience = experiences.draft_experience(
            actor=who.officer, unit_id=units[number + 2].pk, title=title, text="演示：改造内容、投资和成效。"
        )
        if number == 1:
            experiences.move_experience(
                actor=who.officer,
                experience_id=offered.pk,
                seen_version=offered.version,
                action="decline",
                text="演示：成效不明显，暂不推荐",
            )
