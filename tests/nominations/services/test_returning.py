"""Return, correct, accept, withdraw."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.services import answer_comment, save
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from greenportal.mail.models import OutboxMail
from nominations.constants import FILE_SCAN
from nominations.selectors import city as desk
from nominations.services import (
    accepting,
    checking,
    correcting,
    handing_in,
    returning,
    sealing,
    withdrawing,
)
from nominations.services.returning import CommentDraft
from tests.factories import nominations as make
from tests.factories.accounts import make_actor, make_membership
from tests.factories.nominations import fresh

pytestmark = pytest.mark.django_db
PROFILE = CommentDraft("factory_basic.profile", "单位简介", "incomplete", "补充主要产品", "附件2")
REPORT = CommentDraft("document:self_report", "自评价报告", "wrong", "缺少签字页")


@pytest.fixture
def reviewer():
    return make.make_city()


def due():
    return clock.now() + timedelta(days=3)


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
