"""How a figure came about: GB/T 36132 附录A by hand, in words and with the numbers put in."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import from_json, load
from greenportal.sheets.computing import compute
from greenportal.sheets.explaining import explain

SHEET = load(Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets/factory_self.toml")
TOTALS = {
    "land_area": "50000", "building_area": "30000", "structure_area": "2000", "building_footprint": "18000",
    "structure_footprint": "2000", "output_value": "25000", "capacity": "20000", "output": "16000",
    "waste_gas": "8000000", "waste_water": "4000", "solid_used": "800", "solid_generated": "1000",
    "solid_old": "0", "water_reused": "3000", "water_discharged": "1000", "carbon_total": "8000",
    "energy_products": [{"_id": "r1", "name": "轴承", "energy": "5000", "output": "16000"}],
    "green_materials": [{"_id": "r1", "name": "再生钢", "green": "300", "total": "1000"}],
    "pollutants": [{"_id": "r1", "name": "化学需氧量", "unit": "kg", "amount": "480"}],
    "materials": [{"_id": "r1", "name": "钢材", "unit": "t", "amount": "9600"}],
}  # fmt: skip
#: A.1 (30000+2000)/50000; A.2 (18000+2000)/50000×100; A.4 25000/(50000/10000); A.3 20000/50000; A.7 8000000/16000;
#: A.8 4000/16000; A.10 800/(1000+0)×100; A.11 3000/(1000+3000)×100; A.13 8000/16000.
BY_HAND = {
    "plot_ratio": "0.64",
    "building_density": "40",
    "value_per_land": "5000",
    "capacity_per_land": "0.4",
    "waste_gas_per_unit": "500",
    "waste_water_per_unit": "0.25",
    "solid_rate": "80",
    "water_rate": "75",
    "carbon_per_unit": "0.5",
    # A.12 5000/16000; A.5 300/1000×100; A.6 480/16000; A.9 9600/16000
    "energy_products[r1].per_unit": "0.3125",
    "green_materials[r1].rate": "30",
    "pollutants[r1].per_unit": "0.03",
    "materials[r1].per_unit": "0.6",
}


def figures(**changed):
    return {row.path.removeprefix("factory_self."): row for row in explain(SHEET, {**TOTALS, **changed})}


@pytest.mark.parametrize("key", sorted(BY_HAND))
def test_annex_a_by_hand(key):
    assert figures()[key].value == Decimal(BY_HAND[key])


def test_every_one_of_the_thirteen_formulas_is_there():
    assert set(figures()) == set(BY_HAND)
    assert len(BY_HAND) == 13


def test_formula_and_arithmetic_are_said_in_the_forms_words():
    found = figures()["plot_ratio"]
    assert found.formula == "（总建筑物建筑面积＋总构筑物建筑面积）÷用地面积"
    assert found.arithmetic == "（30000＋2000）÷50000"
    assert [(v.label, v.unit, v.text) for v in found.variables][2] == ("用地面积", "m2", "50000")
    assert figures()["value_per_land"].formula == "总产值÷（用地面积÷10000）"
    assert figures()["pollutants[r1].per_unit"].label == "单位产品产生量（化学需氧量）"


@pytest.mark.parametrize("empty", ["", "不详"])
def test_what_is_missing_is_named_and_nothing_is_computed(empty):
    found = figures(land_area=empty)["plot_ratio"]
    assert (found.value, found.missing) == (None, ("用地面积",))
    assert "？" in found.arithmetic


def test_nothing_is_divided_by_zero():
    assert figures(land_area="0")["plot_ratio"].value is None


def test_rows_nobody_filled_are_not_explained():
    assert "materials[r1].per_unit" not in figures(materials=[{"_id": "r1"}])


def test_minus_and_functions_are_spoken_too():
    raw = {
        "key": "probe", "title": "试验", "source": "试验", "confidence": "high",
        "sections": [{"key": "part", "title": "部分", "fields": [
            {"key": "first", "label": "甲", "type": "decimal", "decimals": 1},
            {"key": "second", "label": "乙", "type": "decimal", "decimals": 1},
            {"key": "less", "label": "差", "type": "decimal", "decimals": 1, "formula": "first - (second - 1)"},
            {"key": "top", "label": "大", "type": "decimal", "decimals": 1, "formula": "max(first, second) * -1"},
        ]}],
    }  # fmt: skip
    less, top = explain(from_json(raw), {"first": "5", "second": "2"})
    assert (less.formula, less.value) == ("甲－（乙－1）", Decimal(4))
    assert (top.formula, top.value) == ("最大值（甲、乙）×－1", Decimal(-5))


def shown(**changed):
    return {row["_id"]: row.get("value", "") for row in compute(SHEET, {**TOTALS, **changed})["performance"]}


def test_the_indicator_table_shows_the_computed_figures_with_their_units():
    rows = shown()
    # (30000 + 2000) ÷ 50000 = 0.64; the pollutant's row says of which
    assert rows["10d1n1"] == "0.64"
    assert rows["10d3n1"].startswith("化学需氧量 0.03 ")
    assert rows["10d1n3"].count("；") == 1, "capacity and output value per area both, each by its name"
    assert all(rows.values()), "each of the thirteen stands in the table"


def test_what_is_typed_into_a_shown_cell_counts_for_nothing():
    typed = [{"_id": "10d1n1", "value": "9.99"}]
    assert shown(performance=typed)["10d1n1"] == "0.64"
    assert shown(performance=typed, land_area="")["10d1n1"] == ""


def test_the_evaluator_can_verify_each_of_the_thirteen():
    third = load(sheet_file("2022", "factory_third"))
    single = {row.id for row in third.table("verified").fixed}
    by_row = {choice.value for choice in third.table("verified_rows").column("indicator").choices}
    plain = {key.replace("_", "") for key in BY_HAND if "[" not in key}
    assert single == plain
    assert by_row == {key.partition("[")[0] for key in BY_HAND if "[" in key}
