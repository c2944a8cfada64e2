from __future__ import annotations

import json
import re

import pytest

from greenportal.sheets import Change, Field, FieldType, anchors, diff, from_json, json_schema, printed
from greenportal.sheets.differ import diff_versions
from greenportal.sheets.paths import Place, from_input_name, input_id, input_name, parse
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Choice
from tests.factories.filings import COMPLETE, definition, demo_sheet


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=2), "1234.5", "1234.50"),
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=2), "1.234", "1.234"),
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=2), "0", "0.00"),
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=6), "0.08", "0.08"),
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=4), "1037", "1037"),
        (Field(key="x", label="x", type=FieldType.DECIMAL, decimals=4), "0.1234", "0.1234"),
        (Field(key="x", label="x", type=FieldType.DECIMAL), "10", "10"),
        (Field(key="x", label="x", type=FieldType.DECIMAL), "大约", "大约"),
        (Field(key="x", label="x", type=FieldType.DATE), "2022-09-05", "2022年9月5日"),
        (Field(key="x", label="x", type=FieldType.DATE), "下月", "下月"),
        (Field(key="x", label="x", type=FieldType.MONTH), "2022-09", "2022年9月"),
        (Field(key="x", label="x", type=FieldType.YESNO), "yes", "是"),
        (Field(key="x", label="x", type=FieldType.CHOICE, choices=(Choice("a", "甲"),)), "a", "甲"),
        (Field(key="x", label="x", type=FieldType.MULTICHOICE, choices=(Choice("a", "甲"),)), ["a", "z"], "甲、z"),
        (Field(key="x", label="x"), "", ""),
        (Field(key="x", label="x"), "<b>", "<b>"),
    ],
)  # fmt: skip
def test_text_of(field, value, text):
    assert text_of(field, value) == text


def test_printed_has_every_question_that_applies_units_and_the_mark():
    page = printed(demo_sheet(signatures=[{"label": "申报单位（公章）", "seal": True}]), COMPLETE)
    assert page.mark == "非官方样式"
    assert [(row.label, row.text, row.unit) for row in page.sections[1].rows] == [
        ("产量", "100.00", "吨"),
        ("综合能耗", "25.00", "吨标准煤"),
        ("单耗", "0.250", ""),
        ("是否重点用能", "否", ""),
        ("能源种类", "", ""),
    ]
    models, basic = page.sections[2].tables
    assert [head.text for head in models.heads] == ["型号", "数量（台）"]
    assert [[cell.text for cell in row] for row in basic.rows] == [["第一条", "是"], ["第二条", "否"]]
    assert (page.signatures[0].label, page.signatures[0].seal) == ("申报单位（公章）", True)


def test_mark_goes_when_the_form_is_official_or_confirmed():
    assert printed(demo_sheet(official=True), {}).mark == ""
    assert printed(demo_sheet(), {}, confirmed=True).mark == ""


def test_diff_of_two_definitions_names_what_only_the_old_one_had():
    old = demo_sheet()
    made = definition()
    made["sections"][0]["fields"] = [{"key": "name", "label": "单位名称"}]
    new = from_json(made)
    before, after = {**COMPLETE, "note": "旧说明"}, {**COMPLETE, "name": "新名称"}
    assert diff_versions(old, before, new, after) == [
        Change("demo.name", "单位名称", "示例单位", "新名称"),
        Change("demo.uscc", "统一社会信用代码", COMPLETE["uscc"], ""),
        Change("demo.note", "说明", "旧说明", ""),
    ]
    assert diff_versions(old, before, old, before) == []


def test_diff_in_printed_texts_rows_by_id_formulas_too():
    new = {**COMPLETE, "name": "新名称", "used": "50", "models": [{"_id": "r2", "model": "乙", "amount": "3"}]}
    assert diff(demo_sheet(), COMPLETE, new) == [
        Change("demo.name", "名称", "示例单位", "新名称"),
        Change("demo.used", "综合能耗", "25.00", "50.00"),
        Change("demo.ratio", "单耗", "0.250", "0.500"),
        Change("demo.models[r2].model", "产品型号 第1行 型号", "", "乙"),
        Change("demo.models[r2].amount", "产品型号 第1行 数量", "", "3"),
        Change("demo.models[r1].model", "产品型号 第2行 型号", "甲", ""),
    ]
    assert diff(demo_sheet(), COMPLETE, COMPLETE) == []


def test_anchors_are_the_places_that_can_be_answered():
    paths = [path for path, _ in anchors(demo_sheet(), COMPLETE)]
    assert paths[:3] == ["demo.name", "demo.uscc", "demo.note"]
    assert paths[-4:] == ["demo.models[r1].model", "demo.models[r1].amount", "demo.basic[1].met", "demo.basic[2].met"]
    assert all(demo_sheet().section_of(path) for path in paths)


def test_json_schema_holds_keys_types_and_what_is_needed():
    schema = json.loads(json.dumps(json_schema(demo_sheet())))
    assert set(schema["required"]) == {"name", "uscc", "output", "key_user"}
    assert schema["properties"]["output"]["x-unit"] == "吨"
    assert re.fullmatch(schema["properties"]["output"]["pattern"], "1234.5")
    assert not re.fullmatch(schema["properties"]["output"]["pattern"], "1,234.50")
    assert schema["properties"]["basic"]["items"]["properties"]["_id"] == {"enum": ["1", "2"]}
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("path", "place", "name"),
    [
        ("name", Place(field="name"), "name"),
        ("models[r1].model", Place(table="models", row="r1", column="model"), "models__r1__model"),
        ("models[r1]", Place(table="models", row="r1"), "models__r1"),
    ],
)
def test_paths_and_names_of_inputs(path, place, name):
    assert parse(path) == place
    assert input_name(path) == name
    assert input_id(f"demo.{path}") == input_id(path) == f"id_{name}"
    if place.column or place.field:
        assert from_input_name(name) == path


@pytest.mark.parametrize("path", ["", "Name", "a b", "a[", "a[b", "a[b].", "a[../x].c", "a__b", "_id", "a[b].c.d"])
def test_anything_else_is_no_path(path):
    assert parse(path) is None
