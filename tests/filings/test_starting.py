from __future__ import annotations

import pytest

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing, SheetDefinition
from greenportal.filings.selectors import reading, sheet_of
from greenportal.filings.selectors.changes import form_change
from greenportal.findings.types import NotVisible, Refused
from tests.factories import accounts, filings


def test_start_pins_the_definition_and_normalises_first_answers(applicant):
    sheet = filings.demo_sheet()
    filing = filings.make_filing(applicant, answers={"name": "甲 ", "output": "１００", "nothing": "x", "ratio": "9"})
    assert filing.answers == {"name": "甲", "output": "100"}
    assert SheetDefinition.objects.get().sha256 == sheet.sha256
    reading.forget_sheets()
    assert sheet_of(filing) == sheet


def test_start_again_returns_the_same_filing_untouched(applicant):
    first = filings.make_filing(applicant, answers={"name": "甲"})
    again = filings.make_filing(applicant, answers={"name": "乙"})
    assert (again.pk, again.answers, Filing.objects.count()) == (first.pk, {"name": "甲"}, 1)


def test_a_filing_keeps_its_definition_when_the_sheet_changes(applicant):
    filing = filings.make_filing(applicant)
    changed = filings.demo_sheet(title="新示例表")
    filings.make_filing(applicant, sheet=changed, scope_id=2)
    reading.forget_sheets()
    assert sheet_of(filing).title == "示例表"


def test_known_sheets_cost_no_query(applicant, django_assert_num_queries):
    filing = filings.make_filing(applicant)
    reading.forget_sheets()
    with django_assert_num_queries(1):
        sheet_of(filing)
    with django_assert_num_queries(0):
        sheet_of(filing)


def test_copy_takes_what_is_empty_and_may_be_copied(applicant):
    definition = filings.definition()
    definition["sections"][1]["fields"][0]["copy"] = False
    old = filings.make_filing(applicant, answers={**filings.COMPLETE, "note": "旧"})
    new = filings.make_filing(applicant, sheet=filings.from_json(definition), scope_id=2, answers={"name": "新"})
    taken = services.copy_answers(from_filing=old.pk, to_filing=new.pk, actor=applicant)
    new.refresh_from_db()
    assert taken == ["basic", "key_user", "models", "note", "uscc", "used"]
    assert (new.answers["name"], "output" in new.answers, new.done_sections) == ("新", False, [])
    assert new.answers["models"][0]["model"] == "甲"
    assert new.answers["models"][0]["_id"] != "r1"
    assert [row["_id"] for row in new.answers["basic"]] == ["1", "2"]


def test_copy_leaves_out_a_field_whose_type_changed(applicant):
    definition = filings.definition()
    definition["sections"][0]["fields"][0] = {"key": "name", "label": "名称", "type": "integer"}
    old = filings.make_filing(applicant, answers={"name": "甲", "note": "乙"})
    new = filings.make_filing(applicant, sheet=filings.from_json(definition), scope_id=2)
    assert services.copy_answers(from_filing=old.pk, to_filing=new.pk, actor=applicant) == ["note"]


def test_copy_from_a_foreign_filing_is_not_visible_and_into_a_locked_one_refused(db):
    owner, other = accounts.make_actor(Role.APPLICANT), accounts.make_actor(Role.APPLICANT)
    with filings.thing_scope(organisation_id=owner.organisation_id):
        old = filings.make_filing(owner, answers={"name": "甲"})
        new = filings.make_filing(owner, scope_id=2)
        with pytest.raises(NotVisible):
            services.copy_answers(from_filing=old.pk, to_filing=new.pk, actor=other)
        services.set_locked(filing_ids=[new.pk], locked=True)
        with pytest.raises(Refused):
            services.copy_answers(from_filing=old.pk, to_filing=new.pk, actor=owner)


def test_two_forms_followed_in_a_row_tell_what_changed_since_the_first(applicant):
    first = filings.definition()
    first["sections"][0]["fields"].append({"key": "old", "label": "旧项", "required": "no"})
    filing = filings.make_filing(applicant, sheet=filings.from_json(first), answers={"name": "甲", "old": "乙"})
    second, third = filings.definition(), filings.definition()
    for made, keys in ((second, ["b"]), (third, ["b", "c"])):
        made["sections"][0]["fields"] += [{"key": key, "label": f"新项{key}", "required": "no"} for key in keys]
        filing = services.repin(filing_id=filing.pk, sheet=filings.from_json(made), cause="form", actor=applicant)
    told = form_change(filing, sheet_of(filing))
    assert [asked.label for asked in told.added] == ["新项b", "新项c"]
    assert [(change.label, change.before) for change in told.gone] == [("旧项", "乙")]
