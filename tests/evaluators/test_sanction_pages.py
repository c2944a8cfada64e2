"""Pages of sanctions and of relations between bodies: two people, letters, appeals, what the body itself reads."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from evaluators.models import AffiliateRelation, Sanction
from evaluators.selectors.lists import steps_visible_to
from evaluators.services import confirm_step, drop_step, propose_lift, propose_outcome, record_appeal
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.fictional import fictional_uscc
from greenportal.files.models import StoredFile
from tests.evaluators.conftest import person, with_two_people
from tests.factories.directory import make_subject
from tests.factories.evaluators import (
    group_of,
    make_engagement,
    make_evaluator,
)
from tests.factories.nominations import make_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def proof(name: str = "证明.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_pdf(name), "application/pdf")


def test_relation_is_told_with_evidence_looked_at_and_confirmed_then_ended(round_2022, client_of):
    first, second = make_evaluator("甲试验所"), make_evaluator("乙试验所")
    for body, count in ((first, 9), (second, 8)):
        for _ in range(count):
            make_engagement(body, round_2022)
    client = client_of(Role.CITY_LEAD)
    url = reverse("evaluators:affiliates", args=[first.pk])
    values = {"other": second.organisation_id, "kind": "representative", "basis": "营业执照"}
    without = client.post(url, values).content.decode()
    assert "选择要上传的文件" in without
    assert 'value="营业执照"' in without
    assert client.post(url, {**values, "evidence": proof()}).status_code == 302
    relation = AffiliateRelation.objects.get()
    page = reverse("evaluators:relation", args=[relation.pk])
    shown = client.get(page).content.decode()
    assert "甲试验所</td>" in shown
    assert "乙试验所</td>" in shown
    assert "<strong>17</strong>" in shown
    assert "本系统登记超出 2 项" in shown
    assert group_of(first) != group_of(second)
    client.post(page, {"version": 1, "reason": "", "confirm": "1"})
    assert group_of(first) == group_of(second)
    group = client.get(reverse("evaluators:group", args=[group_of(first).pk])).content.decode()
    assert "已超出上限" in group
    assert "解除关联关系需要写明理由" in client.post(page, {"version": 2, "reason": "", "end": "1"}).content.decode()
    client.post(page, {"version": 2, "reason": "股权已转让", "end": "1"})
    assert group_of(first) != group_of(second)


def test_relation_with_a_person_that_evaluates_nothing_is_told_by_code(round_2022, client_of):
    body = make_evaluator()
    values = {"uscc": fictional_uscc(9), "name": "试验控股公司", "kind": "control", "basis": "章程"}
    client_of(Role.CITY_LEAD).post(reverse("evaluators:affiliates", args=[body.pk]), {**values, "evidence": proof()})
    relation = AffiliateRelation.objects.get()
    assert {relation.first.name, relation.second.name} == {body.organisation.name, "试验控股公司"}


def test_a_refused_relation_leaves_no_file(round_2022, client_of):
    body = make_evaluator()
    values = {"other": body.organisation_id + 10**6, "kind": "other", "basis": "章程"}
    answer = client_of(Role.CITY_LEAD).post(
        reverse("evaluators:affiliates", args=[body.pk]), {**values, "evidence": proof()}
    )
    assert answer.status_code == 200
    assert StoredFile.objects.count() == 0


def test_sanction_takes_two_people_on_pages(round_2022, client_of):
    evaluator = make_evaluator()
    first, second = client_of(Role.CITY_LEAD), client_of(Role.CITY_REVIEWER)
    url = reverse("evaluators:sanction", args=[evaluator.pk])
    assert "3年内不予采信" in first.get(url).content.decode()
    values = {"verified_on": "2022-09-01", "document_no": "试验1号", "facts": "试验事实"}
    assert first.post(url, values).status_code == 302
    sanction = Sanction.objects.get()
    assert str(sanction.until) == "2025-09-01"
    confirm = reverse("evaluators:second", args=[sanction.pk])
    assert first.post(confirm).status_code == 403
    assert second.post(confirm).status_code == 302
    sanction.refresh_from_db()
    assert sanction.confirmed_at is not None
    second.post(
        reverse("evaluators:lift", args=[sanction.pk]),
        {"lift_on": "2022-10-01", "reason": "撤销", "document_no": "试验2号"},
    )
    first.post(confirm, {"step": sanction.steps.get().pk})
    sanction.refresh_from_db()
    assert str(sanction.lifted_on) == "2022-10-01"


def test_appeal_with_its_letter_is_revoked_by_two_people_on_pages(round_2022, client_of):
    evaluator = make_evaluator()
    make_engagement(evaluator, round_2022, make_subject(name="受评价厂"), report_on="2020-12-01")
    sanction = with_two_people(evaluator)
    first, second = client_of(Role.CITY_LEAD), client_of(Role.CITY_REVIEWER)
    letter = {"on": "2022-03-01", "text": "数据来自企业台账", "letter": proof("申诉书.pdf")}
    assert first.post(reverse("evaluators:appeal", args=[sanction.pk]), letter).status_code == 302
    appeal = sanction.steps.get()
    outcome = {"outcome": "revoke", "on": "2022-04-01", "text": "事实不清", "document_no": "试验3号"}
    assert first.post(reverse("evaluators:outcome", args=[appeal.pk]), outcome).status_code == 302
    step = sanction.steps.get(kind="revoke")
    url = reverse("evaluators:second", args=[sanction.pk])
    assert first.post(url, {"step": step.pk}).status_code == 403
    second.post(url, {"step": step.pk})
    shown = second.get(reverse("evaluators:sanction_detail", args=[sanction.pk])).content.decode()
    assert "申诉后撤销" in shown
    own = client_of(Role.EVALUATOR, organisation=evaluator.organisation)
    answer = own.post(reverse("files:download", args=[appeal.file_id]), {"reason": "查阅申诉书"})
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    stranger = client_of(Role.EVALUATOR, organisation=make_evaluator().organisation)
    assert stranger.get(reverse("files:download", args=[appeal.file_id])).status_code == 404


def test_the_sanctioned_body_reads_appeals_and_confirmed_steps_only(round_2022, client_of):
    evaluator = make_evaluator()
    sanction = with_two_people(evaluator)
    first, second = person(Role.CITY_LEAD, "甲"), person(Role.CITY_REVIEWER, "丙")
    day = sanction.verified_on
    appeal = record_appeal(actor=first, sanction_id=sanction.pk, on=day, text="申诉原文")
    told = {"appeal_id": appeal.pk, "revoke": False, "on": day}
    dropped = propose_outcome(actor=first, **told, text="不同意的意见", document_no="已否决7号")
    drop_step(actor=second, step_id=dropped.pk, reason="写明依据")
    waiting = propose_outcome(actor=first, **told, text="待复核的意见", document_no="待复核8号")
    own = client_of(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    url = reverse("evaluators:sanction_detail", args=[sanction.pk])
    hidden = ("已否决7号", "不同意的意见", "待复核8号", "待复核的意见", "维持", "复核不同意", "待复核，未生效")
    page = own.get(url).content.decode()
    assert "申诉原文" in page
    assert [word for word in hidden if word in page] == []
    city = client_of(Role.CITY_REVIEWER).get(url).content.decode()
    assert [word for word in hidden if word not in city] == []
    confirm_step(actor=second, step_id=waiting.pk)
    page = own.get(url).content.decode()
    assert "待复核8号" in page
    assert "已否决7号" not in page


def test_letters_of_steps_that_wait_are_the_citys(round_2022):
    evaluator = make_evaluator()
    sanction, first = with_two_people(evaluator), person(Role.CITY_LEAD, "甲")
    own = Actor(role=Role.EVALUATOR_ADMIN, organisation_id=evaluator.organisation_id)
    lift = propose_lift(
        actor=first, sanction_id=sanction.pk, lift_on=sanction.verified_on, reason="复查", document_no="试验9号"
    )
    assert list(steps_visible_to(own)) == []
    assert list(steps_visible_to(first)) == [lift]
    confirm_step(actor=person(Role.CITY_REVIEWER, "丙"), step_id=lift.pk)
    assert list(steps_visible_to(own)) == [lift]
    stranger = Actor(role=Role.EVALUATOR_ADMIN, organisation_id=make_evaluator().organisation_id)
    assert list(steps_visible_to(stranger)) == []


def test_a_refused_disagreement_keeps_what_was_typed(round_2022, client_of):
    sanction, first = with_two_people(make_evaluator()), person(Role.CITY_LEAD, "甲")
    values = {"lift_on": sanction.verified_on, "reason": "复查", "document_no": "试验9号"}
    step = propose_lift(actor=first, sanction_id=sanction.pk, **values)
    client, url = client_of(Role.CITY_REVIEWER), reverse("evaluators:second", args=[sanction.pk])
    empty = client.post(url, {"step": step.pk, "drop": "1", "reason": " "})
    assert empty.status_code == 400
    assert "不同意的理由" in empty.content.decode()
    long = "写明" * 160
    page = client.post(url, {"step": step.pk, "drop": "1", "reason": long})
    assert page.status_code == 400
    assert long in page.content.decode()
    step.refresh_from_db()
    assert step.dropped_at is None
    assert client.post(url, {"step": step.pk, "drop": "1", "reason": "依据不足"}).status_code == 302
    step.refresh_from_db()
    assert step.dropped_reason == "依据不足"


@pytest.mark.parametrize("posted", ["foreign", "x", "", "99999999999999999999"])
def test_a_step_of_another_sanction_confirms_nothing(posted, round_2022, client_of):
    mine, other = (with_two_people(make_evaluator()) for _ in range(2))
    Sanction.objects.filter(pk=mine.pk).update(confirmed_at=None, second_by=None)
    first = person(Role.CITY_LEAD, "甲")
    values = {"lift_on": other.verified_on, "reason": "复查", "document_no": "试验9号"}
    step = propose_lift(actor=first, sanction_id=other.pk, **values)
    client, url = client_of(Role.CITY_REVIEWER), reverse("evaluators:second", args=[mine.pk])
    assert client.post(url, {"step": step.pk if posted == "foreign" else posted}).status_code == 404
    mine.refresh_from_db()
    step.refresh_from_db()
    assert (mine.confirmed_at, step.confirmed_at) == (None, None)
    assert client.post(url).status_code == 302
    mine.refresh_from_db()
    assert mine.confirmed_at is not None
