"""Totals of a product and of a supply chain against last year's nomination of the same subject."""

from __future__ import annotations

from decimal import Decimal

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import load
from nominations.eligibility.earlier import year_figures
from nominations.eligibility.engine import evaluate
from nominations.eligibility.units import factor
from nominations.selectors import facts
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def compared(key, now, before):
    """Return (label, unit, this year's, last year's) of the figures of one sheet in two years."""
    sheet = load(sheet_file("2022", key))
    found = year_figures([(key, sheet, now)], [(key, sheet, before)])
    return [(row.label, row.unit, row.value, row.before) for row in found]


def measured(text, unit, row="r1"):
    return {"requirements": [{"_id": row, "indicator": "能耗", "model": "甲型", "unit": unit, "measured": text}]}


@pytest.mark.parametrize(
    ("now", "before", "unit", "pair"),
    [
        (("1,234", "W"), ("１２３４", "W"), "W", (1234, 1234)),
        (("十五", "W"), ("15 W", "W"), "W", (15, 15)),
        (("85%", "%"), ("40", "%"), "%", (85, 40)),
        (("85％", ""), ("40%", ""), "%", (85, 40)),
        (("12000", "吨"), ("1.2", "万吨"), "吨", (12000, 12000)),
        (("0.4", "kg/台"), ("0.0004", "t/台"), "kg/台", ("0.4", "0.4")),
        (("7", "千瓦时"), ("7", "kWh"), "千瓦时", (7, 7)),
    ],
)
def test_measured_values_are_read_as_people_write_them_and_in_their_units(now, before, unit, pair):
    [found] = compared("product_self", measured(*now), measured(*before, row="r7"))
    assert (found[1], found[2], found[3]) == (unit, Decimal(pair[0]), Decimal(pair[1]))


@pytest.mark.parametrize("last", [("约15", "W"), ("15", "kg"), ("三千五", "W"), ("15", "W/台")])
def test_what_cannot_be_read_or_measures_something_else_is_not_compared(last):
    assert compared("product_self", measured("15", "W"), measured(*last)) == []


def test_a_figure_in_another_multiple_of_the_unit_is_told_as_converted():
    [found] = compared("product_self", measured("9000", "吨"), measured("1.2", "万吨"))
    assert found == ("能耗（甲型）实测值（上年以万吨填写，已换算）", "吨", Decimal(9000), Decimal(12000))


def test_whole_numbers_decimals_and_columns_of_tables_are_compared():
    flow = {"stage": "产品生产", "flow": "输入", "name": "电", "unit": "kWh"}
    now = {"inventory": [{"_id": "a", **flow, "amount": "1,200"}], "lca_done": "yes"}
    before = {"inventory": [{"_id": "b", **flow, "amount": "800"}, {"_id": "c", **flow, "name": "水", "amount": "1"}]}
    assert compared("product_self", now, before) == [
        ("生命周期清单“产品生产　输入　电”数量", "kWh", Decimal(1200), Decimal(800))
    ]
    [chain] = compared("supply_chain_self", {"recovered_products": "６００"}, {"recovered_products": "1,200"})
    assert chain[2:] == (Decimal(600), Decimal(1200))
    assert compared("supply_chain_self", {"self_score": "90"}, {"self_score": "45"}) == []


def test_figures_of_years_before_are_not_held_against_last_years_figures_of_years_before():
    last = {"last_year": [{"_id": "output", "value": "5"}], "output_value": "7"}
    assert [row[0] for row in compared("factory_self", last, last)] == ["总产值"]
    years = {"eg": [{"_id": "EG1", "y1": "1", "y2": "2", "y3": "3"}]}
    [found] = compared("park_self", years, years)
    assert (found[0].count("能源产出率"), found[2]) == (1, Decimal(3))


def test_a_printed_row_is_named_by_its_indicator_alone():
    sheet = load(sheet_file("2022", "park_self"))
    row = sheet.table("eg").fixed_row("EG1").values
    [found] = compared("park_self", {"eg": [{"_id": "EG1", "y3": "3"}]}, {"eg": [{"_id": "EG1", "y3": "3"}]})
    assert f"“{row['item']}”" in found[0]


def test_units_are_converted_only_where_they_measure_the_same():
    assert (factor("万吨", "t"), factor("kgce/t", "tce/t")) == (Decimal(10000), Decimal("0.001"))
    assert (factor("吨", "台"), factor("tce/t", "tce/台"), factor("", "吨")) == (None, None, None)


def answered(nomination, key, **answers):
    held = nomination.sheets.get(sheet_key=key).filing_id
    row = Filing.objects.get(pk=held)
    Filing.objects.filter(pk=held).update(answers={**row.answers, **answers})


def two_years(category, *, apart=1):
    """Return last year's nomination and this year's of one subject, this year's in a round `apart` years later."""
    district = make.make_district()
    old = make.make_draft(district, category)
    Round.objects.filter(pk=district.round.pk).update(state="closed", year=2022 - apart)
    new = make.make_draft(
        make.District(make.open_round_2022(), district.authority, district.officer, district.lead),
        category,
        subject=old.subject,
    )
    return old, new


def told(nomination, rule):
    book, _ = rulebook_at(nomination.round_id)
    found = evaluate(facts.load([nomination.pk], as_of=clock.now())[0], book)
    return next(row for row in found if row.rule == rule)


def test_a_slip_of_the_unit_against_last_years_supply_chain_is_told_with_its_arithmetic():
    old, new = two_years("supply_chain")
    answered(old, "supply_chain_self", recoverable_products="1200", recovered_products="600")
    answered(new, "supply_chain_self", recoverable_products="12000000", recovered_products="620")
    found = told(new, "FIG_UNIT")
    # 12000000 ÷ 1200 = 10000
    assert (found.outcome, found.severity) == ("not_met", "warning")
    assert "12000000÷1200＝10000" in found.because
    assert "产品回收量" not in found.because.replace("可回收产品量", "")


def test_a_products_measured_value_that_jumps_is_told_by_indicator_and_model():
    old, new = two_years("product")
    row = {"_id": "r1", "indicator": "待机功率", "model": "甲型", "unit": "W", "measured": "0.4"}
    answered(old, "product_self", requirements=[row])
    answered(
        new,
        "product_self",
        requirements=[{**row, "_id": "r9", "measured": "0.7"}, {**row, "_id": "r2", "model": "乙型"}],
    )
    found = told(new, "FIG_JUMP")
    # 0.7 ÷ 0.4 = 1.75
    assert found.outcome == "not_met"
    assert "待机功率（甲型）实测值本年0.7W，上年0.4W（0.7÷0.4＝1.75），增加75%" in found.because


def test_only_the_year_before_counts():
    old, new = two_years("product", apart=2)
    answered(old, "product_basic", sales="100")
    answered(new, "product_basic", sales="1000")
    assert told(new, "FIG_UNIT").outcome == "not_applicable"
