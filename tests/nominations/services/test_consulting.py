"""Departments are asked at once, answer by link or on paper, and a cancelled request counts no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as outbound
from django.urls import reverse

from greenportal import clock
from greenportal.findings.types import Invalid, NotVisible, WrongState
from greenportal.mail.models import OutboxMail
from nominations.constants import FILE_REPLY
from nominations.models import Consultation
from nominations.selectors.facts import load
from nominations.services import (
    consulting,
)
from nominations.services.consulting import OpinionGiven
from tests.factories import nominations as make
from tests.factories.jobs import run_due_jobs

pytestmark = pytest.mark.django_db


def ask(district, *departments):
    return consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=departments or ("生态环境部门", "应急管理部门", "市场监管部门"),
        due_on=clock.today() + timedelta(days=7),
    )


def test_departments_are_asked_at_once_for_all_nominees(district):
    one, two = make.make_handed_in(district), make.make_checked(district)
    make.make_draft(district)
    asked = ask(district)
    assert [sorted(a.consultation.items.values_list("nomination_id", flat=True)) for a in asked] == [
        sorted([one.pk, two.pk])
    ] * 3
    assert len({a.token for a in asked}) == 3


def test_a_department_is_asked_again_only_about_newcomers(district):
    make.make_handed_in(district)
    ask(district, "生态环境部门")
    with pytest.raises(Invalid, match="没有需要征求意见的申报"):
        ask(district, "生态环境部门")
    newcomer = make.make_handed_in(district)
    (again,) = ask(district, "生态环境部门")
    assert list(again.consultation.items.values_list("nomination_id", flat=True)) == [newcomer.pk]


def given(consultation, opinion="no_objection", text=""):
    return [OpinionGiven(item.pk, opinion, text) for item in consultation.items.all()]


def test_an_answer_by_link_reaches_the_facts(district):
    nomination = make.make_handed_in(district)
    (asked,) = ask(district, "生态环境部门")
    consulting.answer_by_link(
        token=asked.token, name="王五试", opinions=given(asked.consultation, "objection", "有在办处罚")
    )
    (facts,) = load([nomination.pk], as_of=clock.now())
    (opinion,) = facts.opinions
    assert (opinion.department, opinion.opinion, opinion.text) == ("生态环境部门", "objection", "有在办处罚")
    assert opinion.answered_on == clock.today()


def test_a_link_answers_once(district):
    make.make_handed_in(district)
    (asked,) = ask(district, "生态环境部门")
    consulting.answer_by_link(token=asked.token, name="王五试", opinions=given(asked.consultation))
    with pytest.raises(WrongState):
        consulting.answer_by_link(token=asked.token, name="王五试", opinions=given(asked.consultation))


@pytest.mark.parametrize("opinions", ["none", "objection without text"])
def test_an_incomplete_answer_leaves_the_link_usable(district, opinions):
    make.make_handed_in(district)
    (asked,) = ask(district, "生态环境部门")
    bad = [] if opinions == "none" else given(asked.consultation, "objection")
    with pytest.raises(Invalid):
        consulting.answer_by_link(token=asked.token, name="王五试", opinions=bad)
    assert (
        consulting.answer_by_link(token=asked.token, name="王五试", opinions=given(asked.consultation)).state
        == "answered"
    )


def test_a_sealed_reply_is_recorded_with_its_scan(district):
    make.make_handed_in(district)
    (asked,) = ask(district, "应急管理部门")
    reply = make.make_file(district.officer, kind=FILE_REPLY)
    row = consulting.record_reply(
        actor=district.officer,
        consultation_id=asked.consultation.pk,
        name="王五试",
        opinions=given(asked.consultation),
        file_id=reply.pk,
    )
    assert (row.state, row.via, row.reply_file_id) == ("answered", "paper", reply.pk)


def test_a_cancelled_request_does_not_count_and_its_link_is_dead(district):
    nomination = make.make_handed_in(district)
    (asked,) = ask(district, "应急管理部门")
    consulting.cancel(actor=district.officer, consultation_id=asked.consultation.pk, reason="部门名称有误")
    with pytest.raises(WrongState):
        consulting.answer_by_link(token=asked.token, name="王", opinions=given(asked.consultation))
    assert load([nomination.pk], as_of=clock.now())[0].opinions == ()
    assert Consultation.objects.get().state == "cancelled"


def test_another_district_records_no_reply(district):
    make.make_handed_in(district)
    (asked,) = ask(district, "应急管理部门")
    other = make.make_district("普兰店区", year=district.round)
    reply = make.make_file(other.officer, kind=FILE_REPLY)
    with pytest.raises(NotVisible):
        consulting.record_reply(
            actor=other.officer, consultation_id=asked.consultation.pk, name="x", opinions=[], file_id=reply.pk
        )


def test_a_link_is_mailed_where_there_is_an_address_and_wiped_once_sent(district):
    make.make_handed_in(district)
    first, second = consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=["生态环境部门", "应急管理部门"],
        due_on=clock.today() + timedelta(days=7),
        emails={"生态环境部门": "hb@example.com"},
    )
    mails = OutboxMail.objects.filter(template="consultation_asked")
    waiting = mails.get()
    assert (waiting.recipient, waiting.event) == (
        "hb@example.com",
        f"nominations.consultation:{first.consultation.pk}",
    )
    assert waiting.context["path"] == reverse("nominations:opinion_link", args=[first.token])
    assert set(run_due_jobs("mail.send")) == {"done"}
    sent = [m for m in outbound.outbox if m.to == ["hb@example.com"]]
    assert len(sent) == 1
    assert f"/opinion/{first.token}/" in sent[0].body
    assert second.token not in sent[0].body
    kept = mails.get()
    assert (kept.state, kept.context["path"]) == ("sent", "（已清除）")
    assert first.token not in str(kept.context)


def test_a_wrong_address_asks_nobody(district):
    make.make_handed_in(district)
    with pytest.raises(Invalid, match="填写正确的部门邮箱"):
        consulting.ask(
            actor=district.officer,
            round_id=district.round.pk,
            authority_id=district.authority.pk,
            departments=["生态环境部门"],
            due_on=clock.today() + timedelta(days=7),
            emails={"生态环境部门": "不是邮箱"},
        )
    assert not Consultation.objects.exists()
