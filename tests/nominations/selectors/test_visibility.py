"""Leaks: first there is something of every kind that could leak, then everybody looks."""

from __future__ import annotations

import json

import pytest

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Subject
from greenportal.files.models import StoredFile
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import NotVisible
from nominations.constants import FILE_DOCUMENT, FILE_SCAN
from nominations.models import Nomination
from nominations.selectors import nominations as sight
from nominations.selectors.content import contents
from nominations.services import consulting, correcting, rechecking, returning, withdrawing
from tests.factories import nominations as make
from tests.factories.accounts import make_actor

pytestmark = pytest.mark.django_db
SELECTORS = {
    "nominations": sight.visible_to,
    "lists": sight.lists_visible_to,
    "list versions": sight.list_versions_visible_to,
    "versions": sight.versions_visible_to,
    "documents": sight.documents_visible_to,
    "consultations": sight.consultations_visible_to,
    "files": lambda actor: sight.visible_files(actor, StoredFile.objects.all()),
}


@pytest.fixture
def scene():
    """District A has submitted; district B has a draft, a checked and a finalised list that was reopened once."""
    here = make.make_district()
    ready = make.ready_list(here, stage="submitted")
    there = make.make_district("普兰店区", year=here.round)
    other = make.ready_list(there, stage="sealed")
    draft = make.make_complete(there)
    make.make_handed_in(there)
    consulting.ask(
        actor=there.officer,
        round_id=there.round.pk,
        authority_id=there.authority.pk,
        departments=["生态环境部门"],
        due_on=clock.today(),
    )
    return here, ready, there, other, draft


def counts(actor: Actor) -> dict[str, int]:
    return {name: selector(actor).count() for name, selector in SELECTORS.items()}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DEPARTMENT])
def test_roles_that_handle_no_cases_see_nothing(scene, role):
    assert counts(make_actor(role)) == dict.fromkeys(SELECTORS, 0)


def test_nobody_signed_in_sees_nothing(scene):
    assert counts(Actor.anonymous()) == dict.fromkeys(SELECTORS, 0)


def test_a_district_sees_its_own_of_every_kind_and_no_other(scene):
    here, _, there, _, _ = scene
    assert all(counts(there.officer).values())
    mine = set(sight.visible_to(here.officer).values_list("authority_id", flat=True))
    assert mine == {here.authority.pk}
    assert set(sight.documents_visible_to(here.officer).values_list("nomination__authority_id", flat=True)) == mine
    assert set(sight.versions_visible_to(here.officer).values_list("nomination__authority_id", flat=True)) == mine
    assert not set(sight.visible_files(here.officer, StoredFile.objects.all())) & set(
        sight.visible_files(there.officer, StoredFile.objects.all())
    )


def test_an_applicant_sees_only_its_own(scene):
    _, ready, _, _, draft = scene
    actor = make.applicant_of(draft)
    assert list(sight.visible_to(actor)) == [draft]
    assert set(sight.documents_visible_to(actor).values_list("nomination_id", flat=True)) == {draft.pk}
    assert counts(actor)["lists"] == counts(actor)["list versions"] == counts(actor)["consultations"] == 0
    assert ready.nominations[0].pk not in set(sight.visible_to(actor).values_list("pk", flat=True))


def test_an_evaluator_sees_who_named_it_and_no_document(scene):
    _, ready, _, _, _ = scene
    nomination = ready.nominations[0]
    actor = make_actor(Role.EVALUATOR, organisation=nomination.evaluator.organisation)
    assert list(sight.visible_to(actor)) == [nomination]
    seen = counts(actor)
    assert {name: seen[name] for name in seen if name != "nominations"} == {
        name: 0 for name in seen if name != "nominations"
    }


def test_the_city_sees_what_was_submitted_and_no_draft(scene):
    here, ready, _, _, _ = scene
    city = make.make_city()
    assert Nomination.objects.count() == 4
    assert list(sight.visible_to(city)) == ready.nominations
    assert list(sight.lists_visible_to(city)) == [ready.list]
    assert list(sight.list_versions_visible_to(city)) == [ready.submission.list_version]
    assert set(sight.versions_visible_to(city).values_list("nomination__authority_id", flat=True)) == {
        here.authority.pk
    }
    kinds = sight.visible_files(city, StoredFile.objects.all()).values_list("kind", flat=True)
    assert sorted(kinds) == [FILE_DOCUMENT, FILE_DOCUMENT, FILE_SCAN]


def test_a_version_reopened_before_submission_stays_the_districts():
    district = make.make_district()
    row = make.ready_list(district, stage="finalised").list
    make.finalising.reopen(actor=district.officer, list_id=row.pk, seen_version=row.version, reason="重排")
    # An unchanged nomination would keep its version.
    nomination = Nomination.objects.get(authority=district.authority)
    held = nomination.sheets.select_related("filing").get(sheet_key="factory_basic").filing
    Filing.objects.filter(pk=held.pk).update(answers={**held.answers, "address": "大连市试验路2号"})
    digest = contents([nomination.pk])[nomination.pk].digest
    Nomination.objects.filter(pk=nomination.pk).update(confirmed_sha256=digest)
    make.finalise(district)
    make.seal(district)
    row = make.the_list(district)
    make.submitting.submit(actor=district.lead, list_id=row.pk, seen_version=row.version)
    city = make.make_city()
    assert [v.number for v in sight.versions_visible_to(district.officer).order_by("number")] == [1, 2]
    assert [v.number for v in sight.versions_visible_to(city)] == [2]
    assert [v.number for v in sight.list_versions_visible_to(city)] == [2]


def test_what_an_applicant_uploads_while_correcting_is_unseen_until_handed_in():
    district = make.make_district()
    ready = make.ready_list(district, stage="submitted")
    nomination, city = ready.nominations[0], make.make_city()
    returning.return_by_city(
        actor=city,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        reason="补",
        due_at=clock.now() + clock.timedelta(days=1),
    )
    actor = make.applicant_of(nomination)
    file = make.make_file(actor)
    make.documents.attach(actor=actor, nomination_id=nomination.pk, slot="other", file_id=file.pk)
    seen = lambda: sight.visible_files(city, StoredFile.objects.filter(pk=file.pk)).exists()  # noqa: E731
    assert sight.visible_files(actor, StoredFile.objects.filter(pk=file.pk)).exists()
    assert not seen()
    nomination.refresh_from_db()
    make.confirm(nomination, actor=actor)
    nomination.refresh_from_db()
    correcting.correct(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    assert seen()


def test_live_answers_of_a_submitted_nomination_do_not_exist_for_the_city():
    ready = make.ready_list(stage="submitted")
    filing = Filing.objects.filter(scope_id=ready.nominations[0].pk).first()
    with pytest.raises(NotVisible):
        save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": "x"}, actor=make.make_city())


def test_a_nomination_withdrawn_after_submission_stays_visible_to_the_city():
    district = make.make_district()
    sent = make.ready_list(district, stage="submitted").nominations[0]
    early = make.make_draft(district)
    for nomination in (sent, early):
        withdrawing.withdraw(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, reason="放弃"
        )
    assert list(sight.visible_to(make.make_city())) == [sent]


def test_a_file_just_uploaded_is_its_uploaders_only():
    district = make.make_district()
    file = make.make_file(district.officer)
    one = StoredFile.objects.filter(pk=file.pk)
    assert sight.visible_files(district.officer, one).exists()
    assert not sight.visible_files(district.lead, one).exists()


def named_in(nomination: Nomination) -> str:
    """Everything that the last check says of a nomination, as stored: findings are shown to district and applicant."""
    rechecking.recheck(nomination_ids=[nomination.pk])
    run = Nomination.objects.select_related("last_check").get(pk=nomination.pk).last_check
    return json.dumps(run.findings, ensure_ascii=False)


def test_a_namesake_of_another_district_is_not_betrayed_by_a_finding(scene):
    here, _, there, _, draft = scene
    name = draft.subject.name
    mine, own = make.make_draft(here), make.make_draft(there)
    Subject.objects.filter(pk__in=[mine.subject_id, own.subject_id]).update(name=name)
    assert Nomination.objects.filter(round=here.round, subject__name=name).count() == 3
    assert there.authority.name not in named_in(mine) and "可能与以下申报重复" not in named_in(mine)
    # The control: the same name inside one district is told there, and only what lies there.
    assert f"{there.authority.name}：{name}" in named_in(own)
    assert here.authority.name not in named_in(own)
    rechecking.recheck(nomination_ids=[mine.pk, own.pk])
    assert "可能与以下申报重复" not in named_in(mine)
