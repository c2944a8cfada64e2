"""Affiliates (关联企事业单位): said by a person with a reason, never guessed; what counts moves along."""

from __future__ import annotations

from django.db import connection, transaction

from evaluators.constants import SCOPE_GROUP
from evaluators.models import AffiliateGroup, AffiliateMember, Engagement, Evaluator
from evaluators.rules import may_decide
from evaluators.services.counting import cap_of, own_group, recount, tell_nominations
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired
from greenportal.rounds.models import Round

#: Advisory lock held by every change of who belongs to whom: rare acts, so one at a time.
_SHAPE_LOCK = 7_310_101


def _hold_shape() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SHAPE_LOCK])


def _group_of(evaluator_id: int) -> AffiliateGroup:
    member = AffiliateMember.objects.filter(evaluator_id=evaluator_id, ended_at=None).select_related("group").first()
    return member.group if member else own_group(evaluator_id)


def _lock_groups(ids: set[int]) -> dict[int, AffiliateGroup]:
    """Lock groups in the order of their ids, so that two merges cannot wait for each other."""
    return {g.pk: g for g in AffiliateGroup.objects.select_for_update().filter(pk__in=ids).order_by("pk")}


def _recount_open_rounds(actor: Actor, groups: list[AffiliateGroup], cause: str) -> None:
    """Number every group anew in all rounds that are not closed, and have everything on it checked again."""
    rows = Engagement.objects.filter(group__in=groups).exclude(round__state=Round.State.CLOSED)
    for round_id in sorted(set(rows.order_by().values_list("round_id", flat=True))):
        cap = cap_of(round_id)
        for group in groups:
            recount(group, round_id=round_id, cap=cap)
    ids = list(rows.order_by("id").values_list("id", flat=True))
    tell_nominations(actor=actor, cause=cause, engagement_ids=ids, key=f"group{groups[0].pk}")


def _move_engagements(*, evaluator_ids: list[int], target: AffiliateGroup) -> None:
    """Engagements of rounds that are not closed count in `target` from now on; closed rounds keep their history."""
    rows = Engagement.objects.filter(evaluator_id__in=evaluator_ids).exclude(round__state=Round.State.CLOSED)
    rows.update(group=target)


def affiliate(*, actor: Actor, evaluator_id: int, other_id: int, reason: str, basis: str) -> AffiliateGroup:
    """Confirm that two evaluators are affiliated: their groups become one, counted as one legal person.

    reason: the relation (同一法定代表人、控股 …); basis: the document that shows it. The smaller id
    of the groups stays. Engagements of open rounds are numbered anew and their nominations checked
    again. Already together: the same group, nothing changes. Raises `Refused`, `ReasonRequired`,
    `NotVisible`, `Invalid`.
    """
    may_decide(actor).require()
    if not reason.strip() or not basis.strip():
        raise ReasonRequired("认定关联关系需要写明关系和依据，如“同一法定代表人，营业执照”。")
    if evaluator_id == other_id:
        raise Invalid("选择另一家评价机构。", errors={"other": ["选择另一家评价机构。"]})
    if Evaluator.objects.filter(pk__in=[evaluator_id, other_id]).count() != 2:
        raise NotVisible
    with transaction.atomic():
        _hold_shape()
        groups = _lock_groups({_group_of(evaluator_id).pk, _group_of(other_id).pk})
        kept = groups.pop(min(groups))
        if not groups:
            return kept
        gone = next(iter(groups.values()))
        now = clock.now()
        moved = AffiliateMember.objects.filter(group=gone, ended_at=None)
        evaluator_ids = list(moved.values_list("evaluator_id", flat=True))
        moved.update(ended_at=now)
        AffiliateMember.objects.bulk_create(
            AffiliateMember(
                group=kept, evaluator_id=pk, reason=reason.strip(), confirmed_by_id=actor.user_id, created_at=now
            )
            for pk in evaluator_ids
        )
        _move_engagements(evaluator_ids=evaluator_ids, target=kept)
        kept.basis = "；".join(filter(None, [kept.basis, basis.strip()]))[-300:]
        kept.save(update_fields=["basis"])
        gone.merged_into = kept
        gone.save(update_fields=["merged_into"])
        record(
            actor=actor,
            action="evaluators.affiliate",
            target=f"{SCOPE_GROUP}:{kept.pk}",
            data={"merged": gone.pk, "evaluators": evaluator_ids, "reason": reason.strip(), "basis": basis.strip()},
        )
        _recount_open_rounds(actor, [kept], "evaluators.affiliate")
    return kept


def leave_group(*, actor: Actor, evaluator_id: int, reason: str) -> AffiliateGroup:
    """The relation was found not to hold, or has ended: the evaluator counts alone from now on.

    Returns its new group. An evaluator that is alone already keeps its group.
    """
    may_decide(actor).require()
    if not reason.strip():
        raise ReasonRequired("解除关联关系需要写明理由和依据。")
    if not Evaluator.objects.filter(pk=evaluator_id).exists():
        raise NotVisible
    with transaction.atomic():
        _hold_shape()
        old = _group_of(evaluator_id)
        _lock_groups({old.pk})
        others = AffiliateMember.objects.filter(group=old, ended_at=None).exclude(evaluator_id=evaluator_id)
        if not others.exists():
            return old
        AffiliateMember.objects.filter(evaluator_id=evaluator_id, ended_at=None).update(ended_at=clock.now())
        alone = own_group(evaluator_id)
        _move_engagements(evaluator_ids=[evaluator_id], target=alone)
        record(
            actor=actor,
            action="evaluators.leave_group",
            target=f"{SCOPE_GROUP}:{old.pk}",
            data={"evaluator": evaluator_id, "new_group": alone.pk, "reason": reason.strip()},
        )
        _recount_open_rounds(actor, [old, alone], "evaluators.leave_group")
    return alone
