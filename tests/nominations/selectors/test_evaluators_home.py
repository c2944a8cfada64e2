"""An evaluator's home over all districts: reports still to be written with their days; contacts that it filed are signs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluators.models import ProjectLead
from evaluators.selectors import filed_bodies
from evaluators.services import registering
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing
from greenportal.rounds.selectors import rulebook_at
from nominations.eligibility.engine import check_one
from nominations.models import Nomination, NominationSheet
from nominations.selectors import facts
from nominations.selectors.reports import report_filing
from nominations.selectors.work import work_items
from nominations.services import returning
from tests.factories.accounts import make_actor
from tests.factories.nominations import good_evaluator, make_complete, make_district, make_handed_in
from tests.factories.registering import complete, make_case, make_filed

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    """Two districts' drafts that name one evaluator, and its administrator."""
    first = make_district()
    second = make_district("长海县", year=first.round)
    body = good_evaluator(first.round)
    drafts = [make_complete(district, evaluator=body) for district in (first, second)]
    return drafts, make_actor(Role.EVALUATOR_ADMIN, organisation=body.organisation), first


def test_reports_of_all_districts_are_tasks_with_their_days(two):
    drafts, admin, _ = two
    found = work_items(admin)
    assert len(found) == 2
    for draft, item in zip(sorted(drafts, key=lambda n: n.authority.sort_key), found, strict=True):
        assert draft.authority.name in item.title
        assert draft.subject.name in item.title
        assert item.due_at is not None
        assert item.due_at > clock.now()


def test_a_return_brings_its_own_day(two):
    _, admin, district = two
    handed = make_handed_in(district, evaluator=two[0][0].evaluator)
    assert len(work_items(admin)) == 2
    due = clock.now() + timedelta(days=4)
    returning.return_by_district(
        actor=district.officer, nomination_id=handed.pk, seen_version=handed.version, reason="请补正", due_at=due
    )
    assert due in [item.due_at for item in work_items(admin)]


def test_a_handler_sees_those_it_leads_and_strangers_none(two):
    drafts, admin, district = two
    handler = make_actor(Role.EVALUATOR, organisation=drafts[0].evaluator.organisation)
    assert work_items(handler) == []
    ProjectLead.objects.create(
        engagement_id=drafts[0].engagement_id,
        user_id=handler.user_id,
        assigned_by_id=admin.user_id,
        assigned_at=clock.now(),
    )
    assert [drafts[0].subject.name in item.title for item in work_items(handler)] == [True]
    other = good_evaluator(district.round)
    assert work_items(make_actor(Role.EVALUATOR_ADMIN, organisation=other.organisation)) == []


@pytest.mark.parametrize("size", [1, 3])
def test_the_home_costs_the_same_for_any_number(size, django_assert_num_queries):
    district = make_district()
    body = good_evaluator(district.round)
    for _ in range(size):
        make_complete(district, evaluator=body)
    admin = make_actor(Role.EVALUATOR_ADMIN, organisation=body.organisation)
    with django_assert_num_queries(6):
        assert len(work_items(admin)) == size


def independence(nomination):
    nomination = Nomination.objects.get(pk=nomination.pk)
    return facts.load([nomination.pk], as_of=clock.now())[0].independence


def facts_of(nomination):
    return facts.load([nomination.pk], as_of=clock.now())[0]


def test_what_the_registration_says_is_compared_once_it_is_filed(two, django_assert_num_queries):
    draft, admin, district = two[0][0], two[1], two[2]
    assert facts_of(draft).evaluator.legal_representative == ""
    case = make_case(admin, district.round)
    complete(case, admin, contact_phone="13811112222", contact_email="zhao@example.cn")
    # A draft is the evaluator's own: nothing of it is compared, so nothing of it shows in a finding.
    assert "13811112222" not in independence(draft).evaluator_phones
    registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    found = facts_of(draft)
    assert found.evaluator.legal_representative == "赵试验"
    assert "13811112222" in found.independence.evaluator_phones
    assert "zhao@example.cn" in found.independence.evaluator_mails
    body = draft.evaluator.organisation_id
    with django_assert_num_queries(1):
        assert filed_bodies([body, draft.applicant_id]).keys() == {body}


def test_one_representative_of_both_bodies_is_a_sign_from_their_own_papers(two):
    draft, admin, district = two[0][0], two[1], two[2]
    make_filed(admin, district.round)
    basic = NominationSheet.objects.get(nomination=draft, sheet_key="factory_basic").filing
    for name, signs in (("张三试", []), ("赵 试验", ["representative"])):
        Filing.objects.filter(pk=basic.pk).update(answers={**basic.answers, "legal_representative": name})
        found = facts_of(draft)
        assert found.legal_representative == name
        assert check_one("INDEPENDENCE_SIGNS", found, rulebook_at(district.round.pk)[0]).data["signs"] == signs


def test_phones_typed_into_the_third_party_report_are_the_evaluators(two):
    draft = two[0][0]
    assert "13833334444" not in independence(draft).evaluator_phones
    Filing.objects.filter(pk=report_filing(draft)).update(answers={"author_phone": "13833334444"})
    found = independence(draft)
    assert "13833334444" in found.evaluator_phones
    assert "13833334444" not in found.applicant_phones
