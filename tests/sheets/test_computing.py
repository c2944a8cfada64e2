from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import compute, from_json, load
from greenportal.sheets.expressions import ExpressionError, evaluate, names, parse, truth
from tests.factories.filings import COMPLETE, definition, demo_sheet

VALUES = {
    "a": Decimal(6),
    "b": Decimal(4),
    "zero": Decimal(0),
    "text": "甲",
    "list": ["x", "y"],
    "t.c": [Decimal(1), Decimal(2)],
}


def value(source):
    return evaluate(source, VALUES.get)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("a + b * 2", Decimal(14)), ("(a - b) / 4", Decimal("0.5")), ("-a", Decimal(-6)), ("0.1 + 0.2", Decimal("0.3")),
        ("a / zero", None), ("a + none", None), ("a + text", None), ("-text", None), ("sum(t.c)", Decimal(3)), ("sum(none)", None),
        ("min(a, b)", Decimal(4)), ("max(a, b, 9)", Decimal(9)), ("abs(b - a)", Decimal(2)), ("count(list)", Decimal(2)), ("count(none)", Decimal(0)),
        ("a > b", True), ("b < a < 7", True), ("a < text", False), ("text == '甲'", True), ("text != '甲'", False), ("none == ''", True),
        ("none == 0", False), ("zero == 0", True), ("'x' in list", True), ("'z' not in list", True), ("text in ['甲', '乙']", True),
        ("a > b and text == '乙'", False), ("a < b or text == '甲'", True), ("not none", True), ("present(a, text)", True), ("present(zero)", True),
        ("present(none)", False),
    ],
)  # fmt: skip
def test_expression(source, result):
    assert value(source) == result


def test_empty_condition_always_holds():
    assert truth("", VALUES.get)


@pytest.mark.parametrize(
    "source",
    ["a ** b", "a // b", "a % b", "__import__('os')", "a.b.c", "open('x')", "[x for x in list]", "lambda: 1", "a if b else 1", "f'{a}'",
     "True", "None", "a[0]", "sum(x=1)", "(a := 1)", "1 +", "", "b'x'", "1j", "-" * 40 + "1", "a + " * 200 + "1", "{1}", "~a", "a is b"],
)  # fmt: skip
def test_everything_else_does_not_parse(source):
    with pytest.raises(ExpressionError):
        parse(source)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(source):
    try:
        parse(source)
    except ExpressionError:
        return
    evaluate(source, {}.get)


def test_names_are_fields_and_columns():
    assert names("sum(t.c) + a / present(b)") == {"t.c", "a", "b"}


def test_formula_is_rounded_half_up_to_its_decimals_and_empty_without_operands():
    assert compute(demo_sheet(), {"output": "8", "used": "1"})["ratio"] == "0.125"
    assert compute(demo_sheet(), {"output": "16", "used": "1"})["ratio"] == "0.063"
    assert compute(demo_sheet(), {"output": "8"})["ratio"] == ""
    assert compute(demo_sheet(), {"output": "0", "used": "1"})["ratio"] == ""
    assert compute(demo_sheet(), {"output": "大约", "used": "1"})["ratio"] == ""


def test_formulas_over_rows_and_over_each_other():
    raw = definition()
    raw["sections"][2]["tables"][0]["columns"] += [
        {"key": "price", "label": "单价", "type": "decimal", "decimals": 2},
        {"key": "total", "label": "合计", "type": "decimal", "decimals": 2, "formula": "amount * price"},
    ]
    raw["sections"][1]["fields"] += [
        {"key": "half", "label": "半数", "type": "decimal", "decimals": 1, "formula": "everything / 2"},
        {"key": "everything", "label": "总计", "type": "decimal", "decimals": 2, "formula": "sum(models.total)"},
    ]
    rows = [
        {"_id": "r1", "amount": "2", "price": "1.25"},
        {"_id": "r2", "amount": "4", "price": "2"},
        {"_id": "r3", "amount": "9"},
    ]
    result = compute(from_json(raw), {"models": rows})
    assert [row["total"] for row in result["models"]] == ["2.5", "8", ""]
    assert (result["everything"], result["half"]) == ("10.5", "5.3")


def test_compute_leaves_its_argument_alone():
    before = {**COMPLETE}
    compute(demo_sheet(), before)
    assert before == COMPLETE


def test_a_shown_figure_of_a_row_bears_the_unit_that_the_row_states():
    sheet = load(sheet_file("2022", "factory_self"))
    row = {"_id": "r1", "name": "化学需氧量", "unit": "kg", "amount": "2430"}
    for stated, unit in ((row, "kg"), ({**row, "unit": ""}, "污染物单位")):
        rows = compute(sheet, {"output": "12150", "pollutants": [stated]})["performance"]
        shown = [text for line in rows for text in line.values() if "化学需氧量" in text]
        assert shown == [f"化学需氧量 0.2 {unit}/产品单位"]


def test_a_formula_holds_every_digit_that_may_be_typed():
    assert compute(demo_sheet(), {"output": "1", "used": "9" * 30})["ratio"] == "9" * 30
