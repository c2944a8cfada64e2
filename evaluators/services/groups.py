"""Affiliate groups: always the connected components of the confirmed relations; what counts moves along.

Nothing here decides who is related: `relations` does, by a person, and asks `settle` to make it so.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from evaluators.constants import SCOPE_GROUP
from evaluators.models import AffiliateGroup, AffiliateMember, AffiliateRelation, Engagement, Evaluator
from evaluators.rules import components
from evaluators.services.counting import cap_of, own_group, recount, tell_nominations
from evaluators.states import RelationState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.rounds.models import Round

#: Advisory lock held by every change of who belongs to whom: rare acts, so one at a time.
_SHAPE_LOCK = 7_310_101


def hold_shape() -> None:
    """Wait until nobody else changes who belongs to whom; held to the end of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SHAPE_LOCK])


def put_on_file(actor: Actor, organisation_id: int) -> tuple[Evaluator, bool]:
    """Return the evaluator of a legal person and whether it is new; in the caller's transaction.

    A new one gets a group of its own, or that of relations confirmed before it became an evaluator: apart, it
    would evade the cap.
    """
    known = Evaluator.objects.filter(organisation_id=organisation_id).first()
    if known is not None:
        return known, False
    hold_shape()
    evaluator, made = Evaluator.objects.get_or_create(
        organisation_id=organisation_id, defaults={"created_at": clock.now()}
    )
    if made:
        own_group(evaluator.pk)
        settle(actor=actor, organisation_ids=[organisation_id], cause="evaluators.register")
    return evaluator, made


def settle(*, actor: Actor, organisation_ids: Iterable[int], cause: str) -> list[AffiliateGroup]:
    """Make the groups around these legal persons equal to the components of the relations now confirmed.

    In the caller's transaction, under `hold_shape`. Of a component the oldest group stays; a group left empty
    points to the one that took its members in. Engagements of rounds that are not closed move along and are
    numbered anew, and their nominations are checked again by a job; closed rounds keep their count.
    Returns the groups whose members changed. Two queries more per changed group, however many relations there are.
    """
    confirmed = AffiliateRelation.objects.filter(state=RelationState.CONFIRMED)
    parts = components(confirmed.values_list("first_id", "second_id"), organisation_ids)
    inside = {pk for part in parts for pk in part}
    by_organisation = dict(Evaluator.objects.filter(organisation_id__in=inside).values_list("organisation_id", "pk"))
    standing = _standing(by_organisation.values())
    moves: dict[int, list[int]] = {}
    taken: set[int] = set()
    for part in parts:
        members = sorted(by_organisation[pk] for pk in part if pk in by_organisation)
        if members:
            target = _target(members, standing, taken)
            taken.add(target)
            moves[target] = [pk for pk in members if standing[pk] != target]
    changed = {target for target, moved in moves.items() if moved}
    changed |= {standing[pk] for moved in moves.values() for pk in moved}
    groups = _lock_groups(changed)
    for target, moved in moves.items():
        if moved:
            _move(actor, moved, groups[target], left={standing[pk] for pk in moved})
    if groups:
        _recount_open_rounds(actor, list(groups.values()), cause)
    return list(groups.values())


def _standing(evaluator_ids: Iterable[int]) -> dict[int, int]:
    """Return evaluator → its group now; one that has none is given one."""
    ids = sorted(evaluator_ids)
    found = dict(AffiliateMember.objects.filter(evaluator_id__in=ids, ended_at=None).values_list("evaluator", "group"))
    for pk in ids:
        if pk not in found:
            found[pk] = own_group(pk).pk
    return found


def _target(members: list[int], standing: dict[int, int], taken: set[int]) -> int:
    """Return the group in which a component counts: the oldest of its own that no other component keeps."""
    free = sorted({standing[pk] for pk in members} - taken)
    if free:
        return free[0]
    first = Evaluator.objects.select_related("organisation").get(pk=members[0])
    return AffiliateGroup.objects.create(name=first.organisation.name, created_at=clock.now()).pk


def _lock_groups(ids: set[int]) -> dict[int, AffiliateGroup]:
    """Lock groups in the order of their ids, so that two acts cannot wait for each other."""
    return {g.pk: g for g in AffiliateGroup.objects.select_for_update().filter(pk__in=ids).order_by("pk")}


def _move(actor: Actor, evaluator_ids: list[int], target: AffiliateGroup, *, left: set[int]) -> None:
    """End the old places, open the new ones, and let the engagements of open rounds count in `target`."""
    now = clock.now()
    AffiliateMember.objects.filter(evaluator_id__in=evaluator_ids, ended_at=None).update(ended_at=now)
    AffiliateMember.objects.bulk_create(
        AffiliateMember(group=target, evaluator_id=pk, confirmed_by_id=actor.user_id, created_at=now)
        for pk in evaluator_ids
    )
    rows = Engagement.objects.filter(evaluator_id__in=evaluator_ids).exclude(round__state=Round.State.CLOSED)
    rows.update(group=target)
    emptied = AffiliateGroup.objects.filter(pk__in=left).exclude(members__ended_at=None)
    emptied.update(merged_into=target)
    AffiliateGroup.objects.filter(pk=target.pk).update(merged_into=None)
    record(
        actor=actor,
        action="evaluators.regroup",
        target=f"{SCOPE_GROUP}:{target.pk}",
        data={"evaluators": evaluator_ids, "from": sorted(left)},
    )


def _recount_open_rounds(actor: Actor, groups: list[AffiliateGroup], cause: str) -> None:
    """Number every group anew in all rounds that are not closed, and have everything on it checked again."""
    rows = Engagement.objects.filter(group__in=groups).exclude(round__state=Round.State.CLOSED)
    for round_id in sorted(set(rows.order_by().values_list("round_id", flat=True))):
        cap = cap_of(round_id)
        for group in groups:
            recount(group, round_id=round_id, cap=cap)
    ids = list(rows.order_by("id").values_list("id", flat=True))
    tell_nominations(actor=actor, cause=cause, engagement_ids=ids)
