"""The cap: one lock per affiliate group, dense ordinals, and the flag on what lies beyond (通知 二, DESIGN §4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from evaluators.constants import JOB_RECHECK, SCOPE_GROUP
from evaluators.models import AffiliateGroup, AffiliateMember, Engagement, Evaluator
from evaluators.selectors.groups import warn_from
from evaluators.selectors.sanctions import sanction_on, spoken_span
from evaluators.selectors.standing import elsewhere_of_group
from evaluators.services.notifying import cap_near
from evaluators.states import COUNTED, EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible
from greenportal.jobs.services import enqueue, key_of
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at

_ACTOR = Actor.system("评价项目计数")


def cap_of(round_id: int) -> int:
    """Return how many evaluations the round's rulebook allows per legal person with its affiliates."""
    rulebook, _ = rulebook_at(round_id)
    return rulebook.cap


def lock_group(evaluator_id: int) -> AffiliateGroup:
    """Lock and return the group in which the evaluator counts. In the caller's transaction.

    Membership is read again under the lock: a merge may have moved the evaluator in between.
    """
    while True:
        member = AffiliateMember.objects.filter(evaluator_id=evaluator_id, ended_at=None).first()
        if member is None:
            return own_group(evaluator_id)
        group = AffiliateGroup.objects.select_for_update().get(pk=member.group_id)
        if AffiliateMember.objects.filter(evaluator_id=evaluator_id, ended_at=None, group=group).exists():
            return group


def lock_groups_of(evaluator_ids: Iterable[int]) -> set[int]:
    """Lock the groups in which these evaluators count, in order of their ids; return the ids. In the caller's transaction.

    While they are held no claim, dispute or merge changes what counts in them. Membership is read again under
    the locks, as a merge may have come in between.
    """
    ids = sorted(set(evaluator_ids))
    while True:
        groups = _places(ids)
        list(AffiliateGroup.objects.select_for_update().filter(pk__in=groups).order_by("pk").values_list("pk"))
        if _places(ids) == groups:
            return groups


def _places(evaluator_ids: Iterable[int]) -> set[int]:
    rows = AffiliateMember.objects.filter(evaluator_id__in=evaluator_ids, ended_at=None)
    return set(rows.values_list("group_id", flat=True))


def own_group(evaluator_id: int) -> AffiliateGroup:
    """Give an evaluator without a group one of its own; the evaluator's row is locked meanwhile."""
    evaluator = (
        Evaluator.objects.select_for_update(of=("self",)).select_related("organisation").filter(pk=evaluator_id).first()
    )
    if evaluator is None:
        raise NotVisible
    member = AffiliateMember.objects.filter(evaluator=evaluator, ended_at=None).select_related("group").first()
    if member is None:
        now = clock.now()
        group = AffiliateGroup.objects.create(name=evaluator.organisation.name, created_at=now)
        AffiliateMember.objects.create(group=group, evaluator=evaluator, created_at=now)
        return group
    return AffiliateGroup.objects.select_for_update().get(pk=member.group_id)


def recount(group: AffiliateGroup, *, round_id: int, cap: int) -> list[int]:
    """Number the counted engagements of a locked group from 1 in order of recording; flag those beyond `cap`.

    Returns the ids whose flag changed. The order is that of ids: they are given under the lock.
    """
    changed: list[Engagement] = []
    flagged: list[int] = []
    ordinal = 0
    rows = Engagement.objects.filter(group=group, round_id=round_id, state__in=COUNTED).order_by("id")
    for ordinal, row in enumerate(rows, start=1):
        over_cap = ordinal > cap
        if row.over_cap != over_cap:
            flagged.append(row.pk)
        if (row.ordinal, row.over_cap) != (ordinal, over_cap):
            row.ordinal, row.over_cap = ordinal, over_cap
            changed.append(row)
    Engagement.objects.bulk_update(changed, ["ordinal", "over_cap"])
    warn_near(group, round_id=round_id, count=ordinal, cap=cap)
    return flagged


def recount_round(round_id: int) -> list[int]:
    """Number every group of a round anew after its cap was revised; returns the ids whose flag changed.

    Groups are locked in order of their ids. A closed round keeps its count. Safe to repeat: the same cap changes
    nothing. Of each group with another flag one audit entry, with the cap and the evaluations.
    """
    changed: list[int] = []
    with transaction.atomic():
        if not Round.objects.filter(pk=round_id).exclude(state=Round.State.CLOSED).exists():
            return changed
        groups = _lock_groups_in(round_id)
        cap = cap_of(round_id)
        for group in groups:
            flagged = recount(group, round_id=round_id, cap=cap)
            if flagged:
                data = {"round": round_id, "cap": cap, "engagements": flagged}
                record(actor=_ACTOR, action="evaluators.recount", target=f"{SCOPE_GROUP}:{group.pk}", data=data)
            changed += flagged
    return changed


def _lock_groups_in(round_id: int) -> list[AffiliateGroup]:
    """Lock the groups with evaluations of a round; read again under the locks, as a merge may have come in between."""
    while True:
        ids = _groups_in(round_id)
        groups = list(AffiliateGroup.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        if _groups_in(round_id) <= ids:
            return groups


def _groups_in(round_id: int) -> set[int]:
    rows = Engagement.objects.filter(round_id=round_id).order_by()
    return set(rows.values_list("group_id", flat=True).distinct())


def warn_near(group: AffiliateGroup, *, round_id: int, count: int, cap: int) -> None:
    """Write to the group's administrators once its count reaches the rulebook's `cap_warning`; each is told once a round.

    count: of this portal; what the group declares elsewhere is added, since the cap is that of the whole batch (累计).
    """
    start = warn_from(rulebook_at(round_id)[0])
    if start is None:
        return
    union = count + elsewhere_of_group(group.pk, round_id)
    if union >= start:
        cap_near(group.pk, round_id=round_id, count=union, cap=cap)


def confirmed_count(group_id: int, round_id: int) -> int:
    """Return the group's evaluations of the round that its agencies confirmed or the city upheld. One query."""
    done = [EngagementState.CONFIRMED, EngagementState.UPHELD]
    return Engagement.objects.filter(group_id=group_id, round_id=round_id, state__in=done).count()


def fills_cap(group_id: int, round_id: int) -> bool:
    """Whether one more confirmation reaches the rulebook's `cap_acknowledge`, with what the group declares elsewhere.

    No such number, no such question.
    """
    number = rulebook_at(round_id)[0].numbers.get("cap_acknowledge")
    if number is None:
        return False
    done = confirmed_count(group_id, round_id) + elsewhere_of_group(group_id, round_id)
    return done + 1 >= int(number.value)


def refuse_sanctioned(organisation_id: int, report_on: date) -> None:
    """Raise Invalid at `report_on` when a confirmed sanction of the legal person covers that day (通知 二、第1段)."""
    found = sanction_on(organisation_id, report_on)
    if found is not None:
        told = (
            f"报告日期在不予采信期内（{spoken_span(found)}），这期间出具的评价结果不予采信。"
            "核对报告日期；确在期内的，请提出异议说明。"
        )
        raise Invalid(told, errors={"report_on": [told]})


def refuse_new_work(organisation_id: int) -> None:
    """Raise Invalid at `report_on` when a confirmed sanction covers today: an evaluation without a report cannot be accepted any more.

    A report dated before the case was verified is not asked here: whether it still counts is for a person.
    """
    found = sanction_on(organisation_id, clock.today())
    if found is not None:
        told = (
            f"本机构在不予采信期内（{spoken_span(found)}），期内不能确认新的评价项目。"
            "查实日期以前已出具评价报告的，填写评价报告日期，由人工判断是否采信；其他的，请提出异议说明。"
        )
        raise Invalid(told, errors={"report_on": [told]})


def tell_nominations(*, actor: Actor, cause: str, engagement_ids: Iterable[int] = ()) -> None:
    """Ask for a fresh check of the nominations that stand on these engagements; nothing to do for none."""
    ids = sorted(set(engagement_ids))
    if ids:
        enqueue(
            JOB_RECHECK,
            payload={"engagement_ids": ids, "cause": cause},
            dedupe_key=key_of(cause, ids),
            actor=actor,
        )
