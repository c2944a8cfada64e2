"""Claiming, confirming, disputing and withdrawing an evaluation (评价项目)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from evaluators.constants import CLAIM_DAYS, DISPUTE_DAYS, SCOPE_ENGAGEMENT, EvaluatedCategory
from evaluators.models import AffiliateGroup, Engagement
from evaluators.rules import may_claim_for
from evaluators.selectors.leads import may_act
from evaluators.selectors.standing import elsewhere_of_group
from evaluators.services.counting import (
    cap_of,
    confirmed_count,
    fills_cap,
    lock_group,
    recount,
    refuse_new_work,
    refuse_sanctioned,
    tell_nominations,
    warn_near,
)
from evaluators.services.working import EngagementFields
from evaluators.states import CLAIMANTS, COUNTED, ENGAGEMENT_TRANSITIONS, EngagementState
from greenportal import clock, transitions
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import refuse_numbers
from greenportal.audit.services import record
from greenportal.directory.models import Subject
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.rounds.selectors import rulebook_at

ALREADY = "这一申报已登记评价机构。需要更换的，先撤回原评价项目。"


def claim(
    *, actor: Actor, evaluator_id: int, round_id: int, subject_id: int, category: str, cap: int | None = None
) -> Engagement:
    """Record that `evaluator_id` evaluates the subject in this category and round; counted at once.

    cap: the number in force; None takes it from the round's rulebook. Under the lock of the
    evaluator's affiliate group the engagement gets the next ordinal; beyond the cap it is flagged,
    never refused: the notice does not say which one falls. Its answer is due after the rulebook's `claim_days`, if the
    city set any; silence changes nothing. The same claim again returns the same
    row. Raises `Invalid` for another evaluator or a category without third-party report.
    """
    if category not in EvaluatedCategory.values:
        raise Invalid("绿色设计产品不需要第三方评价，只有绿色工厂、绿色工业园区、绿色供应链管理企业登记评价机构。")
    if actor.role not in CLAIMANTS:
        raise Refused("您的角色不能登记评价机构。请由申报单位或所在区市县办理。")
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None:
        raise NotVisible
    may_claim_for(actor, authority_id=subject.authority_id, organisation_id=subject.organisation_id).require()
    try:
        with transaction.atomic():
            group = lock_group(evaluator_id)
            return _claimed(
                actor=actor,
                group=group,
                evaluator_id=evaluator_id,
                round_id=round_id,
                subject=subject,
                category=category,
                # Read under the lock: a cap revised meanwhile is recounted by a job that waits for it.
                cap=cap_of(round_id) if cap is None else cap,
            )
    except IntegrityError as error:
        if "engagement_once" not in str(error):
            raise
        raise Invalid(ALREADY, errors={"evaluator": [ALREADY]}) from error


def _claimed(
    *,
    actor: Actor,
    group: AffiliateGroup,
    evaluator_id: int,
    round_id: int,
    subject: Subject,
    category: str,
    cap: int,
) -> Engagement:
    """Insert under the group's lock, or return the open claim of the same evaluator."""
    open_one = (
        Engagement.objects.filter(round_id=round_id, category=category, subject=subject)
        .exclude(state__in=[EngagementState.WITHDRAWN, EngagementState.VOID])
        .first()
    )
    if open_one is not None:
        if open_one.evaluator_id == evaluator_id:
            return open_one
        raise Invalid(ALREADY, errors={"evaluator": [ALREADY]})
    counted = Engagement.objects.filter(group=group, round_id=round_id, state__in=COUNTED).count()
    engagement = Engagement.objects.create(
        evaluator_id=evaluator_id,
        group=group,
        round_id=round_id,
        subject=subject,
        category=category,
        ordinal=counted + 1,
        over_cap=counted + 1 > cap,
        claimed_at=clock.now(),
        confirm_due_at=_days_from_now(round_id, CLAIM_DAYS),
        claimed_by_id=actor.user_id,
    )
    warn_near(group, round_id=round_id, count=counted + 1, cap=cap)
    _audit(actor, "claim", engagement, evaluator=evaluator_id, subject=subject.pk, category=category)
    return engagement


def _audit(actor: Actor, verb: str, engagement: Engagement, **data: Any) -> None:
    record(
        actor=actor,
        action=f"evaluators.{verb}_engagement",
        target=f"{SCOPE_ENGAGEMENT}:{engagement.pk}",
        data={"ordinal": engagement.ordinal, "over_cap": engagement.over_cap, "state": engagement.state, **data},
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """One move of the table with what it writes beside the state. look: a further check, under the locks."""

    action: str
    engagement_id: int
    seen_version: int | None
    reason: str
    values: dict[str, Any]
    look: Callable[[Engagement], None] | None = None


def _checked(actor: Actor, move: _Move) -> tuple[Engagement, EngagementState]:
    """Lock the engagement and return it with its target state, or raise the exact refusal."""
    engagement = (
        Engagement.objects.select_for_update(of=("self",))
        .select_related("subject", "evaluator")
        .filter(pk=move.engagement_id)
        .first()
    )
    if engagement is None or not _concerns(actor, engagement):
        raise NotVisible
    may_act(actor, engagement.pk).require()
    refuse_numbers(reason=move.reason)
    found = transitions.find(
        ENGAGEMENT_TRANSITIONS,
        state=engagement.state,
        action=move.action,
        role=actor.role,
        window_open=True,
        reason=move.reason,
        named=EngagementState(engagement.state).label,
    )
    if move.seen_version is not None and engagement.version != move.seen_version:
        raise Stale("这一评价项目刚被他人处理，刷新后核对最新状态。", current=engagement.state)
    return engagement, EngagementState(found.target)


def _concerns(actor: Actor, engagement: Engagement) -> bool:
    """Whether the engagement is the actor's own business; others learn nothing of it."""
    if actor.is_city or actor.is_system:
        return True
    if actor.is_evaluator:
        return actor.organisation_id == engagement.evaluator.organisation_id
    subject = engagement.subject
    return bool(may_claim_for(actor, authority_id=subject.authority_id, organisation_id=subject.organisation_id))


def _lock_group_of(engagement_id: int) -> AffiliateGroup:
    """Lock the group in which the engagement counts; read again under the lock, as a merge may move it."""
    while True:
        group_id = Engagement.objects.filter(pk=engagement_id).values_list("group_id", flat=True).first()
        if group_id is None:
            raise NotVisible
        group = AffiliateGroup.objects.select_for_update().get(pk=group_id)
        if Engagement.objects.filter(pk=engagement_id, group=group).exists():
            return group


def _move(actor: Actor, move: _Move) -> Engagement:
    """Make one move: group lock first, then the row; recount when what counts has changed."""
    with transaction.atomic():
        group = _lock_group_of(move.engagement_id)
        engagement, target = _checked(actor, move)
        if move.look is not None:
            move.look(engagement)
        was_counted, counts = engagement.state in COUNTED, target in COUNTED
        engagement.state, engagement.version = target, engagement.version + 1
        for name, value in move.values.items():
            setattr(engagement, name, value)
        if not counts:
            engagement.ordinal, engagement.over_cap = None, False
        elif not was_counted:
            # Any number satisfies the row until recount gives the right one before commit.
            engagement.ordinal = 1
        engagement.save()
        if was_counted != counts:
            flagged = recount(group, round_id=engagement.round_id, cap=cap_of(engagement.round_id))
            engagement.refresh_from_db(fields=["ordinal", "over_cap"])
            tell_nominations(actor=actor, cause="evaluators.cap", engagement_ids=[*flagged, engagement.pk])
        _audit(actor, move.action, engagement, reason=move.reason)
    return engagement


def confirm(
    *,
    actor: Actor,
    engagement_id: int,
    seen_version: int | None = None,
    report_on: date | None = None,
    independent: bool | None = None,
    cap_seen: bool = False,
) -> Engagement:
    """The evaluator confirms that it does this evaluation.

    report_on: date of its report, if issued; independent: its declaration that it had no part in the
    self-evaluation (通知 二、第1段), None where it says nothing; cap_seen: it read that this confirmation fills
    the cap, which the rulebook's `cap_acknowledge` asks for. Raises Invalid at `cap_seen` where that is missing,
    and at `report_on` for a day after today or before contract and visit, for a report dated within a sanction
    (不予采信), or no report while one runs.
    """
    now = clock.now()
    values: dict[str, Any] = {"confirmed_at": now}
    if report_on is not None:
        values["report_on"] = report_on
    if independent is not None:
        values |= {"independent": independent, "independent_at": now}

    def look(engagement: Engagement) -> None:
        _dated_rightly(engagement, report_on)
        dated = report_on or engagement.report_on
        if dated is None:
            refuse_new_work(engagement.evaluator.organisation_id)
        else:
            refuse_sanctioned(engagement.evaluator.organisation_id, dated)
        if fills_cap(engagement.group_id, engagement.round_id):
            if not cap_seen:
                raise _cap_unseen(engagement.group_id, engagement.round_id)
            engagement.cap_seen_by_id = actor.user_id

    return _move(actor, _Move("confirm", engagement_id, seen_version, "", values, look))


def _dated_rightly(engagement: Engagement, report_on: date | None) -> None:
    """Raise Invalid at `report_on` for a day that its work page would refuse: a day to come would lie outside any sanction."""
    told = EngagementFields(
        contract_on=engagement.contract_on,
        visit_from=engagement.visit_from,
        visit_to=engagement.visit_to,
        report_on=report_on,
    )
    wrong = told.problems().get("report_on")
    if wrong:
        raise Invalid(wrong[0], errors={"report_on": wrong})


def _cap_unseen(group_id: int, round_id: int) -> Invalid:
    done, elsewhere = confirmed_count(group_id, round_id), elsewhere_of_group(group_id, round_id)
    outside = f"，申报的系统外项目{elsewhere}项" if elsewhere else ""
    told = (
        f"本机构及关联单位本批次已确认{done}项{outside}，确认本项后累计{done + elsewhere + 1}项，上限{cap_of(round_id)}项。"
        "勾选“已知悉评价项目数将达到或超过上限”后再确认。"
    )
    return Invalid(told, errors={"cap_seen": [told]})


def dispute(*, actor: Actor, engagement_id: int, reason: str, seen_version: int | None = None) -> Engagement:
    """The evaluator says that it does not do this evaluation: it stops counting until the city decides.

    The city's due date follows from the rulebook's `dispute_days`; none where an officer set 0.
    """
    now = clock.now()
    values = {"disputed_at": now, "dispute_reason": reason.strip(), "dispute_due_at": _dispute_due(engagement_id)}
    return _move(actor, _Move("dispute", engagement_id, seen_version, reason, values))


def _dispute_due(engagement_id: int) -> datetime | None:
    round_id = Engagement.objects.filter(pk=engagement_id).values_list("round_id", flat=True).first()
    return _days_from_now(round_id, DISPUTE_DAYS) if round_id is not None else None


def _days_from_now(round_id: int, key: str) -> datetime | None:
    """Return the instant as many days ahead as a number of the rulebook says; None where it is missing or 0 (not set)."""
    number = rulebook_at(round_id)[0].numbers.get(key)
    days = int(number.value) if number is not None else 0
    return clock.now() + timedelta(days=days) if days else None


def decide_dispute(
    *, actor: Actor, engagement_id: int, uphold: bool, reason: str, seen_version: int | None = None
) -> Engagement:
    """The city finds that the evaluation exists (`uphold`, it counts again in its old place) or not (void)."""
    values = {"decided_at": clock.now(), "decision_reason": reason.strip()}
    return _move(actor, _Move("uphold" if uphold else "void", engagement_id, seen_version, reason, values))


def withdraw(*, actor: Actor, engagement_id: int, reason: str = "", seen_version: int | None = None) -> Engagement:
    """Take a claim back; those recorded after it move up and lose the flag where they fall under the cap."""
    values = {"withdrawn_at": clock.now(), "withdrawal_reason": reason.strip()[:300]}
    return _move(actor, _Move("withdraw", engagement_id, seen_version, reason, values))
