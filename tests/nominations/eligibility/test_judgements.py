"""What the answers of the report sheets say 符合 or 不符合 to, read out for the rules."""

from __future__ import annotations

import pytest

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from nominations.eligibility.judgements import GROUPS, general, musts, product_rows, third_basic

NOT_SURE = ("na", "", None)


def part(key, **answers):
    return (key, load(sheet_file("2022", key)), answers)


def first_row(key, table):
    return load(sheet_file("2022", key)).table(table).fixed[0].id


@pytest.mark.parametrize("key", ["factory_self", "factory_third"])
def test_a_general_requirement_judged_not_met_is_told_by_its_words_and_party(key):
    row = first_row(key, "general")
    (found,) = general([part(key, general=[{"_id": row, "met": "no"}])])
    assert found.met is False
    assert found.party == key.removeprefix("factory_")
    assert "：" in found.label


def test_the_evaluators_word_on_all_general_requirements_counts_too():
    (found,) = general([part("factory_third", basic_met="no")])
    assert (found.party, found.met) == ("third", False)


@pytest.mark.parametrize("met", NOT_SURE)
def test_a_general_requirement_without_an_answer_is_not_counted_as_met(met):
    row = first_row("factory_self", "general")
    assert general([part("factory_self", general=[{"_id": row, "met": met}])]) is None


def test_only_rows_printed_as_mandatory_are_musts():
    answers = {"emissions": [{"_id": "9d5n1", "met": "no"}, {"_id": "9d5n2", "met": "no"}]}
    (found,) = musts([part("factory_third", **answers)])
    assert found.met is False
    assert found.label.startswith("9.5 温室气体")
    assert musts([part("park_self", **answers)]) is None


def test_a_row_of_mandatory_and_optional_parts_is_mentioned_with_its_kind():
    sheet = load(sheet_file("2022", "factory_third"))
    tables = [sheet.table(key) for key in GROUPS]
    rows = {row.values["kind"]: (table.key, row.id) for table in tables for row in table.fixed}
    asked = {kind: {key: [{"_id": row_id, "met": "no"}]} for kind, (key, row_id) in rows.items()}
    (mixed,) = musts([part("factory_third", **asked["必选+可选"])])
    assert (mixed.met, mixed.label.endswith("（必选+可选）")) == (False, True)
    assert musts([part("factory_third", **asked["可选"])]) is None


def test_a_products_row_is_judged_by_its_own_figures_beside_what_the_report_says():
    row = {"indicator": "能耗", "model": "甲型", "direction": "most", "baseline": "18", "measured": "19", "met": "yes"}
    (found,) = product_rows({"requirements": [row]})
    # 19 > 18: not met, though the report says so
    assert (found.met, found.computed, found.indicator, found.model) == (True, False, "能耗", "甲型")
    assert "19" in found.arithmetic
    assert product_rows({}) is None


@pytest.mark.parametrize(
    ("direction", "baseline", "measured", "unit", "computed"),
    [
        ("most", "1,234", "1,235", "kWh", False),
        ("most", "1,234", "1234", "kWh", True),
        ("least", "十五", "１４．９", "年", False),
        ("least", "15", "十五年", "年", True),
        ("least", "80%", "85%", "%", True),
        ("least", "90", "85％", "%", False),
        ("least", "0.8", "85%", "", None),
        ("most", "约18", "17", "", None),
        ("text", "十五", "十四", "", None),
    ],
)
def test_a_products_row_is_read_as_people_write_numbers(direction, baseline, measured, unit, computed):
    row = {"indicator": "能耗", "direction": direction, "baseline": baseline, "measured": measured, "unit": unit}
    (found,) = product_rows({"requirements": [row]})
    assert found.computed is computed


def test_the_arithmetic_of_a_products_row_is_told_in_figures():
    row = {"indicator": "能耗", "direction": "most", "baseline": "1,234", "measured": "一千三百", "unit": "kWh"}
    (found,) = product_rows({"requirements": [row]})
    assert found.arithmetic == "实测值1300，要求不大于1234"


def test_the_evaluators_basic_requirements_bear_their_numbers_and_zero_the_whole():
    answers = {
        "basic_met": "no",
        "basic": [{"_id": "6", "met": "no"}, {"_id": "7", "met": ""}, {"_id": "x", "met": "no"}],
    }
    assert [(row.no, row.met) for row in third_basic(answers)] == [(0, False), (6, False)]
    assert third_basic({}) == ()
