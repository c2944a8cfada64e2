"""独立性核实 in the browser: what the district found out reaches the check, an old page changes nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from greenportal import clock
from nominations.models import Nomination
from nominations.services import rechecking
from tests.factories.nominations import District, finalise, make_checked, make_district, make_draft, make_handed_in
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser, dangling

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> District:
    return make_district()


@pytest.fixture
def handed_in(district: District) -> Nomination:
    with clock.fixed(DURING):
        return make_handed_in(district)


def page_of(nomination: Nomination) -> str:
    return reverse("nominations:independence", args=[nomination.pk])


def outcome(nomination: Nomination) -> str:
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    assert nomination.last_check is not None
    return next(f["outcome"] for f in nomination.last_check.findings if f["rule"] == "INDEPENDENCE")


def test_what_the_district_found_out_reaches_the_check(district: District, handed_in: Nomination) -> None:
    client = browser(district.officer)
    said = {"version": str(handed_in.version), "value": "no", "reason": "自评价报告由机构人员执笔。"}
    answer = client.post(page_of(handed_in), said, follow=True)
    assert "已记录独立性核实情况。" in answer.content.decode()
    assert outcome(handed_in) == "not_met"
    html = client.get(page_of(handed_in)).content.decode()
    assert "自评价报告由机构人员执笔。" in html and "目前的核查结论" in html


def test_without_a_reason_nothing_is_recorded_and_the_choice_is_kept(district: District, handed_in: Nomination) -> None:
    answer = browser(district.officer).post(
        page_of(handed_in), {"version": str(handed_in.version), "value": "yes", "reason": " "}
    )
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "填写核实情况" in html and "checked" in html
    assert dangling(html) == set()
    handed_in.refresh_from_db()
    assert handed_in.independence is None


def test_a_page_that_is_old_changes_nothing_and_keeps_what_was_typed(district: District, handed_in: Nomination) -> None:
    answer = browser(district.officer).post(
        page_of(handed_in), {"version": "0", "value": "yes", "reason": "已查看合同。"}
    )
    assert answer.status_code == 409
    assert "已查看合同。" in answer.content.decode()
    handed_in.refresh_from_db()
    assert handed_in.independence is None


def test_the_way_to_it_is_shown_for_a_named_evaluator_until_the_list_is_final(district: District) -> None:
    with clock.fixed(DURING):
        draft, nomination = make_draft(district), make_checked(district)
    client = browser(district.officer)
    assert "独立性核实" not in client.get(reverse("nominations:detail", args=[draft.pk])).content.decode()
    home = reverse("nominations:detail", args=[nomination.pk])
    assert "独立性核实" in client.get(home).content.decode()
    with clock.fixed(DURING):
        finalise(district)
    assert "独立性核实" not in client.get(home).content.decode()
    nomination.refresh_from_db()
    said = {"version": str(nomination.version), "value": "yes", "reason": "已查看合同。"}
    assert client.post(page_of(nomination), said).status_code == 403
