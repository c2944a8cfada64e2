"""Return, correct, accept, withdraw, rank, consult, and what the clock does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail as outbound
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.services import answer_comment, save
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from greenportal.mail.models import OutboxMail
from greenportal.mail.services import rendered
from greenportal.rounds import services as rounds
from nominations.constants import FILE_REPLY, FILE_SCAN
from nominations.models import Consultation, DeadlineMark, Nomination
from nominations.selectors import city as desk
from nominations.selectors.facts import load
from nominations.services import (
    accepting,
    checking,
    closing,
    consulting,
    correcting,
    handing_in,
    ranking,
    returning,
    sealing,
    withdrawing,
)
from nominations.services.consulting import OpinionGiven
from nominations.services.returning import CommentDraft
from tests.factories import nominations as make
from tests.factories.accounts import make_actor, make_membership
from tests.factories.jobs import run_due_jobs

pytestmark = pytest.mark.django_db
PROFILE = CommentDraft("factory_basic.profile", "单位简介", "incomplete", "补充主要产品", "附件2")
REPORT = CommentDraft("document:self_report", "自评价报告", "wrong", "缺少签字页")


@pytest.fixture
def district():
    return make.make_district()


@pytest.fixture
def reviewer():
    return make.make_city()


def due():
    return clock.now() + timedelta(days=3)


def fresh(nomination: Nomination) -> Nomination:
    nomination.refresh_from_db()
    return nomination


def return_it(actor, nomination, *comments, reason="请补正"):
    verb = returning.return_by_city if actor.is_city else returning.return_by_district
    return verb(
        actor=actor,
        nomination_id=nomination.pk,
        seen_version=fresh(nomination).version,
        reason=reason,
        due_at=due(),
        comments=comments,
    )


def change(nomination, actor, **values):
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    save(filing_id=filing.pk, seen_version=filing.version, changes=values, actor=actor)


def hand_back(nomination, actor):
    """Confirm again and hand in: to the district or to the city, whichever returned it."""
    make.confirm(fresh(nomination), actor=actor)
    city = fresh(nomination).state == "returned_by_city"
    verb = correcting.correct if city else handing_in.hand_in
    return verb(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)


def test_a_return_opens_the_filings_and_tells_the_applicant(district):
    nomination = make.make_handed_in(district)
    correction = return_it(district.officer, nomination, PROFILE)
    assert fresh(nomination).state == "returned_by_district"
    assert not Filing.objects.filter(scope_id=nomination.pk, locked=True).exists()
    comment = FieldComment.objects.get(correction_id=correction.pk)
    assert (comment.value_seen, comment.clause, comment.answer) == ("试验单位简介", "附件2", "open")
    assert OutboxMail.objects.filter(template="nomination_returned").count() == 1


def test_a_comment_neither_changed_nor_explained_refuses_with_the_list(district):
    nomination = make.make_handed_in(district)
    return_it(district.officer, nomination, PROFILE, REPORT)
    actor = make.applicant_of(nomination)
    with pytest.raises(Invalid) as caught:
        hand_back(nomination, actor)
    assert sorted(caught.value.errors) == ["document:self_report", "factory_basic.profile"]
    assert "单位简介、自评价报告" in caught.value.message


def test_a_remark_of_another_owner_with_the_same_number_is_not_asked_for(district):
    nomination = make.make_handed_in(district)
    correction = return_it(district.officer, nomination, PROFILE)
    foreign = FieldComment.objects.get(correction_id=correction.pk)
    foreign.pk, foreign.scope, foreign.scope_id = None, "evaluators.report", 1
    foreign.path, foreign.label = "evaluator_report.contact", "联系人"
    foreign.save()
    actor = make.applicant_of(nomination)
    with pytest.raises(Invalid) as caught:
        hand_back(nomination, actor)
    assert set(caught.value.errors) == {"factory_basic.profile"}
    change(nomination, actor, profile="主要产品为轴承")
    hand_back(nomination, actor)
    foreign.refresh_from_db()
    assert foreign.answer == "open"


def test_a_change_and_a_reason_both_answer(district):
    nomination = make.make_handed_in(district)
    correction = return_it(district.officer, nomination, PROFILE, REPORT)
    actor = make.applicant_of(nomination)
    change(nomination, actor, profile="主要产品为轴承")
    report = FieldComment.objects.get(path="document:self_report")
    answer_comment(comment_id=report.pk, answer="explained", text="签字页在第2页", actor=actor)
    assert hand_back(nomination, actor).nomination.state == "handed_in"
    correction.refresh_from_db()
    assert correction.closed_at == clock.now()
    assert sorted(FieldComment.objects.values_list("answer", flat=True)) == ["changed", "explained"]


def test_changing_forth_and_back_is_no_change(district):
    nomination = make.make_handed_in(district)
    return_it(district.officer, nomination, PROFILE)
    actor = make.applicant_of(nomination)
    change(nomination, actor, profile="别的")
    change(nomination, actor, profile="试验单位简介")
    with pytest.raises(Invalid, match="单位简介"):
        hand_back(nomination, actor)


def test_a_replaced_document_answers_its_comment(district):
    nomination = make.make_handed_in(district)
    return_it(district.officer, nomination, REPORT)
    actor = make.applicant_of(nomination)
    file = make.make_file(actor)
    make.documents.attach(actor=actor, nomination_id=nomination.pk, slot="self_report", file_id=file.pk)
    assert hand_back(nomination, actor).nomination.state == "handed_in"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=-1)])
def test_a_due_date_lies_ahead(district, late):
    nomination = make.make_handed_in(district)
    with pytest.raises(Invalid, match="补正期限应晚于现在"):
        returning.return_by_district(
            actor=district.officer,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            reason="x",
            due_at=clock.now() + late,
        )


def test_a_return_needs_a_reason(district):
    nomination = make.make_handed_in(district)
    with pytest.raises(ReasonRequired):
        return_it(district.officer, nomination, reason=" ")


def test_a_batch_tells_what_happened_to_each(district):
    one, two = make.make_handed_in(district), make.make_draft(district)
    found = returning.return_batch(
        actor=district.officer,
        nominations=[(one.pk, one.version), (two.pk, two.version)],
        reason="补盖公章",
        due_at=due(),
    )
    assert [bool(r.correction_id) for r in found] == [True, False]
    assert "不能退回修改" in found[1].problem
    assert (fresh(one).state, fresh(two).state) == ("returned_by_district", "draft")


def test_the_citys_return_is_answered_by_the_next_version(district, reviewer):
    ready = make.ready_list(district, categories=["factory", "factory"], stage="submitted")
    nomination = ready.nominations[0]
    correction = return_it(reviewer, nomination, PROFILE)
    assert make.the_list(district).state == "partly_returned"
    actor = make.applicant_of(nomination)
    change(nomination, actor, profile="补充后的简介")
    hand_back(nomination, actor)
    correction.refresh_from_db()
    assert fresh(nomination).state == "corrected"
    assert [v.cause for v in nomination.versions.all()] == ["finalise", "correct"]
    assert correction.version.number == 1
    assert correction.answered_version.number == 2
    assert not correction.needs_seal_page
    assert make.the_list(district).state == "submitted"
    assert OutboxMail.objects.filter(template="nomination_corrected").count() == 1


def test_a_list_stays_partly_returned_until_the_last_correction_is_in(district, reviewer):
    ready = make.ready_list(district, categories=["factory", "factory"], stage="submitted")
    for nomination in ready.nominations:
        return_it(reviewer, nomination, PROFILE)
    states = []
    for nomination in ready.nominations:
        actor = make.applicant_of(nomination)
        change(nomination, actor, profile=f"改{nomination.pk}")
        hand_back(nomination, actor)
        states.append(make.the_list(district).state)
    assert states == ["partly_returned", "submitted"]


def test_a_changed_printed_row_asks_for_a_sealed_page_before_acceptance(district, reviewer):
    ready = make.ready_list(district, stage="submitted")
    nomination = ready.nominations[0]
    correction = return_it(reviewer, nomination, CommentDraft("factory_basic.industry", "所属行业", "wrong", "核对"))
    actor = make.applicant_of(nomination)
    make.make_industry("3452", "试验行业")
    change(nomination, actor, industry="3452")
    make.drafting.choose_industry(
        actor=actor, nomination_id=nomination.pk, seen_version=fresh(nomination).version, code="3452"
    )
    hand_back(nomination, actor)
    correction.refresh_from_db()
    assert correction.needs_seal_page
    with pytest.raises(WrongState, match="盖章的补正页"):
        accepting.accept(actor=reviewer, nomination_id=nomination.pk, seen_version=fresh(nomination).version)
    scan = make.make_file(district.officer, kind=FILE_SCAN)
    sealing.seal_correction(
        actor=district.officer, correction_id=correction.pk, file_id=scan.pk, declared_reason="已核对"
    )
    done = accepting.accept(actor=reviewer, nomination_id=nomination.pk, seen_version=fresh(nomination).version)
    assert done.state == "accepted"


def test_the_return_of_the_city_has_its_own_due_date_beyond_the_deadline(district, reviewer):
    ready = make.ready_list(district, stage="submitted")
    nomination = ready.nominations[0]
    return_it(reviewer, nomination, PROFILE)
    with clock.fixed(clock.local_instant(date(2022, 11, 1))):
        actor = make.applicant_of(nomination)
        change(nomination, actor, profile="期限后补正")
        assert hand_back(nomination, actor).nomination.state == "corrected"


def test_a_correction_is_not_handed_in_to_the_district(district, reviewer):
    ready = make.ready_list(district, stage="submitted")
    nomination = ready.nominations[0]
    return_it(reviewer, nomination, PROFILE)
    with pytest.raises(Refused, match="请在补正页面提交补正"):
        handing_in.hand_in(
            actor=make.applicant_of(nomination), nomination_id=nomination.pk, seen_version=fresh(nomination).version
        )


def test_the_city_writes_no_answer_in_any_state(district, reviewer):
    ready = make.ready_list(district, stage="submitted")
    nomination = ready.nominations[0]
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    for _ in range(2):
        with pytest.raises((Refused, NotVisible)):
            save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": "市局改"}, actor=reviewer)
        if fresh(nomination).state == "submitted":
            return_it(reviewer, nomination, PROFILE)
    filing.refresh_from_db()
    assert filing.answers["profile"] == "试验单位简介"


def test_accepting_all_accepts_the_list_and_fills_the_citys_table(district, reviewer):
    ready = make.ready_list(district, categories=["factory", "product"], stage="submitted")
    row = make.the_list(district)
    with pytest.raises(WrongState, match="还有2项申报"):
        accepting.accept_list(actor=reviewer, list_id=row.pk, seen_version=row.version)
    for nomination in ready.nominations:
        accepting.accept(actor=reviewer, nomination_id=nomination.pk, seen_version=fresh(nomination).version)
    row = make.the_list(district)
    assert [len(p.rows) for p in desk.summary(reviewer, round_id=district.round.pk)] == [0, 0, 0, 0]
    assert accepting.accept_list(actor=reviewer, list_id=row.pk, seen_version=row.version).state == "accepted"
    parts = {p.category: p for p in desk.summary(reviewer, round_id=district.round.pk)}
    assert [(r.number, r.district) for r in parts["factory"].rows] == [(1, "瓦房店市")]
    keys = [key for key, _ in parts["factory"].columns]
    row_texts = dict(zip(keys, parts["factory"].rows[0].cells, strict=True))
    assert row_texts["organisation"] == ready.nominations[0].subject.name
    assert parts["park"].rows == ()


@pytest.mark.parametrize(("typed", "matches"), [("right", True), ("RIGHT ", True), ("wrong", False)])
def test_paper_copies_are_counted_and_compared(district, reviewer, typed, matches):
    ready = make.ready_list(district, stage="submitted")
    sha = ready.submission.list_version.sha256
    seen = {"right": sha[:16], "RIGHT ": f" {sha[:8].upper()} {sha[8:20].upper()}", "wrong": "0" * 16}[typed]
    count = accepting.count_paper(actor=reviewer, list_id=ready.list.pk, copies=2, hash_seen=seen)
    assert (count.copies, count.matches) == (2, matches)


def test_a_short_hash_is_asked_again(district, reviewer):
    ready = make.ready_list(district, stage="submitted")
    with pytest.raises(Invalid, match="至少16位"):
        accepting.count_paper(actor=reviewer, list_id=ready.list.pk, copies=2, hash_seen="abc")


def test_the_national_platforms_date_is_not_in_the_future(district):
    nomination = make.make_draft(district)
    actor = make.applicant_of(nomination)
    verb = accepting.mark_national
    with pytest.raises(Invalid, match="不能晚于今天"):
        verb(actor=actor, nomination_id=nomination.pk, seen_version=1, filed_on=clock.today() + timedelta(days=1))
    done = verb(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version, filed_on=clock.today())
    assert done.national_filed_on == clock.today()


def test_withdrawing_ends_engagement_and_return(district):
    nomination = make.make_handed_in(district)
    correction = return_it(district.officer, nomination, PROFILE)
    engagement = nomination.engagement
    withdrawing.withdraw(
        actor=district.officer, nomination_id=nomination.pk, seen_version=fresh(nomination).version, reason="企业搬迁"
    )
    engagement.refresh_from_db()
    correction.refresh_from_db()
    assert (fresh(nomination).state, nomination.withdrawn_reason) == ("withdrawn", "企业搬迁")
    assert engagement.state == "withdrawn"
    assert correction.closed_at == clock.now()


def test_withdrawing_the_last_returned_makes_the_list_whole(district, reviewer):
    ready = make.ready_list(district, categories=["factory", "factory"], stage="submitted")
    nomination = ready.nominations[0]
    return_it(reviewer, nomination, PROFILE)
    actor = make.applicant_of(nomination)
    withdrawing.withdraw(
        actor=actor, nomination_id=nomination.pk, seen_version=fresh(nomination).version, reason="放弃"
    )
    assert make.the_list(district).state == "submitted"


def test_a_finalised_nomination_is_not_withdrawn(district):
    ready = make.ready_list(district, stage="finalised")
    nomination = ready.nominations[0]
    with pytest.raises(WrongState):
        withdrawing.withdraw(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, reason="x"
        )


def test_who_also_works_for_the_applicant_does_not_judge(district):
    nomination = make.make_handed_in(district)
    user = make_actor(Role.DISTRICT_OFFICER, authority=district.authority)
    verb = checking.check
    make_membership(User.objects.get(pk=user.user_id), Role.APPLICANT, organisation=nomination.applicant)
    with pytest.raises(Refused, match="请由其他同事办理"):
        verb(actor=user, nomination_id=nomination.pk, seen_version=nomination.version)
    assert verb(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version).rank == 1


# ranking


def ranks(*nominations):
    return [fresh(n).rank for n in nominations]


def test_places_are_dense_whatever_happens(district):
    one, two, three = (make.make_checked(district) for _ in range(3))
    assert ranks(one, two, three) == [1, 2, 3]
    ranking.shift(actor=district.officer, nomination_id=three.pk, up=True)
    assert ranks(one, two, three) == [1, 3, 2]
    ranking.set_order(
        actor=district.officer,
        list_id=make.the_list(district).pk,
        category="factory",
        nomination_ids=[two.pk, one.pk, three.pk],
    )
    assert ranks(one, two, three) == [2, 1, 3]
    checking.uncheck(actor=district.officer, nomination_id=one.pk, seen_version=fresh(one).version)
    assert ranks(one, two, three) == [None, 1, 2]
    withdrawing.withdraw(actor=district.officer, nomination_id=two.pk, seen_version=fresh(two).version, reason="放弃")
    assert ranks(three) == [1]


def test_the_ends_of_the_list_are_ends(district):
    one, two = make.make_checked(district), make.make_checked(district)
    ranking.shift(actor=district.officer, nomination_id=one.pk, up=True)
    ranking.shift(actor=district.officer, nomination_id=two.pk, up=False)
    assert ranks(one, two) == [1, 2]


@pytest.mark.parametrize("ids", ["missing", "foreign", "twice"])
def test_an_order_names_exactly_what_is_there(district, ids):
    one, two = make.make_checked(district), make.make_checked(district)
    wanted = {"missing": [one.pk], "foreign": [one.pk, two.pk, 999], "twice": [one.pk, one.pk]}[ids]
    with pytest.raises((Stale, Invalid)):
        ranking.set_order(
            actor=district.officer, list_id=make.the_list(district).pk, category="factory", nomination_ids=wanted
        )
    assert ranks(one, two) == [1, 2]


def test_the_order_of_a_finalised_list_stays(district):
    ready = make.ready_list(district, stage="finalised")
    with pytest.raises(WrongState, match="请先撤销定稿"):
        ranking.shift(actor=district.officer, nomination_id=ready.nominations[0].pk, up=True)


# consultation


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


# clock

CLOSES = clock.local_instant(date(2022, 10, 16))


@pytest.mark.parametrize(
    ("before", "mark"),
    [
        (timedelta(days=14, seconds=1), ""),
        (timedelta(days=14), "T-14d"),
        (timedelta(days=7), "T-7d"),
        (timedelta(days=3), "T-3d"),
        (timedelta(days=1), "T-1d"),
        (timedelta(hours=2, seconds=1), "T-1d"),
        (timedelta(hours=2), "T-2h"),
        (timedelta(0), "closed"),
        (timedelta(days=-1), "closed"),
        (timedelta(days=-2), ""),
    ],
)
def test_the_mark_of_an_instant(before, mark):
    assert closing.due_mark(CLOSES, CLOSES - before) == mark


def test_each_reminder_is_sent_once_and_rechecks(district):
    make.make_draft(district)
    with clock.fixed(CLOSES - timedelta(days=3)):
        assert [closing.keep_time(), closing.keep_time()] == [1, 0]
    assert DeadlineMark.objects.get().mark == "T-3d"
    assert Job.objects.filter(kind=closing.JOB_RECHECK, dedupe_key__startswith="T-3d:").count() == 1
    mails = OutboxMail.objects.filter(template="list_reminder")
    assert mails.count() == 2
    assert mails[0].context["count"] == 1


def test_at_closing_the_district_hears_what_it_left_out(district):
    make.ready_list(district, stage="submitted")
    left = make.make_draft(district)
    with clock.fixed(CLOSES):
        closing.keep_time()
        closing.keep_time()
    mail = OutboxMail.objects.filter(template="list_closed")
    assert mail.count() == 2
    assert [i["subject"] for i in mail[0].context["items"]] == [left.subject.name]


def test_every_district_hears_at_closing_how_it_stands(district):
    make.ready_list(district, stage="submitted")
    idle = make.make_district("庄河市", year=district.round)
    with clock.fixed(CLOSES):
        assert [closing.keep_time(), closing.keep_time()] == [2, 0]
    mails = OutboxMail.objects.filter(template="list_closed")
    heard = {authority: [] for authority in (district.authority.pk, idle.authority.pk)}
    for mail in mails:
        heard[int(mail.event.split(":")[2])].append(rendered(mail))
    assert [len(texts) for texts in heard.values()] == [2, 2]
    assert {text.subject for text in heard[district.authority.pk]} == {"报送已截止：1项申报已全部报送"}
    assert {text.subject for text in heard[idle.authority.pk]} == {"报送已截止：本区市县未报送"}
    assert "请联系市局办理延期" in heard[idle.authority.pk][0].body


def test_an_extension_starts_its_own_marks(district):
    make.make_draft(district)
    with clock.fixed(CLOSES - timedelta(hours=1)):
        assert closing.keep_time() == 1
    rounds.grant_extension(
        actor=make_actor(Role.CITY_LEAD),
        round_id=district.round.pk,
        key="nominations.submit",
        authority_id=district.authority.pk,
        until=CLOSES + timedelta(days=1),
        document_no="大工信函〔2022〕88号",
        reason="停电",
    )
    with clock.fixed(CLOSES):
        assert closing.keep_time() == 1
    assert sorted(DeadlineMark.objects.values_list("mark", flat=True)) == ["T-1d", "T-2h"]


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
