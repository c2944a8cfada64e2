"""A field is written once: adding it to the file changes everything, with no Python edit (DESIGN §2.2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from greenportal.sheets import anchors, diff, json_schema, load, printed, validate
from greenportal.sheets.forms import build_form

SHEETS = Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets"
ADDED = """
[[sections.fields]]
key = "recycled_water"
label = "年回用水量"
type = "decimal"
unit = "立方米"
decimals = 1
min = 0
help = "按水平衡测试报告填写"
"""


@pytest.fixture
def sheets(tmp_path):
    """The real sheet, and the same file with one field more in its last section."""
    source = (SHEETS / "factory_basic.toml").read_text(encoding="utf-8")
    path = tmp_path / "factory_basic.toml"
    path.write_text(source + ADDED, encoding="utf-8")
    return load(SHEETS / "factory_basic.toml"), load(path)


def everywhere(sheet, answers):
    """What each product of the sheet says about the added field."""
    form = build_form(sheet, "profile", answers)
    page = "".join(render_to_string("forms/field.html", {"field": field}) for field in form.plain_fields)
    return {
        "form": 'name="recycled_water"' in page and "立方米" in page and "按水平衡测试报告填写" in page,
        "validation": any(row.message == "填写年回用水量" for row in validate(sheet, {})),
        "limit": any("不小于0" in row.message for row in validate(sheet, {"recycled_water": "-1"})),
        "printed": [r.text for s in printed(sheet, answers).sections for r in s.rows if r.label == "年回用水量"],
        "schema": "recycled_water" in json_schema(sheet)["properties"],
        "diff": [(row.label, row.after) for row in diff(sheet, {}, answers)],
        "anchor": ("factory_basic.recycled_water", "年回用水量") in set(anchors(sheet, answers)),
    }


def test_a_field_added_to_the_file_is_everywhere(sheets):
    _, after = sheets
    assert everywhere(after, {"recycled_water": "1200"}) == {
        "form": True,
        "validation": True,
        "limit": True,
        "printed": ["1200.0"],
        "schema": True,
        "diff": [("年回用水量", "1200.0")],
        "anchor": True,
    }


def test_the_field_is_nowhere_without_the_file(sheets):
    before, after = sheets
    assert everywhere(before, {"recycled_water": "1200"}) == {
        "form": False,
        "validation": False,
        "limit": False,
        "printed": [],
        "schema": False,
        "diff": [],
        "anchor": False,
    }
    assert before.sha256 != after.sha256
