"""The city's own list: two people, the cap per affiliate group, written decisions, sanctions by date, undo."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction

from evaluators.models import Engagement
from evaluators.services import confirm_sanction, decide_dispute, dispute, end_relation, record_sanction
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from nominations.models import CityList, CityListEntry, Nomination
from nominations.selectors import approval
from nominations.selectors.approval import city_lists_visible_to
from nominations.selectors.work import work_items
from nominations.services import approving, deciding
from nominations.states import CityListState
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.evaluators import join, make_registration, make_relation
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.django_db
#: The local day of the tests' instant.
DAY = date(2022, 9, 20)


@pytest.fixture
def reviewer() -> Actor:
    return make.make_city()


@pytest.fixture
def lead() -> Actor:
    return make.make_city(Role.CITY_LEAD)


def accepted(count: int = 1, *, cap: int | None = None, related: bool = False) -> make.Ready:
    """An accepted list of `count` factories; of agencies that the city found to be related, when asked."""
    district = make.make_district(year=open_round_2022(cap=cap))
    bodies = [make.good_evaluator(district.round) for _ in range(count)]
    if related:
        for one, other in itertools.pairwise(bodies):
            join(one, other, make.make_city())
    return make.ready_list(district, categories=["factory"] * count, evaluators=bodies, stage="accepted")


def prepared(ready: make.Ready, reviewer: Actor, **left_out: str) -> CityList:
    reasons = {int(key.removeprefix("n")): text for key, text in left_out.items()}
    return approving.prepare(actor=reviewer, round_id=ready.district.round.pk, left_out=reasons)


def approve(row: CityList, lead: Actor, note: str = "已核对，同意") -> CityList:
    return approving.approve(actor=lead, city_list_id=row.pk, seen_sha256=row.sha256, note=note)


def publish(row: CityList, lead: Actor, **values: Any) -> CityList:
    told = {"published_on": DAY, "document": "试验〔2022〕30号", **values}
    return approving.publish(actor=lead, city_list_id=row.pk, seen_sha256=row.sha256, **told)


def refused(row: CityList, lead: Actor) -> str:
    with pytest.raises(Invalid) as caught:
        approve(row, lead)
    return "".join(text for texts in caught.value.errors.values() for text in texts)


def decide(nomination: Nomination, actor: Actor, *, keep: bool = True) -> None:
    nomination.refresh_from_db()
    deciding.decide(
        actor=actor,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        seen_facts=make.seen_facts(nomination, "CAP"),
        rule="CAP",
        keep=keep,
        reason="超出项保留，理由见会议纪要",
    )


def test_one_prepares_another_approves_and_the_content_is_frozen(reviewer, lead):
    ready = accepted(2)
    first, second = ready.nominations
    row = prepared(ready, reviewer, **{f"n{second.pk}": "同一集团只推荐一家"})
    assert list(row.entries.values_list("nomination_id", "position", "left_out")) == [
        (first.pk, 1, ""),
        (second.pk, None, "同一集团只推荐一家"),
    ]
    factory = row.payload["parts"][0]
    assert [line["number"] for line in factory["rows"]] == [1]
    assert factory["left_out"][0]["reason"] == "同一集团只推荐一家"
    done = approve(row, lead)
    assert (done.state, done.approved_by_id) == ("approved", lead.user_id)
    assert AuditEntry.objects.filter(target=f"nominations.city_list:{row.pk}").count() == 2
    for act in (
        lambda: CityList.objects.filter(pk=row.pk).update(payload={}),
        lambda: CityListEntry.objects.filter(city_list=row).update(position=7),
        lambda: CityListEntry.objects.filter(city_list=row).delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()


def test_two_people_also_when_both_are_leads_and_in_the_database(lead):
    ready = accepted()
    row = prepared(ready, lead)
    with pytest.raises(Refused, match="须为两人"):
        approve(row, lead)
    with pytest.raises(IntegrityError, match="city_list_approved_by_another"), transaction.atomic():
        CityList.objects.filter(pk=row.pk).update(
            state="approved", approved_by=lead.user_id, approved_at=row.prepared_at
        )
    assert approve(row, make.make_city(Role.CITY_LEAD)).state == "approved"


def test_more_of_one_group_than_the_cap_is_refused_even_with_decisions(reviewer, lead):
    ready = accepted(3, cap=2, related=True)
    over = Engagement.objects.get(over_cap=True)
    row = prepared(ready, reviewer)
    assert "在本表中有3项，超过上限2项，须有1项不列入本表" in refused(row, lead)
    nomination = next(n for n in ready.nominations if n.engagement_id == over.pk)
    decide(nomination, reviewer)
    assert "在本表中有3项" in refused(row, lead)
    assert CityList.objects.get(pk=row.pk).state == "prepared"


def test_an_over_cap_row_within_the_number_needs_its_written_decision(reviewer, lead):
    ready = accepted(3, cap=2, related=True)
    over = Engagement.objects.get(over_cap=True)
    first = next(n for n in ready.nominations if n.engagement_id != over.pk)
    beyond = next(n for n in ready.nominations if n.engagement_id == over.pk)
    decide(beyond, reviewer, keep=False)
    row = prepared(ready, reviewer, **{f"n{first.pk}": "不推荐"})
    assert "须书面决定" in refused(row, lead)
    decide(beyond, reviewer)
    assert approve(row, lead).state == "approved"


def test_the_mark_on_the_engagement_asks_for_the_decision_whatever_the_check_says(reviewer, lead, monkeypatch):
    ready = accepted(2, cap=1, related=True)
    over = Engagement.objects.get(over_cap=True)
    first = next(n for n in ready.nominations if n.engagement_id != over.pk)
    row = prepared(ready, reviewer, **{f"n{first.pk}": "不推荐"})
    beyond = next(n for n in ready.nominations if n.engagement_id == over.pk)
    decide(beyond, reviewer, keep=False)

    class Silent:
        findings = ()

    monkeypatch.setattr(approving.rechecking, "check_now", lambda rows, cause: {n.pk: Silent for n in rows})
    assert "评价项目超出上限，还没有书面决定" in refused(row, lead)


@pytest.mark.parametrize("guard", ["_lines", "_row"])
def test_control_without_a_guard_the_same_list_is_approved(guard, reviewer, lead, monkeypatch):
    """What the two tests above refuse passes when the guard is taken out: the guard, and nothing else, refuses it."""

    ready = accepted(3, cap=2, related=True)
    over = Engagement.objects.get(over_cap=True)
    beyond = next(n for n in ready.nominations if n.engagement_id == over.pk)
    first = next(n for n in ready.nominations if n.engagement_id != over.pk)
    if guard == "_lines":
        decide(beyond, reviewer)
        row = prepared(ready, reviewer)
        monkeypatch.setattr(approval, "_lines", lambda counts, groups, limit: ())
    else:
        decide(beyond, reviewer, keep=False)
        row = prepared(ready, reviewer, **{f"n{first.pk}": "不推荐"})
        monkeypatch.setattr(
            approval,
            "_row",
            lambda entry, n, *rest: approval.Row(n.pk, "", messages=(), flags=(), over_cap=False, decided=""),
        )
    assert approve(row, lead).state == "approved"


def test_groups_merged_after_the_list_was_prepared_are_found_at_approval_and_publication(reviewer, lead):
    ready = accepted(2, cap=1)
    row = prepared(ready, reviewer)
    one, other = (n.evaluator for n in ready.nominations)
    approve(row, lead)
    approving.require_approvable(city_list=row)
    join(one, other, reviewer)
    with pytest.raises(Invalid) as caught, transaction.atomic():
        approving.require_approvable(city_list=row)
    assert any(key.startswith("group:") for key in caught.value.errors)


def test_a_dispute_waits_and_a_void_evaluation_is_none(reviewer, lead):
    ready = accepted()
    nomination = ready.nominations[0]
    body = make_actor(Role.EVALUATOR_ADMIN, organisation=nomination.evaluator.organisation)
    dispute(actor=body, engagement_id=nomination.engagement_id, reason="未签合同")
    row = prepared(ready, reviewer)
    assert "市局认定后才能列入" in refused(row, lead)
    decide_dispute(actor=reviewer, engagement_id=nomination.engagement_id, uphold=False, reason="没有合同")
    assert "不能作为第三方评价" in refused(row, lead)


def sanctioned(nomination: Nomination, report_on: date | None) -> None:
    """Sanction the evaluator from 1 September 2022 by two people, its report dated as given."""
    first, second = make.make_city(), make.make_city(Role.CITY_LEAD)
    Engagement.objects.filter(pk=nomination.engagement_id).update(report_on=report_on)
    row = record_sanction(
        actor=first,
        organisation_id=nomination.evaluator.organisation_id,
        round_id=nomination.round_id,
        verified_on=date(2022, 9, 1),
        document_no="试验1号",
        facts="试验",
    )
    confirm_sanction(actor=second, sanction_id=row.pk)


@pytest.mark.parametrize("report_on", [None, date(2022, 9, 1), date(2022, 9, 20)])
def test_a_sanction_by_date_refuses_at_approval(report_on, reviewer, lead):
    ready = accepted()
    row = prepared(ready, reviewer)
    sanctioned(ready.nominations[0], report_on)
    assert "不予采信" in refused(row, lead)


def test_a_report_before_the_sanction_asks_for_a_written_opinion(reviewer, lead):
    ready = accepted()
    row = prepared(ready, reviewer)
    sanctioned(ready.nominations[0], date(2022, 8, 31))
    with pytest.raises(Invalid, match="写明处理意见后再批准") as caught:
        approve(row, lead, note=" ")
    assert set(caught.value.errors) == {"note"}
    done = approve(row, lead, note="报告在查实之前出具，数据已抽查核实。")
    assert done.approval_note == "报告在查实之前出具，数据已抽查核实。"


def test_a_nomination_withdrawn_since_is_found(reviewer, lead):
    ready = accepted()
    row = prepared(ready, reviewer)
    Nomination.objects.filter(pk=ready.nominations[0].pk).update(state="withdrawn")
    assert "不再是已接收的申报" in refused(row, lead)


def test_undone_with_a_reason_then_another_version(reviewer, lead):
    ready = accepted()
    row = approve(prepared(ready, reviewer), lead)
    with pytest.raises(WrongState, match="撤销批准后才能重新编制"):
        prepared(ready, reviewer)
    with pytest.raises(ReasonRequired):
        approving.undo(actor=lead, city_list_id=row.pk, reason=" ")
    undone = approving.undo(actor=lead, city_list_id=row.pk, reason="补充一家")
    assert (undone.state, undone.end_reason) == ("undone", "补充一家")
    second = prepared(ready, reviewer)
    third = prepared(ready, reviewer)
    second.refresh_from_db()
    assert [second.number, second.state, third.number] == [2, "discarded", 3]


def test_another_version_than_the_one_seen_is_stale(reviewer, lead):
    row = prepared(accepted(), reviewer)
    with pytest.raises(Stale):
        approving.approve(actor=lead, city_list_id=row.pk, seen_sha256="0" * 64)


def test_nothing_accepted_wrong_rows_and_missing_reasons_are_told(reviewer):
    district = make.make_district()
    with pytest.raises(Invalid, match="接收后再编制"):
        approving.prepare(actor=reviewer, round_id=district.round.pk, left_out={})
    with pytest.raises(NotVisible):
        approving.prepare(actor=reviewer, round_id=0, left_out={})


def test_everything_left_out_or_without_words_is_told(reviewer):
    ready = accepted()
    pk = ready.nominations[0].pk
    with pytest.raises(Invalid, match="全部申报都不列入"):
        prepared(ready, reviewer, **{f"n{pk}": "不推荐"})
    with pytest.raises(Invalid) as caught:
        prepared(ready, reviewer, **{f"n{pk}": " ", "n999999": "没有"})
    assert set(caught.value.errors) == {f"reason_{pk}", "reason_999999"}


# --- publication: the guard again, by date --------------------------------------------------------------------------------


def test_what_is_approved_is_published_with_day_and_document_and_stands(reviewer, lead):
    row = approve(prepared(accepted(), reviewer), lead)
    done = publish(row, lead)
    assert (done.state, done.published_on, done.published_document) == ("published", DAY, "试验〔2022〕30号")
    assert (done.published_by_id, AuditEntry.objects.filter(action="city_list.publish").count()) == (lead.user_id, 1)
    with pytest.raises(WrongState):
        approving.undo(actor=lead, city_list_id=row.pk, reason="想改")
    with pytest.raises(WrongState, match="已公示，不能重新编制"):
        approving.prepare(actor=reviewer, round_id=row.round_id, left_out={})


def test_publication_asks_two_people_a_day_a_document_and_the_list_seen(reviewer, lead):
    row = approve(prepared(accepted(), reviewer), lead)
    with pytest.raises(Invalid) as caught:
        publish(row, lead, published_on=DAY + timedelta(days=1), document=" ")
    assert caught.value.errors == {
        "published_on": ["公示日期应在批准之后、不晚于今天，核对后填写。"],
        "document": ["填写公示文件的标题或文号。"],
    }
    with pytest.raises(Invalid, match="公示的日期"):
        publish(row, lead, published_on=DAY - timedelta(days=1))
    with pytest.raises(Refused):
        publish(row, Actor(role=Role.CITY_LEAD, user_id=reviewer.user_id))
    with pytest.raises(Stale):
        approving.publish(actor=lead, city_list_id=row.pk, seen_sha256="0" * 64, published_on=DAY, document="1号")
    with pytest.raises(IntegrityError, match="city_list_published_with_document"), transaction.atomic():
        CityList.objects.filter(pk=row.pk).update(state="published")


@pytest.mark.parametrize("guarded", [True, False], ids=["guard", "control"])
@pytest.mark.parametrize("report_on", [None, date(2022, 9, 1), date(2022, 9, 20)])
def test_a_sanction_after_approval_refuses_at_publication(report_on, guarded, reviewer, lead, monkeypatch):
    ready = accepted()
    row = approve(prepared(ready, reviewer), lead)
    sanctioned(ready.nominations[0], report_on)
    if not guarded:
        monkeypatch.setattr(approving, "require_approvable", lambda city_list: approval.Examined((), ()))
        assert publish(row, lead).state == "published"
        return
    with pytest.raises(Invalid) as caught:
        publish(row, lead)
    assert "不予采信" in "".join(itertools.chain(*caught.value.errors.values()))
    assert CityList.objects.get(pk=row.pk).state == "approved"


def test_what_the_approval_did_not_speak_of_needs_an_opinion_at_publication(reviewer, lead):
    ready = accepted()
    row = approve(prepared(ready, reviewer), lead)
    sanctioned(ready.nominations[0], date(2022, 8, 31))
    with pytest.raises(Invalid, match="写明处理意见后再登记公示") as caught:
        publish(row, lead)
    assert set(caught.value.errors) == {"note"}
    assert publish(row, lead, note="报告早于查实日期，已抽查").approval_note == "已核对，同意\n报告早于查实日期，已抽查"


@pytest.mark.parametrize(("elsewhere", "judged"), [(14, False), (15, True)])
def test_a_total_above_the_cap_with_evaluations_elsewhere_is_judged_in_writing(elsewhere, judged, reviewer, lead):
    ready = accepted()
    body = ready.nominations[0].evaluator
    assert body is not None
    make_registration(body, ready.district.round, declared_elsewhere=elsewhere)
    row = prepared(ready, reviewer)
    done = approve(row, lead, note="已核实系统外项目")
    assert any("加上机构申报的系统外15项" in text for text in done.judged) is judged


def test_an_opinion_of_the_approval_is_not_asked_again(reviewer, lead):
    ready = accepted()
    row = prepared(ready, reviewer)
    sanctioned(ready.nominations[0], date(2022, 8, 31))
    done = publish(approve(row, lead), lead)
    assert all(text.startswith(f"{ready.nominations[0].pk} ") for text in done.judged)
    assert any("不予采信" in text for text in done.judged)


def told_to_the_city(actor: Actor) -> list[str]:
    return [item.title for item in work_items(actor) if "全市推荐汇总表" in item.title]


@pytest.mark.parametrize("stage", ["approved", "published"])
def test_a_merge_or_a_sanction_afterwards_is_shown_to_the_city_by_the_recheck(stage, reviewer, lead):
    ready = accepted(2, cap=1)
    row = approve(prepared(ready, reviewer), lead)
    if stage == "published":
        publish(row, lead)
    Job.objects.filter(kind="nominations.recheck").delete()
    assert told_to_the_city(reviewer) == []
    relation = join(*(n.evaluator for n in ready.nominations), reviewer)
    run_due_jobs()
    row.refresh_from_db()
    assert row.problems > 0
    label = "已批准" if stage == "approved" else "已公示"
    assert told_to_the_city(reviewer) == [f"全市推荐汇总表第1版{label}后情况有变化：{row.problems}处须核对"]
    assert told_to_the_city(ready.district.officer) == []
    end_relation(actor=reviewer, relation_id=relation.pk, reason="认定有误")
    run_due_jobs()
    assert told_to_the_city(reviewer) == []
    sanctioned(ready.nominations[0], None)
    run_due_jobs()
    row.refresh_from_db()
    assert row.problems == 1


def test_control_without_the_look_nobody_is_told(reviewer, lead, monkeypatch):
    ready = accepted(2, cap=1)
    approve(prepared(ready, reviewer), lead)
    monkeypatch.setattr(approving, "look_again", lambda **_: 0)
    join(*(n.evaluator for n in ready.nominations), reviewer)
    run_due_jobs()
    assert told_to_the_city(reviewer) == []


# --- the machine: every state × action × role × reason -----------------------------------------------------------


#: Read off DESIGN §4, not off the code: who, whether a reason is asked, state → next state.
MACHINE = {
    "approve": ({Role.CITY_LEAD}, False, {"prepared": "approved"}),
    "discard": ({Role.CITY_REVIEWER, Role.CITY_LEAD}, True, {"prepared": "discarded"}),
    "undo": ({Role.CITY_LEAD}, True, {"approved": "undone"}),
    "publish": ({Role.CITY_LEAD}, False, {"approved": "published"}),
}


def _act(action: str, actor: Actor, row: CityList, reason: str) -> CityList:
    if action == "approve":
        return approving.approve(actor=actor, city_list_id=row.pk, seen_sha256=row.sha256, note="已核对")
    if action == "publish":
        return publish(row, actor, note="已核对")
    verb = approving.undo if action == "undo" else approving.discard
    return verb(actor=actor, city_list_id=row.pk, reason=reason)


def _expected(action: str, state: str, role: Role, reason: str) -> type[Exception] | str:
    who, reasoned, moves = MACHINE[action]
    if role not in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}:
        return NotVisible
    if role not in who:
        return Refused
    if state not in moves:
        return WrongState
    return ReasonRequired if reasoned and not reason else moves[state]


@pytest.mark.parametrize("action", MACHINE)
def test_every_state_role_and_reason(action, reviewer):
    ready = accepted()
    first = prepared(ready, reviewer)
    other = make.make_city(Role.CITY_LEAD)
    for state, role, reason in itertools.product(CityListState.values, Role, ("", "理由")):
        with transaction.atomic():
            actor = Actor(role=role, user_id=make.make_city().user_id)
            CityList.objects.filter(pk=first.pk).update(
                state=state,
                approved_by=other.user_id if state in {"approved", "undone", "published"} else None,
                approved_at=first.prepared_at if state in {"approved", "undone", "published"} else None,
                published_on=DAY if state == "published" else None,
                published_document="试验〔2022〕30号" if state == "published" else "",
                published_by=other.user_id if state == "published" else None,
                published_at=first.prepared_at if state == "published" else None,
                ended_at=first.prepared_at if state in {"discarded", "undone"} else None,
                end_reason="先前" if state in {"discarded", "undone"} else "",
            )
            wanted = _expected(action, state, role, reason)
            if isinstance(wanted, str):
                assert _act(action, actor, first, reason).state == wanted, (state, role)
            else:
                with pytest.raises(wanted):
                    _act(action, actor, first, reason)
            transaction.set_rollback(True)


@pytest.mark.parametrize("role", list(Role))
def test_only_the_city_sees_and_prepares(role, reviewer):
    ready = accepted()
    prepared(ready, reviewer)
    actor = Actor(role=role, user_id=reviewer.user_id, authority_id=ready.district.authority.pk)
    seen = role in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}
    assert city_lists_visible_to(actor).exists() is seen
    if role not in {Role.CITY_REVIEWER, Role.CITY_LEAD}:
        with pytest.raises(Refused):
            prepared(ready, actor)


def test_a_relation_only_told_changes_nothing_at_approval(reviewer, lead):
    ready = accepted(2, cap=1)
    one, other = (n.evaluator for n in ready.nominations)
    make_relation(one.organisation, other.organisation, reviewer)
    assert approve(prepared(ready, reviewer), lead).state == "approved"
