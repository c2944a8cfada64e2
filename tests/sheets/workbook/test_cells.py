"""What people type, and what Excel makes of it: understood, or named with its cell and the way to mend it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from greenportal.sheets import Sheet, from_json
from tests.factories.sheetbooks import filled, one, typed

FIELDS: list[dict[str, Any]] = [
    {"key": "uscc", "label": "信用代码", "type": "uscc"},
    {"key": "phone", "label": "联系电话", "type": "phone"},
    {"key": "post", "label": "邮政编码", "type": "postcode"},
    {"key": "industry", "label": "行业代码", "type": "industry"},
    {"key": "standard", "label": "标准编号"},
    {"key": "energy", "label": "综合能耗", "type": "decimal", "unit": "吨标准煤", "decimals": 2, "min": 0},
    {"key": "share", "label": "占比", "type": "decimal", "unit": "%", "decimals": 2, "max": 100},
    {"key": "day", "label": "填报日期", "type": "date"},
    {"key": "month", "label": "月份", "type": "month"},
    {"key": "year", "label": "年度", "type": "year"},
    {"key": "met", "label": "是否符合", "type": "yesno"},
    {"key": "nature", "label": "单位性质", "type": "choice", "choices": ["国有", "民营"]},
    {"key": "kinds", "label": "能源种类", "type": "multichoice", "choices": ["电", "煤"]},
]


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    section = {"key": "s", "title": "一", "fields": FIELDS}
    return from_json({"key": "x", "title": "表", "source": "测", "confidence": "high", "sections": [section]})


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("energy", "三百二十", "320"),
        ("energy", "１，２００．５", "1200.5"),
        ("energy", "1,200.50 吨标准煤", "1200.5"),
        ("energy", 1200.5, "1200.5"),
        ("energy", 0.1 + 0.2, "0.3"),
        ("share", "85％", "85"),
        ("share", "85.5%", "85.5"),
        ("phone", 13800001234, "13800001234"),
        ("post", 116000, "116000"),
        ("industry", 3311, "3311"),
        ("standard", 36132, "36132"),
        ("day", datetime(2022, 9, 5), "2022-09-05"),
        ("day", "二〇二二年九月五日", "2022-09-05"),
        ("day", 20220905, "2022-09-05"),
        ("month", datetime(2022, 9, 1), "2022-09"),
        ("year", 2022, "2022"),
        ("met", True, "yes"),
        ("met", "√", "yes"),
        ("nature", "民营", "民营"),
        ("kinds", "煤，电", ["电", "煤"]),
        ("uscc", " 91210202ma0te5t16a ", "91210202MA0TE5T16A"),
    ],
)
def test_understood(sheet: Sheet, tmp_path: Path, key: str, value: Any, stored: Any) -> None:
    back = one(typed(filled(sheet, {}), {key: value}), tmp_path, sheet)
    assert (back.edits, back.problems) == ({key: stored}, ())


AS_TEXT = "先把单元格格式设为“文本”，再重新填写。"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("uscc", 9.12102e17, f"信用代码成了数字（9.12102e+17），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("uscc", 91210202, f"信用代码成了数字（91210202），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("phone", 1.380000123e15, f"联系电话成了数字（1.380000123e+15），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("phone", 411800, f"联系电话成了数字（411800），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("post", 16000, f"邮政编码成了数字（16000），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("industry", 610, f"行业代码成了数字（610），末几位或开头的0可能已改变。{AS_TEXT}"),
        ("standard", 1.2e17, f"标准编号超过15位数字（1.2e+17），末几位已改变。{AS_TEXT}"),
        ("standard", datetime(2022, 1, 2), f"标准编号被表格软件变成了日期（2022-01-02）。{AS_TEXT}"),
        ("energy", datetime(2022, 1, 2), f"综合能耗被表格软件变成了日期（2022-01-02）。{AS_TEXT}"),
        ("year", datetime(2022, 1, 2), f"年度被表格软件变成了日期（2022-01-02）。{AS_TEXT}"),
        ("energy", "#REF!", "综合能耗显示为#REF!，是公式出错。改填内容本身。"),
        ("energy", "约100", "综合能耗（吨标准煤）只填数字，如 1200.5。"),
        ("energy", "85%", "综合能耗单位是吨标准煤，85%请写成0.85。"),
        ("energy", 1.005, "综合能耗（吨标准煤）最多保留2位小数。"),
        ("share", 185, "占比（%）不大于100。"),
        ("day", 44809, "填报日期按年月日填写，如 2022-09-05。"),
        ("met", "也许", "是否符合选择“是”或“否”。"),
        ("nature", "其他", "单位性质从列出的选项中选择：国有、民营。"),
    ],
)
def test_named_with_its_cell_and_what_to_do(sheet: Sheet, tmp_path: Path, key: str, value: Any, message: str) -> None:
    content = typed(filled(sheet, {"energy": "7"}), {key: value}, {"day": "General"})
    back = one(content, tmp_path, sheet)
    (problem,) = back.problems
    row = 6 + next(number for number, field in enumerate(FIELDS) if field["key"] == key)
    assert (problem.place, problem.path, problem.message) == (f"表!D{row}", key, message)
    assert key not in back.edits


def test_a_number_pasted_with_a_percent_format_is_what_people_see(sheet: Sheet, tmp_path: Path) -> None:
    content = typed(filled(sheet, {}), {"share": 0.85, "energy": 0.5}, {"share": "0.00%", "energy": "0.0"})
    back = one(content, tmp_path, sheet)
    assert (back.edits, back.problems) == ({"share": "85", "energy": "0.5"}, ())


def test_control_the_same_number_without_the_format_is_itself(sheet: Sheet, tmp_path: Path) -> None:
    assert one(typed(filled(sheet, {}), {"share": 0.85}), tmp_path, sheet).edits == {"share": "0.85"}


def test_an_error_never_clears_what_was_there(sheet: Sheet, tmp_path: Path) -> None:
    back = one(typed(filled(sheet, {"energy": "7"}), {"energy": "#DIV/0!"}), tmp_path, sheet)
    assert back.edits == {}
    assert [p.message for p in back.problems] == ["综合能耗显示为#DIV/0!，是公式出错。改填内容本身。"]


def test_a_percent_sign_in_quotes_is_no_percentage(sheet: Sheet, tmp_path: Path) -> None:
    content = typed(filled(sheet, {}), {"share": 85}, {"share": '0"%"'})
    assert one(content, tmp_path, sheet).edits == {"share": "85"}


def test_what_was_wrong_before_and_is_untouched_is_no_news(sheet: Sheet, tmp_path: Path) -> None:
    back = one(filled(sheet, {"energy": "约100", "standard": "#REF!"}), tmp_path, sheet)
    assert (back.edits, back.problems) == ({}, ())


def test_a_cleared_cell_clears_the_answer(sheet: Sheet, tmp_path: Path) -> None:
    assert one(typed(filled(sheet, {"energy": "5"}), {"energy": None}), tmp_path, sheet).edits == {"energy": ""}


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "+A1", "-2+3", "@SUM(A1)", "_x0041_"])
def test_formulas_are_written_as_text(sheet: Sheet, tmp_path: Path, text: str) -> None:
    back = one(filled(sheet, {"standard": text}, base={}), tmp_path, sheet)
    assert back.edits == {"standard": text}
