"""Files with personal data: who opens them says why, the days they are kept are the city's to set."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.constants import CLOCK_REPORT, FILE_STATEMENT
from evaluators.models import CaseEvidence, Evaluator
from evaluators.services import confirm_relation, forgetting, registering
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.models import Organisation
from greenportal.files import selectors
from greenportal.files.models import StoredFile
from greenportal.rounds import services as rounds
from greenportal.rounds.selectors import window
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.evaluators import make_engagement, make_evaluator, make_relation
from tests.factories.files import make_stored, make_upload
from tests.factories.registering import complete, make_case
from tests.factories.rounds import DURING, make_lead, prepare_round_2022

pytestmark = pytest.mark.django_db
BODY = b"0123456789"
WHY = "核对社保证明"
DAYS = 30


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


@pytest.fixture
def year(db):
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    changes = {"numbers|restricted_file_days|value": Decimal(DAYS)}
    rounds.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="规定保存期限")
    row.refresh_from_db()
    return rounds.open_round(actor=lead, round_id=row.pk, seen_version=row.version)


@pytest.fixture
def keeper(private_storage):
    return make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator("甲试验评价所").organisation)


@pytest.fixture
def proof(keeper, year):
    """A proof of an office, of a registration that was filed: nothing about people by its condition."""
    actor = actor_for(keeper)
    with clock.fixed(DURING):
        case = make_case(actor, year)
        complete(case, actor)
        values = {"kind": "evaluators.evidence", "owner_organisation_id": actor.organisation_id}
        file = make_stored(body=BODY, data_class="restricted", uploaded_by_id=actor.user_id, **values)
        found = registering.attach(actor=actor, case_id=case.pk, condition="office", file_id=file.pk, title="租赁合同")
        case.refresh_from_db()
        registering.file(actor=actor, case_id=case.pk, seen_version=case.version)
        return found


def url(file):
    return reverse("files:download", args=[file.pk])


def taken(answer):
    return b"".join(answer) if answer.streaming else answer.content


def reads():
    return AuditEntry.objects.filter(action="audit.read", data__what="files.restricted")


def test_the_page_keeps_every_proof_as_restricted(keeper, year):
    client = sign_in(Client(), keeper)
    actor = actor_for(keeper)
    with clock.fixed(DURING):
        case = make_case(actor, year)
    for condition in CaseEvidence.Condition.values:
        posted = {"condition": condition, "file": make_upload(), "title": "证明"}
        client.post(reverse("evaluators:evidence", args=[case.pk]), posted)
    classes = StoredFile.objects.filter(kind="evaluators.evidence").values_list("data_class", flat=True)
    assert list(classes) == ["restricted"] * len(CaseEvidence.Condition.values)


def test_the_city_opens_it_for_a_reason_that_is_kept(proof):
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    asked = client.get(url(proof.file))
    assert "写明理由后下载" in asked.content.decode()
    assert BODY not in asked.content
    assert client.post(url(proof.file), {"reason": " "}).status_code == 400
    assert not reads().exists()
    assert not AuditEntry.objects.filter(action="files.download", result="ok").exists()
    assert taken(client.post(url(proof.file), {"reason": WHY})) == BODY
    assert reads().get().data["reason"] == WHY
    assert AuditEntry.objects.filter(action="files.download", result="ok").count() == 1


@pytest.mark.parametrize("header", [{"range": "bytes=0-3"}, {"if-none-match": '"x"'}])
def test_no_header_goes_round_the_reason(proof, header):
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    tag = f'"{proof.file.served_sha256}"'
    for headers in (header, {"if-none-match": tag}):
        answer = client.get(url(proof.file), headers=headers)
        assert answer.status_code == 200
        assert BODY[:4] not in taken(answer)


def test_its_own_people_open_it_as_any_file_of_theirs(proof, keeper):
    assert taken(sign_in(Client(), keeper).get(url(proof.file))) == BODY
    assert not reads().exists()


def test_nobody_else_is_even_asked(proof, keeper):
    other = make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator("乙试验评价所").organisation)
    handler = make_user(Role.EVALUATOR, organisation=keeper.memberships.get().organisation)
    for user in (other, handler, make_user(Role.APPLICANT), make_user(Role.DISTRICT_OFFICER)):
        client = sign_in(Client(), user)
        for answer in (client.get(url(proof.file)), client.post(url(proof.file), {"reason": WHY})):
            assert answer.status_code == 404
            assert proof.file.name not in answer.content.decode()
    assert not reads().exists()


def test_control_without_the_rule_the_city_gets_it_unasked(proof, monkeypatch):
    monkeypatch.setattr(selectors, "needs_reason", lambda _actor, _file: False)
    assert taken(sign_in(Client(), make_user(Role.CITY_REVIEWER)).get(url(proof.file))) == BODY


def test_a_proof_taken_out_is_forgotten_after_the_days(proof, keeper, django_capture_on_commit_callbacks):
    CaseEvidence.objects.filter(pk=proof.pk).update(removed_at=DURING)
    with clock.fixed(DURING + timedelta(days=DAYS)):
        assert forgetting.forget_proofs() == 0
    with clock.fixed(DURING + timedelta(days=DAYS, seconds=1)), django_capture_on_commit_callbacks(execute=True):
        assert forgetting.forget_proofs() == 1
        assert forgetting.forget_proofs() == 0
    told = AuditEntry.objects.get(action="files.forget")
    assert told.data["days"] == DAYS
    StoredFile.objects.filter(pk=proof.file_id).update(uploaded_by=None)
    answer = sign_in(Client(), keeper).get(url(proof.file))
    assert answer.status_code == 403
    assert "保存期限清除" in answer.content.decode()


def test_a_proof_in_force_of_an_open_round_stays_however_old(proof):
    with clock.fixed(DURING + timedelta(days=900)):
        assert forgetting.forget_proofs() == 0


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "control: open"])
def test_proofs_of_a_closed_round_are_forgotten_after_its_last_clock_and_the_days(
    closed, proof, year, django_capture_on_commit_callbacks
):
    end = window(round_id=year.pk, key=CLOCK_REPORT, authority_id=None, at=DURING).closes_at
    assert end is not None
    if closed:
        with clock.fixed(end + timedelta(days=1)):
            year.refresh_from_db()
            rounds.close_round(actor=make_lead(), round_id=year.pk, seen_version=year.version, reason="本年度结束")
    days = timedelta(days=DAYS)
    with clock.fixed(end + days):
        assert forgetting.forget_proofs() == 0
    with clock.fixed(end + days + timedelta(seconds=1)), django_capture_on_commit_callbacks(execute=True):
        assert forgetting.forget_proofs() == closed
        assert forgetting.forget_proofs() == 0
    kept = StoredFile.objects.get(pk=proof.file_id)
    assert (kept.expires_at is not None) is closed
    assert (kept.name, kept.sha256) == (proof.file.name, proof.file.sha256)
    assert AuditEntry.objects.filter(action="files.forget").count() == closed


def sees(actor, file):
    return selectors.visible_to(actor, kind=file.kind).filter(pk=file.pk).exists()


def test_a_signed_statement_is_the_citys_and_its_bodys(year, keeper):
    body = Evaluator.objects.get(organisation=keeper_body(keeper))
    row = make_engagement(body, year)
    row.statement = make_stored(body=BODY, data_class="restricted", kind=FILE_STATEMENT)
    row.save()
    applicant = make_user(Role.APPLICANT, organisation=row.subject.organisation)
    stranger = make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator().organisation)
    assert [sees(actor_for(user), row.statement) for user in (keeper, applicant, stranger)] == [True, False, False]
    assert sees(actor_for(make_user(Role.CITY_REVIEWER)), row.statement)


def test_evidence_of_a_relation_is_open_to_its_agencies_while_it_is_confirmed(year, keeper):
    city, own = actor_for(make_user(Role.CITY_LEAD)), actor_for(keeper)
    stranger = actor_for(make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator().organisation))
    row = make_relation(keeper_body(keeper), make_evaluator().organisation, city)
    page = reverse("evaluators:relation", args=[row.pk])
    assert [sees(actor, row.evidence) for actor in (city, own, stranger)] == [True, False, False]
    assert url(row.evidence) not in sign_in(Client(), keeper).get(page).content.decode()
    confirm_relation(actor=city, relation_id=row.pk)
    assert [sees(actor, row.evidence) for actor in (city, own, stranger)] == [True, True, False]
    assert url(row.evidence) in sign_in(Client(), keeper).get(page).content.decode()


def keeper_body(keeper):
    return Organisation.objects.get(pk=actor_for(keeper).organisation_id)
