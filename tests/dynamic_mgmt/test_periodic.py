"""定期报送 of key indicators: each category has a short sheet of its own, as data; the city sets the periods."""

from datetime import timedelta

import pytest

from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod, UnitFigure
from dynamic_mgmt.packets.papers import paper_of
from dynamic_mgmt.selectors import exports
from dynamic_mgmt.selectors.catalogue import indicators, newest_book, sheet_for
from dynamic_mgmt.selectors.figures import current
from dynamic_mgmt.selectors.table_detail import detail
from dynamic_mgmt.services import dispatching, filing, periods
from greenportal import clock
from greenportal.findings.types import Invalid
from greenportal.sheets import FieldType
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import make_lead
from tests.factories.tables import Stage, fill, make_filed, make_stage

CATEGORIES = ("factory", "product", "park", "supply_chain")
#: Typed of each category, what the sheet computes of it, and the heading of the sheet.
TYPED = {
    "factory": {"product_unit": "万套", "product_output_y0": "50", "output_value_y0": "1000", "energy_total_y0": "100"},
    "product": {
        "product_models": "虚构A1",
        "product_volume_y0": "12",
        "sales_volume_y0": "10",
        "sales_value_y0": "300",
    },
    "park": {"added_value_y0": "500", "industrial_share_y0": "50", "energy_total_y0": "250", "water_total_y0": "1000"},
    "supply_chain": {"output_value_y0": "900", "suppliers_y0": "40", "low_risk_suppliers_y0": "30"},
}
COMPUTED = {
    "factory": {"energy_per_value": "0.1", "energy_per_product": "2"},
    "product": {},
    "park": {"energy_productivity": "2", "water_productivity": "5000"},
    "supply_chain": {"low_risk_share": "75"},
}
TITLES = {
    "factory": "绿色工厂关键指标定期报送表",
    "product": "绿色设计产品关键指标定期报送表",
    "park": "绿色工业园区关键指标定期报送表",
    "supply_chain": "绿色供应链管理企业关键指标定期报送表",
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_category_has_a_short_sheet_of_indicators_that_the_rulebook_knows(category):
    book = newest_book()
    sheet, known = sheet_for(book, category, periodic=True), indicators(category)
    figures = {f.key.removesuffix("_y0"): f for f in sheet.fields() if f.key.endswith("_y0")}
    yearly = {f.key: f for f in sheet_for(book, category).fields()}
    assert sheet.title == TITLES[category]
    assert (sheet.official, sheet.confidence) == (False, "low"), "the notice names no form"
    assert figures and set(figures) <= set(known)
    assert {key for key, item in known.items() if item.is_key} - {"score_total"} <= set(figures)
    for key, field in figures.items():
        same = yearly[f"{key}_y0"]
        assert (field.unit, field.formula, field.type) == (known[key].unit, same.formula, same.type), key
        assert field.type in {FieldType.DECIMAL, FieldType.INTEGER}


def begun(stage: Stage) -> tuple[TablePeriod, DynamicTable]:
    """Return a period of 定期报送 and the stage's table in it."""
    made = periods.add_period(
        actor=make_lead(),
        round_id=stage.period.round_id,
        key="2022h1",
        label="2022年上半年",
        data_year=2022,
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(days=20),
    )
    assert stage.unit.pk in periods.due_units(made)
    periods.make_due(period_id=made.pk, unit_ids=[stage.unit.pk])
    return made, DynamicTable.objects.get(period=made, unit=stage.unit)


@pytest.mark.django_db
@pytest.mark.parametrize("category", CATEGORIES)
def test_a_unit_of_each_category_files_the_short_sheet(category):
    stage = make_stage(category=category)
    _, table = begun(stage)
    fill(stage.unit_actor, table, **TYPED[category], in_production="yes")
    receipt = filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    kept = current([stage.unit.pk], years=[2022], period="2022h1")[stage.unit.pk][2022]
    assert {key: str(kept[key].value.normalize()) for key in COMPUTED[category]} == {
        key: format_number(text) for key, text in COMPUTED[category].items()
    }
    assert not UnitFigure.objects.filter(period="year").exists(), "part of a year is no figure of the year"
    table.refresh_from_db()
    paper = paper_of(table, receipt)
    assert (paper.title, paper.official, paper.heads) == (TITLES[category], False, ("2022年上半年",))
    shown = detail(stage.officer, table)
    assert shown.heads == ("2022年上半年",) and {len(row.values) for row in shown.rows} == {1}


def format_number(text: str) -> str:
    """Return a number as Decimal.normalize prints it."""
    return {"5000": "5E+3"}.get(text, text)


@pytest.mark.django_db
def test_half_a_year_is_judged_by_its_ratios_and_not_beside_a_whole_years_total():
    stage = make_stage()
    make_filed(stage)  # 2021: 3,120 tce, 52,000 万元, 0.06 tce/万元
    _, table = begun(stage)
    half = {"energy_total_y0": "1560", "output_value_y0": "10400", "product_output_y0": "130"}
    fill(stage.unit_actor, table, **half)
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    table.refresh_from_db()
    told = {(row["rule"], row["data"].get("indicator")) for row in table.findings}
    assert ("TABLE_JUMP", "energy_per_value") in told, "0.06 became 0.15"
    assert not [key for rule, key in told if rule in {"TABLE_JUMP", "TABLE_SLIP"} and key and key.endswith("_total")]
    assert not [key for rule, key in told if rule in {"TABLE_EVIDENCE"} or key == "building_density"]


@pytest.mark.django_db
def test_units_of_all_four_categories_fall_due_in_a_period():
    stage = make_stage()
    wanted = {make_listed(authority=stage.authority, category=category).pk for category in CATEGORIES}
    period, _ = begun(stage)
    assert wanted <= set(periods.due_units(period))
    assert set(ListedUnit.objects.filter(pk__in=wanted).values_list("category", flat=True)) == set(CATEGORIES)


@pytest.mark.django_db
def test_the_columns_of_the_yearly_export_are_not_those_of_a_period():
    stage = make_stage()
    period, _ = begun(stage)
    lead = make_lead()
    values = {"actor": lead, "category": "factory", "note": "", "seen_version": 0}
    dispatching.set_columns(period=stage.period, pairs=[("能耗", "energy_total_y0"), ("地址", "address")], **values)
    with pytest.raises(Invalid) as caught:
        dispatching.set_columns(period=period, pairs=[("地址", "address")], **values)
    assert "没有数据项“address”" in caught.value.errors["columns"][0], "the short sheet does not ask for it"
    dispatching.set_columns(period=period, pairs=[("取水", "water_total_y0")], **values)
    shown = [
        exports.columns(exports.map_of(one, "factory"), exports.sheet_of_category(one, "factory"))
        for one in (stage.period, period)
    ]
    assert shown == [[("能耗", "energy_total_y0"), ("地址", "address")], [("取水", "water_total_y0")]]
