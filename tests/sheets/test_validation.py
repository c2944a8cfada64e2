from __future__ import annotations

from decimal import Decimal

import pytest

from greenportal.sheets import validate
from greenportal.sheets.types import Choice, Field, FieldType
from greenportal.sheets.validation import check, in_row, missing_message
from tests.factories.filings import COMPLETE, demo_sheet


def problems(answers, **more):
    return [(row.path, row.message, str(row.level)) for row in validate(demo_sheet(), answers, **more)]


def test_complete_answers_have_no_problem():
    assert problems(COMPLETE) == []


def test_empty_answers_name_what_is_hard_and_soft_and_nothing_hidden():
    assert problems({}) == [
        ("demo.name", "填写名称", "missing"),
        ("demo.uscc", "填写统一社会信用代码（18位）", "missing"),
        ("demo.output", "填写产量", "missing"),
        ("demo.used", "填写综合能耗", "soft"),
        ("demo.key_user", "选择是否重点用能", "missing"),
        ("demo.models", "填写产品型号，至少1行", "missing"),
        ("demo.basic[1].met", "选择基本要求 第1行 是否符合", "missing"),
        ("demo.basic[2].met", "选择基本要求 第2行 是否符合", "missing"),
    ]


def test_a_condition_that_holds_asks_its_field():
    assert ("demo.reason", "填写认定理由", "missing") in problems({**COMPLETE, "key_user": "yes"})
    assert problems({**COMPLETE, "key_user": "yes", "reason": "年耗能超过五千吨标准煤"}) == []


def test_only_one_section_is_asked():
    assert [row[0] for row in problems({}, section="identity")] == ["demo.name", "demo.uscc"]


def test_rows_too_many_and_empty_rows():
    rows = [{"_id": f"r{n}", "model": "甲"} for n in range(4)]
    assert problems({**COMPLETE, "models": rows}) == [("demo.models", "产品型号最多3行，删去多余的行", "error")]
    empty = [{"_id": "r1", "model": "甲"}, {"_id": "r2"}]
    assert problems({**COMPLETE, "models": empty}) == []
    assert problems({**COMPLETE, "models": [{"_id": "r1", "amount": "3"}]}) == [
        ("demo.models[r1].model", "填写产品型号 第1行 型号", "missing")
    ]


def make(kind: str, **more) -> Field:
    return Field(key="x", label="某项", type=FieldType(kind), **{"max_length": 200, **more})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (make("text", max_length=3), "四个字啊", "某项最多3字，现有4字，删去1字"),
        (make("text", max_length=4), "四个字啊", ""),
        (make("integer"), "1.5", "某项填写整数"),
        (make("integer"), "15", ""),
        (make("decimal", decimals=2, unit="吨"), "1.234", "某项（吨）最多保留2位小数"),
        (make("decimal", decimals=2), "1.23", ""),
        (make("decimal"), "1.2", "某项填写整数"),
        (make("decimal", min=Decimal(0), decimals=1), "-0.1", "某项不小于0"),
        (make("decimal", min=Decimal(0), decimals=1), "0", ""),
        (make("decimal", max=Decimal(100), decimals=2), "100.01", "某项不大于100"),
        (make("decimal", max=Decimal(100), decimals=2), "100", ""),
        (make("date"), "2022-2-30", "某项按年月日填写，如 2022-09-05"),
        (make("date"), "1899-12-31", "核对某项的年份"),
        (make("date"), "1900-01-01", ""),
        (make("month"), "2022-13", "某项按年月填写，如 2022-09"),
        (make("month"), "2101-01", "核对某项的年份"),
        (make("year"), "22", "某项填写四位年份，如 2022"),
        (make("year"), "2101", "核对某项的年份"),
        (make("choice", choices=(Choice("a", "甲"), Choice("b", "乙"))), "c", "某项从列出的选项中选择：甲、乙"),
        (make("multichoice", choices=(Choice("a", "甲"),)), ["a", "c"], "某项从列出的选项中选择：甲"),
        (make("multichoice", choices=(Choice("a", "甲"),)), "a", "选择某项"),
        (make("text"), ["a"], "某项只能填写一项内容"),
        (make("yesno"), "也许", "某项选择“是”或“否”"),
        (make("phone"), "0411-80001234", ""),
        (make("phone"), "12345", "某项填写手机号，或带区号的固定电话，如 0411-80001234"),
        (make("email"), "wang@", "某项填写完整的电子邮箱，如 name@example.cn"),
        (make("email"), "wang@example.cn", ""),
        (make("postcode"), "11630", "某项填写6位数字"),
        (make("url"), "example", "某项填写完整网址，以 http:// 或 https:// 开头"),
        (make("url"), "https://example.cn/a", ""),
        (make("url"), "javascript:alert(1)", "某项填写完整网址，以 http:// 或 https:// 开头"),
        (make("industry"), "3451", ""),
        (make("uscc"), "51210200MJ0TE5T51N", ""),
    ],
)  # fmt: skip
def test_check_says_what_to_write(field, value, message):
    assert check(field, value) == message


def test_code_with_one_wrong_character_is_named_exactly():
    assert check(make("uscc"), "91210202MA0TE5T16B") == "某项：第18位校验码与前17位不一致，逐位核对全部18位"


@pytest.mark.parametrize(
    ("kind", "message"), [("text", "填写某项"), ("yesno", "选择某项"), ("uscc", "填写某项（18位）")]
)
def test_missing_says_fill_or_choose(kind, message):
    assert missing_message(make(kind)) == message


@pytest.mark.parametrize(("unit", "taken"), [("tce", True), ("字" * 40, True), ("字" * 41, False), ("—", False)])
def test_a_message_repeats_the_unit_of_its_row_unless_it_is_no_unit(unit, taken):
    column = in_row(Field(key="amount", label="产生量", type=FieldType.DECIMAL), {"unit": unit})
    assert column.unit == (unit if taken else "")
    assert (unit in check(column, "多", "产生量")) is taken
