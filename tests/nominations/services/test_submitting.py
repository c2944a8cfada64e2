"""报送: one receipt, to the millisecond of the clock, and what the database keeps by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WindowClosed, WrongState
from greenportal.mail.models import OutboxMail
from greenportal.rounds import services as rounds
from greenportal.rounds.models import Extension
from nominations.constants import CLOCK_SUBMIT
from nominations.models import Nomination, StateChange, Submission
from nominations.services import (
    checking,
    consulting,
    finalising,
    rechecking,
    submitting,
)
from nominations.services.consulting import OpinionGiven
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.evaluators import make_sanction

pytestmark = pytest.mark.django_db


def submit(district, *, actor=None):
    row = make.the_list(district)
    return submitting.submit(actor=actor or district.lead, list_id=row.pk, seen_version=row.version)


def test_submitting_gives_one_receipt_and_tells_the_district(district):
    ready = make.ready_list(district, categories=["factory", "park"])
    receipt = submit(district)
    assert (receipt.receipt_no, receipt.serial, receipt.received_at) == ("DL2022-0001", 1, clock.now())
    assert make.the_list(district).state == "submitted"
    assert set(Nomination.objects.values_list("state", flat=True)) == {"submitted"}
    mails = OutboxMail.objects.filter(template="list_submitted")
    assert mails.count() == 2
    assert mails[0].context["received_at"] == "2022-09-20T09:00:00+08:00"
    assert receipt.list_version_id == ready.list.current_id


def test_pressed_twice_it_is_the_same_receipt(district):
    ready = make.ready_list(district)
    first = submitting.submit(actor=district.lead, list_id=ready.list.pk, seen_version=ready.list.version)
    again = submitting.submit(actor=district.lead, list_id=ready.list.pk, seen_version=ready.list.version)
    assert again.pk == first.pk
    assert StateChange.objects.filter(action="submit").count() == 1
    assert OutboxMail.objects.filter(template="list_submitted").count() == 2


def test_serials_are_dense_per_round(district):
    make.ready_list(district, stage="submitted")
    second = make.make_district("普兰店区", year=district.round)
    ready = make.ready_list(second, stage="submitted")
    assert (ready.submission.serial, ready.submission.receipt_no) == (2, "DL2022-0002")


@pytest.mark.parametrize("who", ["officer", "reviewer", "applicant", "foreign lead"])
def test_only_the_districts_lead_submits(district, who):
    ready = make.ready_list(district)
    actors = {
        "officer": lambda: district.officer,
        "reviewer": make.make_city,
        "applicant": lambda: make.applicant_of(ready.nominations[0]),
        "foreign lead": lambda: make.make_district("普兰店区", year=district.round).lead,
    }
    with pytest.raises((Refused, NotVisible)):
        submit(district, actor=actors[who]())
    assert not Submission.objects.exists()


def test_who_finalised_does_not_submit(district):
    make.ready_list(district, stage="finalised")
    make.seal(district)
    alone = make.District(district.round, district.authority, district.lead, district.lead)
    row = make.the_list(district)
    finalising.reopen(actor=alone.officer, list_id=row.pk, seen_version=row.version, reason="重做")
    make.finalise(alone)
    make.seal(alone)
    with pytest.raises(Refused, match="定稿人与报送人须为两人"):
        submit(alone)


def test_a_stale_page_does_not_submit(district):
    ready = make.ready_list(district)
    with pytest.raises(Stale):
        submitting.submit(actor=district.lead, list_id=ready.list.pk, seen_version=ready.list.version - 1)


def test_an_unsealed_list_is_not_submitted(district):
    make.ready_list(district, stage="finalised")
    with pytest.raises(WrongState, match="上传并核对盖章扫描件后才能报送"):
        submit(district)


CLOSES = clock.local_instant(clock.datetime(2022, 10, 16).date())


@pytest.mark.parametrize(
    ("shift", "accepted"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(milliseconds=-1), True),
        (timedelta(0), False),
        (timedelta(milliseconds=1), False),
        (timedelta(seconds=1), False),
    ],
)
def test_the_deadline_is_exact_to_the_millisecond(district, shift, accepted):
    make.ready_list(district)
    with clock.fixed(CLOSES + shift):
        if accepted:
            assert submit(district).received_at == CLOSES + shift
        else:
            with pytest.raises(WindowClosed, match="2022年10月15日（星期六）24:00"):
                submit(district)
    assert Submission.objects.exists() is accepted


def extend(district, until, city=None):
    return rounds.grant_extension(
        actor=city or make_actor(Role.CITY_LEAD),
        round_id=district.round.pk,
        key=CLOCK_SUBMIT,
        authority_id=district.authority.pk,
        until=until,
        document_no="大工信函〔2022〕88号",
        reason="停电",
    )


def test_an_extension_opens_the_gate_and_is_named_on_the_receipt(district):
    make.ready_list(district)
    until = CLOSES + timedelta(days=2)
    extension = extend(district, until)
    with clock.fixed(until - timedelta(milliseconds=1)):
        assert submit(district).extension_id == extension.pk


def test_an_extension_ends_to_the_millisecond_and_names_its_document(district):
    make.ready_list(district)
    until = CLOSES + timedelta(days=2)
    extend(district, until)
    with clock.fixed(until), pytest.raises(WindowClosed, match="大工信函〔2022〕88号"):
        submit(district)


def test_a_revoked_extension_opens_nothing(district):
    make.ready_list(district)
    city = make_actor(Role.CITY_LEAD)
    extension = extend(district, CLOSES + timedelta(days=2), city)
    rounds.revoke_extension(actor=city, extension_id=extension.pk, reason="误办")
    with clock.fixed(CLOSES + timedelta(hours=1)), pytest.raises(WindowClosed):
        submit(district)


def test_an_extension_of_another_district_opens_nothing_here(district):
    make.ready_list(district)
    other = make.make_district("普兰店区", year=district.round)
    extend(other, CLOSES + timedelta(days=2))
    with clock.fixed(CLOSES + timedelta(hours=1)), pytest.raises(WindowClosed):
        submit(district)


def insert_receipt(ready, received_at):
    """Write a receipt past the service, straight into the table."""
    return Submission.objects.create(
        list=ready.list,
        list_version=ready.list.current,
        round=ready.district.round,
        serial=1,
        receipt_no="DL2022-0001",
        received_at=received_at,
        submitted_by_id=ready.district.lead.user_id,
    )


@pytest.mark.parametrize(
    ("shift", "accepted"),
    [(timedelta(milliseconds=-1), True), (timedelta(0), False), (timedelta(milliseconds=1), False)],
)
def test_the_database_keeps_the_deadline_by_itself(district, shift, accepted):
    ready = make.ready_list(district)
    if accepted:
        insert_receipt(ready, CLOSES + shift)
        return
    with pytest.raises(IntegrityError, match="outside the window"), transaction.atomic():
        insert_receipt(ready, CLOSES + shift)


def test_the_database_knows_extensions_and_their_revocation(district):
    ready = make.ready_list(district)
    late = CLOSES + timedelta(hours=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_receipt(ready, late)
    extension = extend(district, CLOSES + timedelta(days=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Extension.objects.filter(pk=extension.pk).update(revoked_at=clock.now(), revoked_by_id=district.lead.user_id)
        insert_receipt(ready, late)
    insert_receipt(ready, late)


def test_the_database_refuses_a_receipt_far_from_its_own_clock(district):
    ready = make.ready_list(district)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL greenportal.max_skew = '120'")
    with pytest.raises(IntegrityError, match="too far from the database clock"), transaction.atomic():
        insert_receipt(ready, clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL greenportal.max_skew = 'off'")
    insert_receipt(ready, clock.now())


def test_the_service_explains_what_the_database_refuses(district, monkeypatch):
    """With the service's own gate off, the database still refuses, and the user gets a sentence."""
    make.ready_list(district)
    state = submitting.window(
        round_id=district.round.pk, key=CLOCK_SUBMIT, authority_id=district.authority.pk, at=clock.now()
    )
    monkeypatch.setattr(submitting, "_open_window", lambda row: state)
    with clock.fixed(CLOSES), pytest.raises(WindowClosed, match="数据库核对接收时间"):
        submit(district)


def test_a_sanction_after_finalising_still_counts(district):
    ready = make.ready_list(district)
    first, second = make_actor(Role.CITY_LEAD), make_actor(Role.CITY_REVIEWER)
    make_sanction(
        ready.nominations[0].evaluator.organisation,
        user_of(first),
        user_of(second),
        confirmed_at=clock.now() - timedelta(hours=1),
    )
    with pytest.raises(Invalid, match="定稿之后有1项申报出现不得报送的情形"):
        submit(district)
    assert make.the_list(district).state == "sealed"


def objected_after_finalising(district) -> Nomination:
    """Seal a list on which a department, asked before 定稿, objects afterwards."""
    nomination = make.make_handed_in(district)
    (asked,) = consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=["生态环境部门"],
        due_on=clock.today() + timedelta(days=5),
    )
    checking.check(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)
    make.finalise(district)
    make.seal(district)
    word = OpinionGiven(asked.consultation.items.get().pk, "objection", "近三年有环境违法处罚")
    consulting.answer_by_link(token=asked.token, name="甲", opinions=[word])
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    return nomination


def test_an_objection_after_finalising_waits_for_a_written_decision(district):
    nomination = objected_after_finalising(district)
    with pytest.raises(Invalid, match="定稿之后有1项申报出现原则上不推荐的情形") as caught:
        submit(district)
    (message,) = caught.value.errors[str(nomination.pk)]
    assert "须书面决定" in message
    assert not Submission.objects.exists()
    make.decide(nomination, "OPINIONS", actor=district.officer, keep=True, reason="处罚已整改完毕，并有验收文件")
    assert submit(district).receipt_no == "DL2022-0001"


def test_a_decision_against_after_finalising_keeps_the_list_back(district):
    nomination = objected_after_finalising(district)
    make.decide(nomination, "OPINIONS", actor=district.officer, keep=False, reason="处罚尚未整改")
    with pytest.raises(Invalid, match="原则上不推荐"):
        submit(district)
    assert make.the_list(district).state == "sealed"


def user_of(actor):
    return User.objects.get(pk=actor.user_id)
