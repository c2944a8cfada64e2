from __future__ import annotations

import copy
from pathlib import Path

import pytest

from greenportal.sheets import SheetError, from_json, load, load_folder
from tests.factories.filings import definition

TOML = """key = "{key}"
title = "示例"
source = "测试"
confidence = "high"

[[sections]]
key = "one"
title = "部分"

[[sections.fields]]
key = "name"
label = "名称"
{more}
"""


def write(folder: Path, *, more: str = "", key: str = "demo", name: str = "demo.toml") -> Path:
    path = folder / name
    path.write_text(TOML.format(key=key, more=more), encoding="utf-8")
    return path


def test_load_reads_a_sheet_and_its_json_gives_the_same(tmp_path):
    sheet = load(write(tmp_path, more='type = "decimal"\ndecimals = 2\nmin = 0.5\nunit = "吨"'))
    assert (sheet.field("name").unit, str(sheet.field("name").min)) == ("吨", "0.5")
    assert from_json(sheet.definition) == sheet
    assert from_json(sheet.definition).sha256 == sheet.sha256


def test_a_file_is_compiled_once_and_again_when_it_says_something_else(tmp_path):
    first = load(write(tmp_path, more='unit = "吨"'))
    assert load(write(tmp_path, more='unit = "吨"')) is first
    assert load(write(tmp_path, more='unit = "千克"')).field("name").unit == "千克"


def test_a_malformed_file_is_refused_each_time(tmp_path):
    for _ in range(2):
        with pytest.raises(SheetError):
            load(write(tmp_path, more="colour = 1"))


def test_hash_follows_the_content_not_the_order_of_keys():
    one = definition()
    turned = dict(reversed(one.items()))
    changed = copy.deepcopy(one)
    changed["sections"][0]["fields"][0]["label"] = "全称"
    assert from_json(one).sha256 == from_json(turned).sha256
    assert from_json(one).sha256 != from_json(changed).sha256


def test_load_folder_gives_every_sheet_by_key(tmp_path):
    write(tmp_path)
    write(tmp_path, key="other", name="other.toml")
    assert list(load_folder(tmp_path)) == ["demo", "other"]


def test_syntax_error_names_its_line(tmp_path):
    with pytest.raises(SheetError) as refused:
        load(write(tmp_path, more="unit = 吨"))
    assert (refused.value.file, refused.value.line) == ("demo.toml", 13)


def test_file_named_otherwise_is_refused(tmp_path):
    with pytest.raises(SheetError, match=r"but the file is other\.toml"):
        load(write(tmp_path, name="other.toml"))


@pytest.mark.parametrize(
    ("more", "where", "reason"),
    [
        ('colour = "red"', "fields[0].colour", "is not a known key"),
        ('type = "number"', "fields[0].type", "'number' is none of text, longtext"),
        ('required = "yes"', "fields[0].required", "'yes' is none of hard, soft, no"),
        ('confidence = "sure"', "fields[0].confidence", "'sure' is none of official"),
        ("decimals = 2", "fields[0]", "belong to numbers"),
        ('type = "integer"\ndecimals = 2', "fields[0].decimals", "an integer has none"),
        ('type = "decimal"\nmin = "a"', "fields[0].min", "'a' is not a plain number"),
        ('type = "decimal"\nmin = 5\nmax = 1', "fields[0].min", "is above max"),
        ('type = "choice"', "fields[0].choices", "are needed for a choice"),
        ('choices = ["甲"]', "fields[0].choices", "are needed for a choice, and only there"),
        ('type = "choice"\nchoices = ["甲", "甲"]', "fields[0].choices", "must have different values"),
        ('type = "choice"\nchoices = [1]', "fields[0].choices[0]", "must be a text"),
        ("unit = 3", "fields[0].unit", "must be a text"),
        ('copy = "no"', "fields[0].copy", "must be true or false"),
        ('who = "city"', "fields[0].who", "'city' is none of district"),
        ('who = "district"', "fields[0].who", "cannot stop the one who files"),
        ("max_length = -1", "fields[0].max_length", "must be a whole number"),
        ('formula = "1 + 1"', "fields[0].formula", "belongs to a number"),
        ('type = "decimal"\nformula = "2 ** 9"', "name.formula", "Pow is not allowed"),
        ('type = "decimal"\nformula = "missing + 1"', "name.formula", "uses 'missing'"),
        ('type = "decimal"\nformula = "name + 1"', "name.formula", "needs its own result"),
        ('show_if = "nothing == 1"', "name.show_if", "uses 'nothing'"),
    ],
)
def test_malformed_field_is_refused_with_line_place_and_reason(tmp_path, more, where, reason):
    with pytest.raises(SheetError) as refused:
        load(write(tmp_path, more=more))
    assert refused.value.where.endswith(where)
    assert reason in refused.value.reason
    assert refused.value.line == 11


def broken(change):
    raw = definition()
    change(raw)
    return raw


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: raw.pop("title"), "must be a text and not empty"),
        (lambda raw: raw.update(sections=[]), "must not be empty"),
        (lambda raw: raw.update(sections={}), "must be a list"),
        (lambda raw: raw.update(key="Demo"), "must be lower-case"),
        (lambda raw: raw.update(key="a__b"), "must be lower-case"),
        (lambda raw: raw.update(signatures=[{"seal": True}]), "must be a text and not empty"),
        (lambda raw: raw.update(signatures=["章"]), "must have label"),
        (lambda raw: raw["sections"][1].update(key="identity"), "stands twice"),
        (lambda raw: raw["sections"][0].update(key="check"), "is an address of every sheet"),
        (lambda raw: raw["sections"][0].update(after="tables"), "must name an earlier section"),
        (lambda raw: raw["sections"][1]["fields"][0].update(key="name"), "stands twice"),
        (lambda raw: raw["sections"][2]["tables"][0].update(min_rows=9), "is above max_rows"),
        (lambda raw: raw["sections"][2]["tables"][0].update(columns=[]), "must exist"),
        (lambda raw: raw["sections"][2]["tables"][1]["fixed"][0].update(colour="红"), "which are no columns"),
        (lambda raw: raw["sections"][2]["tables"][1]["fixed"][1].update(id="1"), "row ids must differ"),
        (lambda raw: raw["sections"][2]["tables"][1]["fixed"][0].update(id="a b"), "letters and digits"),
        (lambda raw: raw["sections"][2]["tables"][0]["columns"][0].update(type="industries"), "one value, not a list"),
        (lambda raw: raw["sections"].append("x"), "must be a table"),
    ],
)
def test_malformed_definition_is_refused(change, reason):
    assert from_json(definition())
    with pytest.raises(SheetError, match=reason):
        from_json(broken(change))
