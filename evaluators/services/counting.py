"""The cap: one lock per affiliate group, dense ordinals, and the flag on what lies beyond (通知 二, DESIGN §4)."""

from __future__ import annotations

from collections.abc import Iterable

from evaluators.constants import JOB_RECHECK
from evaluators.models import AffiliateGroup, AffiliateMember, Engagement, Evaluator
from evaluators.states import COUNTED
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import NotVisible
from greenportal.jobs.services import enqueue
from greenportal.rounds.selectors import rulebook_at


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
    rows = Engagement.objects.filter(group=group, round_id=round_id, state__in=COUNTED).order_by("id")
    for ordinal, row in enumerate(rows, start=1):
        over_cap = ordinal > cap
        if row.over_cap != over_cap:
            flagged.append(row.pk)
        if (row.ordinal, row.over_cap) != (ordinal, over_cap):
            row.ordinal, row.over_cap = ordinal, over_cap
            changed.append(row)
    Engagement.objects.bulk_update(changed, ["ordinal", "over_cap"])
    return flagged


def tell_nominations(*, actor: Actor, cause: str, engagement_ids: Iterable[int] = (), key: str = "") -> None:
    """Ask for a fresh check of the nominations that stand on these engagements; nothing to do for none."""
    ids = sorted(set(engagement_ids))
    if ids:
        enqueue(
            JOB_RECHECK,
            payload={"engagement_ids": ids, "cause": cause},
            dedupe_key=f"{cause}:{key or ids[0]}:{len(ids)}:{ids[-1]}",
            actor=actor,
        )
