from __future__ import annotations

import re

import pytest
from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string

from greenportal.sheets.forms import PortalForm, apply, bound_to_stored, build_form
from tests.factories.filings import COMPLETE, demo_sheet
from tests.sheets.naughty import NAUGHTY


def posted(**values):
    data = QueryDict(mutable=True)
    for key, value in values.items():
        data.setlist(key, value if isinstance(value, list) else [value])
    return data


def test_initial_values_are_the_stored_ones_and_formulas_computed():
    form = build_form(demo_sheet(), "energy", {**COMPLETE, "kinds": ["电"]})
    assert (form.initial["output"], form.initial["ratio"], form.initial["kinds"]) == ("100", "0.250", ["电"])
    assert "reason" not in form.fields


def test_condition_typed_now_shows_its_field():
    assert "reason" in build_form(demo_sheet(), "energy", {}, posted(key_user="yes")).fields


def test_changes_are_normalised_by_path():
    form = build_form(demo_sheet(), "tables", COMPLETE, posted(models__r1__amount="三", basic__1__met="否"))
    assert form.changes() == {"models[r1].amount": "3", "basic[1].met": "no"}


def test_errors_only_for_what_is_unusable_until_one_says_done():
    data = posted(name="", uscc="1")
    assert list(build_form(demo_sheet(), "identity", {}, data).errors) == ["uscc"]
    assert list(build_form(demo_sheet(), "identity", {}, data, complete=True).errors) == ["name", "uscc"]


def test_bound_to_stored_names_every_gap():
    form = bound_to_stored(demo_sheet(), "tables", {})
    assert sorted(form.errors) == ["__all__", "basic__1__met", "basic__2__met"]
    assert form.non_field_errors() == ["填写产品型号，至少1行"]


def test_table_rows_have_their_ids_in_the_names_of_inputs():
    [models, basic] = build_form(demo_sheet(), "tables", COMPLETE).tables
    assert [cell.bound.html_name for cell in models.rows[0].cells] == ["models__r1__model", "models__r1__amount"]
    assert [(row.fixed, row.cells[0].text) for row in basic.rows] == [(True, "第一条"), (True, "第二条")]
    assert (models.can_add, basic.can_add) == (True, False)


def test_apply_refuses_what_the_sheet_does_not_have():
    for path in ("nothing", "nowhere[r1].x", "models[r1].nothing", "a b"):
        with pytest.raises(KeyError):
            apply(demo_sheet(), {}, {path: "x"})


def test_portal_form_says_what_to_do():
    class Small(PortalForm):
        name = forms.CharField(label="名称")
        kind = forms.ChoiceField(label="类别", choices=[("a", "甲")])

    assert dict(Small({}).errors) == {"name": ["填写名称"], "kind": ["选择类别"]}
    assert "required" not in str(Small())


@pytest.mark.parametrize("section", ["identity", "energy", "tables"])
@pytest.mark.parametrize("text", NAUGHTY, ids=lambda text: ascii(text)[:24])
def test_naughty_text_in_every_field_is_shown_escaped_with_ids_that_exist(section, text):
    sheet = demo_sheet()
    names = build_form(sheet, section, COMPLETE).fields
    form = build_form(sheet, section, COMPLETE, posted(**dict.fromkeys(names, text)), complete=True)
    page = render_to_string("forms/form.html", {"form": form})
    ids = set(re.findall(r'\bid="([^"]*)"', page))
    named = {one for row in re.findall(r'aria-describedby="([^"]*)"', page) for one in row.split()}
    assert named <= ids
    assert "<script" not in page.lower()
    assert "<img" not in page.lower()
