"""The evaluator's verified figures beside the applicant's computed ones; rows of the city's table stay typed."""

from __future__ import annotations

from decimal import Decimal

from greenportal.rounds.rulebook import EvaluationGroup, EvaluationItem, EvaluationTable, load, sheet_file
from greenportal.sheets import load as load_sheet
from greenportal.sheets.explaining import explain
from nominations.eligibility.figures import report_figures
from nominations.scoring.forming import with_table
from nominations.scoring.verifying import verified

SELF = load_sheet(sheet_file("2022", "factory_self"))
OWN = {
    "land_area": "50000",
    "building_area": "30000",
    "structure_area": "2000",
    "output": "16000",
    "pollutants": [{"_id": "r1", "name": "化学需氧量", "amount": "480"}, {"_id": "r2", "name": "氨氮", "amount": "16"}],
}


def found(third):
    pairs = verified(
        explain(SELF, OWN), {"factory_self": SELF}, {"factory_self": OWN, "factory_third": third}, "factory"
    )
    return {pair.label: (pair.own, pair.third) for pair in pairs}


def test_a_single_figure_is_met_by_its_key():
    assert found({"verified": [{"_id": "plotratio", "value": "0.7"}]}) == {"容积率": (Decimal("0.64"), Decimal("0.7"))}


def test_a_figure_of_one_pollutant_is_met_by_what_it_is_of():
    rows = [{"_id": "a", "indicator": "pollutants", "name": " 氨氮", "value": "0.001"}]
    # 16 ÷ 16000 = 0.001; 化学需氧量 was not verified
    assert found({"verified_rows": rows}) == {"单位产品产生量（氨氮）": (Decimal("0.001"), Decimal("0.001"))}
    assert found({"verified_rows": [{**rows[0], "name": "二氧化硫"}]}) == {}


def test_rows_of_the_citys_table_take_the_reports_figures():
    book = load("2022")
    known = next(table for table in book.evaluation_tables.values() if table.category == "factory")
    table = EvaluationTable(
        label="虚构标准评价表",
        category="factory",
        method="weighted",
        standards=("FX/T 1-2022",),
        groups={"performance": EvaluationGroup(label="绩效", weight=Decimal(100))},
        items=(EvaluationItem(code="p1", group="performance", name="单位产品取水量", requirement="必选", unit="t"),),
        clause="虚构",
        source="虚构",
        confidence=known.confidence,
    )
    for key in ("factory_self", "factory_third"):
        column = with_table(load_sheet(sheet_file("2022", key)), table).table("performance").column("value")
        assert column.formula == ""
        assert column.label == "指标值"


def test_the_suppliers_share_of_the_evaluator_stands_beside_that_of_the_totals():
    conditions = load_sheet(sheet_file("2022", "supply_chain_conditions"))
    third = load_sheet(sheet_file("2022", "supply_chain_third"))
    parts = [
        ("supply_chain_conditions", conditions, {"suppliers": "200", "low_risk_suppliers": "150"}),
        ("supply_chain_third", third, {"low_risk_share_checked": "90"}),
    ]
    (row,) = report_figures("supply_chain", parts, load("2022"), standard="").verified
    # 150 ÷ 200 × 100 = 75
    assert (row.computed, row.verified, row.arithmetic) == (Decimal(75), Decimal(90), "150÷200×100")
