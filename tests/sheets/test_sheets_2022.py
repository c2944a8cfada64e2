"""The sheets of the 2022 rulebook: what the notice and the domain page say of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from greenportal.directory.models import Organisation
from greenportal.sheets import Required, load_folder, printed, validate

FOLDER = Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022"
SHEETS = load_folder(FOLDER / "sheets")


def test_every_sheet_that_a_category_names_is_there():
    named = {
        key
        for row in tomllib.loads((FOLDER / "categories.toml").read_text())["categories"].values()
        for key in row["sheets"]
    }
    assert named <= set(SHEETS)


@pytest.mark.parametrize("key", sorted(SHEETS))
def test_a_form_without_its_original_is_marked(key):
    sheet = SHEETS[key]
    assert (sheet.official, printed(sheet, {}).mark, bool(sheet.source)) == (False, "非官方样式", True)


@pytest.mark.parametrize("key", sorted(SHEETS))
def test_labels_are_chinese_and_no_message_blames(key):
    for problem in validate(SHEETS[key], {}):
        assert any("一" <= char <= "龥" for char in problem.label)
        assert not any(word in problem.message for word in ("无效", "非法", "抱歉"))


@pytest.mark.parametrize(
    ("sheet", "category"),
    [("park_conditions", "park"), ("supply_chain_conditions", "supply_chain"), ("product_basic", "product")],
)
def test_basic_requirements_are_the_rulebooks_word_for_word(sheet, category):
    rows = tomllib.loads((FOLDER / "categories.toml").read_text())["basic_requirements"].values()
    wanted = {str(row["no"]): row["text"] for row in rows if row["category"] == category}
    assert {row.id: row.values["requirement"] for row in SHEETS[sheet].table("basic").fixed} == wanted


def test_statement_asks_each_exclusion_and_both_queries():
    sheet = SHEETS["statement"]
    exists = [f"ex{n}_exists" for n in range(1, 7)] + ["other_exists"]
    assert [field.key for field in sheet.fields() if field.key.endswith("_exists")] == exists
    hard = {field.key for field in sheet.fields() if field.required == Required.HARD}
    assert {*exists, "creditchina_on", "creditchina_clean", "gsxt_on", "gsxt_clean"} <= hard
    assert not any(field.copy for field in sheet.fields())


def test_no_figure_of_a_year_is_copied_to_the_next():
    for sheet, key in (("energy", "value"), ("energy", "advanced_value"), ("energy", "entered_benchmark")):
        assert SHEETS[sheet].table("entries").column(key).copy is False
    assert SHEETS["park_conditions"].field("industrial_share").copy is False


def test_energy_is_asked_only_of_key_energy_users():
    keys = lambda answers: {row.path for row in validate(SHEETS["energy"], answers)}  # noqa: E731
    assert keys({"applies": "no"}) == set()
    assert keys({"applies": "yes"}) == {"energy.entries"}


def test_park_limits_of_the_form():
    park = SHEETS["park_basic"]
    assert (park.field("profile").max_length, park.field("achievements").max_length) == (500, 1000)


def test_choices_of_ownership_are_the_directorys():
    values = [choice.value for choice in SHEETS["factory_basic"].field("ownership").choices]
    assert values == list(Organisation.Ownership.values)


def test_no_form_of_an_applicant_or_evaluator_asks_for_another_units_figure():
    """Peers are officers' matter and stand in the register: what stood in a sheet would be seen and printed."""
    told = [(key, name.label) for key, sheet in SHEETS.items() for name in _asked(sheet) if "同行业" in name.label]
    assert told == []
    assert {"benchmark_key", "advanced_value"} <= {name.key for name in _asked(SHEETS["energy"])}


def _asked(sheet):
    return [*sheet.fields(), *sheet.tables(), *(c for table in sheet.tables() for c in table.columns)]
