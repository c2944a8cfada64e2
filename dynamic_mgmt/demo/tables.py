"""Dynamic tables of the demonstration: one fictional unit for each state that a table can have, figures of three years."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from dynamic_mgmt.demo import later
from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.services import experiences, filing, judging, periods
from dynamic_mgmt.services.figures import FigureValue, record_figures
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Industry
from greenportal.directory.pinyin import sort_key
from greenportal.filings.services import save

Say = Callable[[str], None]
#: Where the demonstration's units come from in their `source`, so that a second run finds them.
SOURCE = "演示：动态管理"


@dataclass(frozen=True, slots=True)
class Part:
    """One unit: its name, how far its table comes, and what differs from ordinary answers. Names are invented."""

    name: str
    upto: str
    answers: Mapping[str, str] = field(default_factory=dict)
    opinion: str = "keep"
    reason: str = ""


PARTS = (
    Part("大连澄岚演示轴承制造有限公司", "due"),
    Part("大连砚川演示机床有限公司", "draft"),
    Part("大连朔望演示泵业有限公司", "filed", {"energy_total_y0": "4680"}),
    Part("大连清砾演示阀门有限公司", "returned", {"water_total_y0": "900000"}),
    Part("大连暮云演示铸造有限公司", "refused", reason="三次电话催报，书面催报后仍答复不填报"),
    Part(
        "大连岫石演示齿轮有限公司",
        "opinion_given",
        {
            "renamed": "yes",
            "current_name": "大连岫石演示传动有限公司",
            "rename_proof": "演示登记通知书〔2022〕1号",
            "rename_on": "2022-03-01",
        },
        "renamed",
        "登记机关已变更名称",
    ),
    Part(
        "大连沐原演示电机有限公司",
        "recheck",
        {"major_change": "yes", "major_on": "2022-02-01", "major_text": "厂区整体搬迁"},
        "major_change",
        "生产地址变更",
    ),
    Part(
        "大连听澜演示锻压有限公司",
        "on_site",
        {"in_production": "no", "stopped_from": "2022-04-01", "stopped_text": "市场原因停产"},
        "on_site",
        "停产半年以上",
    ),
    Part(
        "大连远岚演示涂装有限公司",
        "removal_proposed",
        {"environment_exists": "yes", "environment_text": "演示：一般环境事件"},
        "remove",
        "关键指标不符合绿色制造评价要求",
    ),
    Part("大连知微演示仪表有限公司", "decided"),
)
ANSWERS: Mapping[str, str] = {
    "address": "演示路8号",
    "renamed": "no",
    "major_change": "no",
    "in_production": "yes",
    **{
        f"{k}_exists": "no"
        for k in ("safety", "quality", "environment", "tax", "dishonest", "abnormal", "inspection", "supervision")
    },
    "product_unit": "万套",
    "energy_basis": "equivalent",
    "output_value_y0": "52000",
    "product_output_y0": "260",
    "energy_total_y0": "3120",
    "carbon_total_y0": "8100",
    "water_total_y0": "90000",
    "solid_waste_total_y0": "800",
    "solid_waste_used_y0": "720",
    "solid_waste_stock_y0": "0",
    "land_area_y0": "60000",
    "floor_area_y0": "54000",
    "footprint_area_y0": "24000",
    "evidence_energy": "演示：能源统计报表",
    "evidence_carbon": "演示：排放核算报告",
    "evidence_water": "演示：水费台账",
    "evidence_waste": "演示：固废台账",
    "practice": "演示：余热回收、空压机变频改造。",
}
#: Figures of the two years before, as reported then: 2019 and 2020 of every unit.
EARLIER = {
    "energy_total": (3600, 3350),
    "carbon_total": (9300, 8700),
    "water_total": (104000, 97000),
    "solid_waste_total": (900, 850),
    "output_value": (47000, 49500),
}
MEASURES = {
    "energy_total": "tce",
    "carbon_total": "tCO2",
    "water_total": "m³",
    "solid_waste_total": "t",
    "output_value": "万元",
}


def play(
    *, round_id: int, authority_id: int, officer: Actor, reviewer: Actor, lead: Actor, at: datetime, say: Say
) -> None:
    """Bring a district's fictional units to every state; safe to repeat, all or nothing."""
    if ListedUnit.objects.filter(source=SOURCE).exists():
        return
    say("动态管理表：每种状态一家演示单位 …")
    with transaction.atomic(), clock.fixed(at):
        units = [_unit(part, authority_id, number) for number, part in enumerate(PARTS)]
        _earlier(units)
        period = periods.open_yearly(actor=reviewer, round_id=round_id)
        periods.make_due(period_id=period.pk, unit_ids=[unit.pk for unit in units])
        for part, unit in zip(PARTS, units, strict=True):
            _play(part, unit, period, officer, reviewer, lead)
        _experience(units, officer, reviewer)
        _periodic(round_id, authority_id, officer, lead)
        _later(period, units, authority_id, later.People(officer, reviewer, lead))


#: Two more units: one files late in a period that is over, one has passed a re-check.
LATE_UNIT, CHECKED_UNIT = "大连砺川演示装备有限公司", "大连千帆演示铸锻有限公司"
GROWN = {"major_change": "yes", "major_on": "2022-03-15", "major_text": "演示：新增一条生产线"}


def _later(period: TablePeriod, units: list[ListedUnit], authority_id: int, who: later.People) -> None:
    late_one = _unit(Part(LATE_UNIT, "due"), authority_id, 4, category="supply_chain")
    later.late(who, round_id=period.round_id, unit=late_one, authority_id=authority_id)
    grown = _unit(Part(CHECKED_UNIT, "due"), authority_id, 4)
    periods.make_due(period_id=period.pk, unit_ids=[grown.pk])
    answers = {**ANSWERS, "uscc": "91210202MA0TE5T16A", "industry": grown.industry_code, **GROWN}
    later.rechecked(who, DynamicTable.objects.get(period=period, unit=grown), answers)
    later.sent_up(who, period)
    later.turned_down(who, units)


def _unit(part: Part, authority_id: int, number: int, *, category: str = "factory") -> ListedUnit:
    known = Industry.objects.filter(code="3451").exists()
    return ListedUnit.objects.create(
        category=category,
        level="national",
        batch=str(number % 6 + 1),
        list_year=2017 + number % 5,
        name_as_listed=part.name,
        name_key=name_key(part.name),
        sort_key=sort_key(part.name),
        province="辽宁省",
        city="大连市",
        industry_code="3451" if known and category == "factory" else "",
        authority_id=authority_id,
        source=SOURCE,
        created_at=clock.now(),
    )


def _earlier(units: list[ListedUnit]) -> None:
    values = [
        FigureValue(unit.pk, year, key, MEASURES[key], Decimal(number) * (100 + 3 * place) / 100, SOURCE)
        for place, unit in enumerate(units)
        for key, numbers in EARLIER.items()
        for year, number in zip((2019, 2020), numbers, strict=True)
    ]
    record_figures(actor=Actor.system("演示"), values=values)


def _play(part: Part, unit: ListedUnit, period: TablePeriod, officer: Actor, reviewer: Actor, lead: Actor) -> None:
    table = DynamicTable.objects.get(period=period, unit=unit)
    if part.upto == "due":
        return
    if part.upto == "refused":
        filing.refuse_table(actor=officer, table_id=table.pk, seen_version=table.version, reason=part.reason)
        return
    begun = filing.begin(actor=officer, table_id=table.pk)
    answers = {**ANSWERS, "uscc": "91210202MA0TE5T16A", "industry": unit.industry_code, **part.answers}
    if begun.filing is None:
        raise RuntimeError("a begun table has a filing")
    save(filing_id=begun.filing.pk, seen_version=begun.filing.version, changes=answers, actor=officer)
    if part.upto == "draft":
        return
    filing.file_table(actor=officer, table_id=table.pk)
    table.refresh_from_db()
    if part.upto == "returned":
        filing.return_table(
            actor=officer,
            table_id=table.pk,
            seen_version=table.version,
            reason="演示：取水量疑似多写一位，请核对单位",
            due_on=clock.today() + timedelta(days=7),
        )
    elif part.upto != "filed":
        _judge(part, table, officer, reviewer, lead)


def _judge(part: Part, table: DynamicTable, officer: Actor, reviewer: Actor, lead: Actor) -> None:
    args: dict[str, Any] = {"table_id": table.pk}
    table = judging.give_opinion(
        actor=officer, seen_version=table.version, opinion=part.opinion, reason=part.reason, **args
    )
    if part.upto == "opinion_given":
        judging.propose(
            actor=reviewer, seen_version=table.version, proposal=part.opinion, reason="演示：登记通知书已核对", **args
        )
    elif part.upto == "recheck":
        judging.open_recheck(actor=reviewer, seen_version=table.version, reason="演示：核实搬迁后的边界", **args)
    elif part.upto == "on_site":
        judging.open_on_site(actor=reviewer, seen_version=table.version, reason="演示：核实停产情况", **args)
    elif part.upto == "removal_proposed":
        judging.propose_unit_removal(
            actor=reviewer,
            seen_version=table.version,
            removed_on=clock.today(),
            reason=part.reason,
            document_no="演示文号〔2022〕9号",
            **args,
        )
    elif part.upto == "decided":
        judging.decide(actor=lead, seen_version=table.version, decision="keep", **args)


#: One unit of each other category for 定期报送, and what is typed of it in the period.
KEY_UNITS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("product", "大连云圃演示水泵有限公司", {}),
    (
        "park",
        "大连望舒演示产业园区",
        {
            "added_value_y0": "182000",
            "industrial_share_y0": "63.5",
            "energy_total_y0": "41000",
            "water_total_y0": "960000",
        },
    ),
    ("supply_chain", "大连霁川演示装备有限公司", {}),
)


def _periodic(round_id: int, authority_id: int, officer: Actor, lead: Actor) -> None:
    """A period of 定期报送 that the city added: a unit of each other category, one of them filed."""
    period = periods.add_period(
        actor=lead,
        round_id=round_id,
        key="2022h1",
        label="2022年上半年关键指标定期报送（演示）",
        data_year=2022,
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(days=30),
    )
    for category, name, typed in KEY_UNITS:
        unit = _unit(Part(name, "due"), authority_id, 4, category=category)
        periods.make_due(period_id=period.pk, unit_ids=[unit.pk])
        if typed:
            table = filing.begin(actor=officer, table_id=DynamicTable.objects.get(period=period, unit=unit).pk)
            if table.filing is None:
                raise RuntimeError("a begun table has a filing")
            answers = {"uscc": "12210200MB0TE5T44H", "in_production": "yes", **typed}
            save(filing_id=table.filing.pk, seen_version=table.filing.version, changes=answers, actor=officer)
            filing.file_table(actor=officer, table_id=table.pk)


def _experience(units: list[ListedUnit], officer: Actor, reviewer: Actor) -> None:
    """One experience published, one waiting for the city; a commitment with date and link."""
    for number, title in enumerate(("空压机余热回收", "屋顶光伏与储能")):
        row = experiences.draft_experience(
            actor=officer, unit_id=units[number].pk, title=title, text="演示：改造内容、投资和成效。"
        )
        row = experiences.move_experience(
            actor=officer, experience_id=row.pk, seen_version=row.version, action="recommend", text="演示：可推广"
        )
        if number == 0:
            experiences.move_experience(
                actor=reviewer, experience_id=row.pk, seen_version=row.version, action="publish"
            )
    experiences.add_statement(
        actor=officer,
        unit_id=units[0].pk,
        kind="commitment",
        title="绿色发展承诺书（演示）",
        issued_on=clock.today(),
        link="https://example.com/commitment",
    )
