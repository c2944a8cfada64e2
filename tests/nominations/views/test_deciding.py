"""A written decision stands on the facts that its writer read: a check between page and press is told, never bound."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings.models import Filing
from greenportal.findings.types import Stale
from nominations import rules
from nominations.constants import SCOPE_NOMINATION
from nominations.models import Decision, Nomination
from nominations.selectors.decisions import facts_of
from nominations.services import deciding, rechecking
from nominations.views.shared import findings_of
from tests.factories import nominations as make
from tests.factories.accounts import make_membership
from tests.nominations.views.browsing import browser, city_browser

pytestmark = pytest.mark.django_db
WORDS = "改造中，年内达标，已现场核实"


@pytest.fixture
def district():
    return make.make_district()


def value_becomes(nomination: Nomination, value: str) -> None:
    """The figure behind the finding is another one by now, and a recheck says so; the version stays."""
    filing = Filing.objects.get(scope=SCOPE_NOMINATION, scope_id=nomination.pk, sheet_key="energy")
    filing.answers["entries"][0]["value"] = value
    filing.save(update_fields=["answers"])
    before = nomination.version
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    assert nomination.version == before


def hidden(page: HttpResponse) -> dict[str, str]:
    """What the page's form posts back by itself."""
    html = page.content.decode()
    fields = [tag for tag in re.findall(r"<input [^>]*>", html) if 'name="version"' in tag or 'name="facts"' in tag]
    return {re.search(r'name="(\w+)"', tag)[1]: re.search(r'value="([^"]*)"', tag)[1] for tag in fields}


def cap_says(nomination: Nomination, **data: int) -> None:
    """A further check whose CAP asks for a decision on this data."""
    run = Nomination.objects.select_related("last_check").get(pk=nomination.pk).last_check
    others = [row for row in run.findings if row["rule"] != "CAP"]
    finding = {**others[0], "rule": "CAP", "severity": "decision", "outcome": "not_met", "data": data}
    run.pk, run.findings = None, [*others, finding]
    run.save(force_insert=True)
    Nomination.objects.filter(pk=nomination.pk).update(last_check=run)


def decide(district, nomination: Nomination, seen: str) -> Decision:
    return deciding.decide(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        seen_facts=seen,
        rule="ENERGY",
        keep=True,
        reason=WORDS,
    )


def test_a_decision_never_binds_to_facts_that_came_after_the_page(district):
    nomination = make.make_needing_decision(district)
    seen = make.seen_facts(nomination, "ENERGY")
    value_becomes(nomination, "300")
    with pytest.raises(Stale, match="核对下面最新的结论"):
        decide(district, nomination, seen)
    with pytest.raises(Stale):
        decide(district, nomination, "")
    assert not Decision.objects.exists()
    made = decide(district, nomination, make.seen_facts(nomination, "ENERGY"))
    (finding,) = (f for f in findings_of(nomination, district.officer) if f.rule == "ENERGY")
    assert made.facts == facts_of(finding)


def test_control_without_the_guard_it_does(district, monkeypatch):
    nomination = make.make_needing_decision(district)
    (read,) = (f for f in findings_of(nomination, district.officer) if f.rule == "ENERGY")
    value_becomes(nomination, "300")
    monkeypatch.setattr(deciding, "_unchanged", lambda finding, seen_facts: None)
    assert decide(district, nomination, make.seen_facts(nomination, "ENERGY")).facts != facts_of(read)


def test_the_page_comes_again_with_the_new_finding_and_with_what_was_typed(district):
    nomination = make.make_needing_decision(district)
    url, client = reverse("nominations:decide", args=[nomination.pk, "ENERGY"]), browser(district.officer)
    shown = client.get(url)
    posted = {**hidden(shown), "keep": "yes", "reason": WORDS}
    assert len(posted["facts"]) == 64
    value_becomes(nomination, "300")
    refused = client.post(url, posted)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert WORDS in page and "核对下面最新的结论" in page and "300" in page
    assert hidden(refused)["facts"] != posted["facts"]
    assert client.post(url, {**posted, **hidden(refused)}).status_code == 302
    assert Decision.objects.get().reason == WORDS


def test_a_finding_that_is_gone_by_the_press_loses_no_word(district):
    nomination = make.make_needing_decision(district)
    url, client = reverse("nominations:decide", args=[nomination.pk, "ENERGY"]), browser(district.officer)
    posted = {**hidden(client.get(url)), "keep": "yes", "reason": WORDS}
    value_becomes(nomination, "50")
    refused = client.post(url, posted)
    assert refused.status_code == 409
    assert WORDS in refused.content.decode() and "没有需要书面决定的这一项" in refused.content.decode()
    assert not Decision.objects.exists()


def test_the_city_decides_on_what_it_read_too(district):
    ready = make.ready_list(district, stage="submitted")
    lead = city_browser(Role.CITY_LEAD)
    nomination = ready.nominations[0]
    cap_says(nomination, order=1)
    url = reverse("nominations:city_decide", args=[nomination.pk, "CAP"])
    posted = {**hidden(lead.get(url)), "keep": "no", "reason": WORDS}
    cap_says(nomination, order=2)
    refused = lead.post(url, posted)
    assert refused.status_code == 409 and WORDS in refused.content.decode()
    assert not Decision.objects.filter(rule="CAP").exists()


OFFER = "decide/ENERGY/"


def test_the_district_decides_only_while_it_is_with_the_district(district):
    """The newest decision counts: after submission the district would overrule what the city decided in writing."""
    nomination = make.make_needing_decision(district)
    client, findings = browser(district.officer), reverse("nominations:findings", args=[nomination.pk])
    url = reverse("nominations:decide", args=[nomination.pk, "ENERGY"])
    assert OFFER in client.get(findings).content.decode()
    posted = {**hidden(client.get(url)), "keep": "yes", "reason": WORDS}
    Nomination.objects.filter(pk=nomination.pk).update(state="submitted")
    assert OFFER not in client.get(findings).content.decode()
    for answer in (client.get(url), client.post(url, posted)):
        assert answer.status_code == 403 and rules.DECIDED_BY_CITY in answer.content.decode()
    assert not Decision.objects.exists()


def test_an_officer_who_also_works_for_the_applicant_is_offered_no_decision(district):
    nomination = make.make_needing_decision(district)
    findings = reverse("nominations:findings", args=[nomination.pk])
    user = User.objects.get(pk=district.officer.user_id)
    worn = make_membership(user, Role.APPLICANT, organisation=nomination.applicant)
    client = browser(district.officer)
    assert OFFER not in client.get(findings).content.decode()
    worn.delete()
    assert OFFER in client.get(findings).content.decode()
