"""A form begun under an older definition follows the one in force when it is opened; what was frozen stays."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.filings.models import Filing, FilingVersion, SheetDefinition
from greenportal.filings.services import freeze, save, set_locked
from greenportal.filings.views.autosave import FORM_MOVED
from greenportal.sheets import from_json
from nominations import wiring
from nominations.models import Nomination
from nominations.selectors import versions
from nominations.selectors.nominations import get_visible
from nominations.services.following import open_forms, shipped
from tests.factories import nominations as make
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
KEY = "product_basic"
NEW, GONE = "绿色设计亮点", "能效等级（旧项目）"


@pytest.fixture
def district():
    return make.make_district()


def older(key=KEY, *, without="highlight"):
    """Return the definition of last release: it lacks a field of today's and asks one that today's does not."""
    raw = copy.deepcopy(dict(shipped("2022", key).definition))
    for section in raw["sections"]:
        if any(field["key"] == without for field in section.get("fields", [])):
            section["fields"] = [field for field in section["fields"] if field["key"] != without]
            section["fields"].append({"key": "old_grade", "label": GONE, "type": "text", "required": "no"})
    sheet = from_json(raw)
    SheetDefinition.objects.get_or_create(
        pk=sheet.sha256, defaults={"key": key, "definition": dict(sheet.definition), "created_at": "2022-07-01T00:00Z"}
    )
    return sheet


def begun(nomination, *, key=KEY, without="highlight", **answers):
    """Put a sheet of a nomination back under the older definition, with these answers beside those it has."""
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=key)
    kept = {name: value for name, value in filing.answers.items() if name != without}
    Filing.objects.filter(pk=filing.pk).update(
        definition_sha256=older(key, without=without).sha256, answers={**kept, **answers}
    )
    filing.refresh_from_db()
    return filing


def page(nomination, actor, section="product"):
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=KEY)
    return browser(actor).get(reverse("filings:section", args=[filing.pk, section])).content.decode()


def test_an_open_form_follows_at_its_next_opening_and_keeps_its_answers(district):
    nomination = make.make_draft(district, "product")
    filing = begun(nomination, product_name="水性漆", old_grade="一级")
    html = page(nomination, make.applicant_of(nomination))
    filing.refresh_from_db()
    assert filing.definition_sha256 == shipped("2022", KEY).sha256
    assert (filing.answers["product_name"], "old_grade" in filing.answers) == ("水性漆", False)
    assert 'name="highlight"' in html
    assert (f"<li>{NEW}</li>" in html, f"<dt>{GONE}</dt><dd>一级</dd>" in html) == (True, True)


def test_what_is_asked_no_more_stays_in_history_and_in_the_difference(district):
    nomination = make.make_draft(district, "product")
    filing = begun(nomination, product_name="水性漆", old_grade="一级")
    applicant = make.applicant_of(nomination)
    page(nomination, applicant)
    assert FilingVersion.objects.get(filing=filing, cause="form").answers["old_grade"] == "一级"
    before, now = versions.snapshots(applicant, get_visible(applicant, nomination.pk))
    assert before.label.startswith("“绿色设计产品基本信息表”表单更新前（")
    assert [(d.label, d.before, d.after) for d in versions.differences(before, now)] == [(GONE, "一级", "")]
    history = browser(applicant).get(reverse("nominations:history", args=[nomination.pk])).content.decode()
    assert "一级" in history


def test_versions_open_on_whole_moments_and_say_when_two_have_no_form_in_common(district):
    nomination = make.make_handed_in(district, "product")
    Nomination.objects.filter(pk=nomination.pk).update(state="returned_by_district")
    report = Filing.objects.get(scope_id=nomination.pk, sheet_key="product_self")
    set_locked(filing_ids=[report.pk, begun(nomination, old_grade="一级").pk], locked=False)
    applicant = make.applicant_of(nomination)
    begun(nomination, key="product_self", without="lca_object", old_grade="二级")
    with clock.fixed(DURING + timedelta(days=1)):
        for key in (KEY, "product_self"):
            assert open_forms(nomination_id=nomination.pk, sheet_keys=[key])
    moments = versions.snapshots(applicant, get_visible(applicant, nomination.pk))
    assert [moment.partial for moment in moments] == [False, True, True, False]
    assert versions.default_before(moments, moments[-1]) == moments[0]
    assert versions.default_before(moments[1:], moments[-1]) == moments[2]
    client, url = browser(applicant), reverse("nominations:history", args=[nomination.pk])
    shown = client.get(url).content.decode()
    assert f'value="{moments[0].key}" selected' in shown
    apart = client.get(url, {"from": moments[1].key, "to": moments[2].key}).content.decode()
    assert ("没有共同的表单，不能比较" in apart, "没有差异" in apart) == (True, False)
    assert "没有共同的表单" not in client.get(url, {"from": moments[1].key}).content.decode()


def test_the_nominations_own_page_brings_the_forms_along(district):
    nomination = make.make_draft(district, "product")
    filing = begun(nomination, product_name="水性漆")
    browser(district.officer).get(reverse("nominations:detail", args=[nomination.pk]))
    filing.refresh_from_db()
    assert filing.definition_sha256 == shipped("2022", KEY).sha256


def test_what_was_handed_in_keeps_its_form_until_it_is_returned(district):
    nomination = make.make_handed_in(district, "product")
    filing = begun(nomination, old_grade="一级")
    held = filing.definition_sha256
    page(nomination, make.applicant_of(nomination))
    assert open_forms(nomination_id=nomination.pk, sheet_keys=[KEY]) is False
    filing.refresh_from_db()
    assert (filing.definition_sha256, filing.answers["old_grade"]) == (held, "一级")
    frozen = list(FilingVersion.objects.filter(filing=filing).values("sha256", "definition_sha256", "answers"))
    Nomination.objects.filter(pk=nomination.pk).update(state="returned_by_district")
    set_locked(filing_ids=[filing.pk], locked=False)
    page(nomination, make.applicant_of(nomination))
    filing.refresh_from_db()
    assert filing.definition_sha256 == shipped("2022", KEY).sha256
    versions_now = FilingVersion.objects.filter(filing=filing).exclude(cause="form")
    assert list(versions_now.values("sha256", "definition_sha256", "answers")) == frozen


def test_a_locked_report_keeps_its_form(district):
    nomination = make.make_draft(district)
    filing = begun(nomination, key="factory_third", without="main_products")
    set_locked(filing_ids=[filing.pk], locked=True)
    assert open_forms(nomination_id=nomination.pk, sheet_keys=["factory_third"]) is False
    set_locked(filing_ids=[filing.pk], locked=False)
    assert open_forms(nomination_id=nomination.pk, sheet_keys=["factory_third"]) is True


def test_a_form_in_force_asks_no_query(district, django_assert_num_queries):
    nomination = make.make_draft(district, "product")
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=KEY)
    with django_assert_num_queries(0):
        assert wiring.follow(filing) is False


def test_an_answer_to_a_row_stays_at_its_permanent_id_though_the_words_changed(district):
    nomination = make.make_draft(district, "product")
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=KEY)
    raw = copy.deepcopy(dict(shipped("2022", KEY).definition))
    table = next(t for s in raw["sections"] for t in s.get("tables", []) if t["key"] == "basic")
    table["fixed"][1]["requirement"] = "污染物总量达到要求"
    table["fixed"].append({"id": "99", "requirement": "旧要求"})
    sheet = from_json(raw)
    SheetDefinition.objects.create(
        pk=sheet.sha256, key=KEY, definition=dict(sheet.definition), created_at="2022-07-01T00:00Z"
    )
    rows = [{"_id": "2", "met": "yes"}, {"_id": "99", "met": "no"}]
    Filing.objects.filter(pk=filing.pk).update(definition_sha256=sheet.sha256, answers={"basic": rows})
    html = page(nomination, make.applicant_of(nomination), section="conformity")
    filing.refresh_from_db()
    assert filing.answers["basic"] == [{"_id": "2", "met": "yes"}]
    assert "<dt>基本要求自评表“旧要求” 是否符合</dt><dd>否</dd>" in html


def test_the_note_ends_when_the_form_is_handed_in_again(district):
    nomination = make.make_complete(district, "product")
    filing = begun(nomination, old_grade="一级", without="sales")
    applicant = make.applicant_of(nomination)
    assert "表单已更新" in page(nomination, applicant)
    filing.refresh_from_db()
    save(filing_id=filing.pk, seen_version=filing.version, changes={"highlight": "轻量"}, actor=applicant)
    assert "表单已更新" in page(nomination, applicant)
    filing.refresh_from_db()
    freeze(filing_id=filing.pk, cause="hand_in", actor=applicant)
    assert "表单已更新" not in page(nomination, applicant)


def test_a_page_drawn_before_gives_back_what_was_typed_also_where_it_is_asked_no_more(district):
    nomination = make.make_draft(district, "product")
    filing = begun(nomination, product_name="水性漆", old_grade="一级")
    applicant = make.applicant_of(nomination)
    posted = {"_version": "1", "_form": filing.definition_sha256, "_base": "{}", "old_grade": "二级", "output": "9 吨"}
    page(nomination, applicant)  # opened elsewhere meanwhile
    client = browser(applicant)
    url = reverse("filings:section", args=[filing.pk, "product"])
    answer = client.post(url, posted)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert ("二级" in html, "9 吨" in html, "表单已经更新。返回表单，" in html) == (True, True, True)
    auto = client.post(reverse("filings:autosave", args=[filing.pk, "product"]), posted)
    assert auto.status_code == 400
    assert auto.json()["message"] == FORM_MOVED
    assert ("刷新" in html, "刷新" in FORM_MOVED, "保存并继续" in FORM_MOVED) == (False, False, True)
    filing.refresh_from_db()
    assert "output" not in filing.answers
    current = {**posted, "_form": filing.definition_sha256, "_version": str(filing.version)}
    client.post(url, current)  # the same from a page drawn now
    filing.refresh_from_db()
    assert filing.answers["output"] == "9 吨"
