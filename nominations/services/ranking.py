"""The order in which a district recommends: dense, 1..n, per category. Guarded by the lock on the list."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, Stale, WrongState
from nominations import rules
from nominations.models import Nomination, RecommendationList
from nominations.services.moving import list_target, lock_list, lock_with_list
from nominations.states import ListState, NominationState


def _ranked(row: RecommendationList, category: str) -> list[Nomination]:
    """The checked nominations of a category, locked by id, in their order; those without a place come last by id."""
    found = Nomination.objects.filter(
        round_id=row.round_id, authority_id=row.authority_id, category=category, state=NominationState.CHECKED
    )
    locked = found.order_by("pk").select_for_update(no_key=True)
    return sorted(locked, key=lambda n: (n.rank is None, n.rank or 0, n.pk))


def _write(ordered: Sequence[Nomination]) -> None:
    """Give the places 1..n: first none, then the new ones, so that the unique constraint never meets itself."""
    wrong = [n for place, n in enumerate(ordered, start=1) if n.rank != place]
    if not wrong:
        return
    Nomination.objects.filter(pk__in=[n.pk for n in wrong]).update(rank=None)
    for place, n in enumerate(ordered, start=1):
        n.rank = place
    Nomination.objects.bulk_update(wrong, ["rank"])


def close_gap(nomination: Nomination) -> None:
    """Close the ranking of the nomination's category after it left; the caller holds the lock on the list."""
    if nomination.list is not None:
        _write(_ranked(nomination.list, nomination.category))


def _require_drafting(row: RecommendationList) -> None:
    if row.state != ListState.DRAFTING:
        raise WrongState(f"推荐汇总表{ListState(row.state).label}，不能调整排序。请先撤销定稿。")


def set_order(
    *, actor: Actor, list_id: int, category: str, nomination_ids: Sequence[int], seen_version: int | None = None
) -> list[Nomination]:
    """Set the whole order of a category at once.

    Raises Stale when the ids are not exactly the checked nominations of the category as stored now
    (somebody checked, returned or withdrew one meanwhile), Invalid when one is named twice.
    """
    with transaction.atomic():
        row = lock_list(actor, list_id, seen_version=seen_version)
        rules.may_prepare_list(actor, row).require()
        _require_drafting(row)
        if len(set(nomination_ids)) != len(nomination_ids):
            raise Invalid("同一申报在排序中出现了两次，请刷新页面后重新排序。")
        present = {n.pk: n for n in _ranked(row, category)}
        if set(nomination_ids) != present.keys():
            raise Stale("已核对的申报有增减，请刷新页面后重新排序。", current=sorted(present))
        ordered = [present[pk] for pk in nomination_ids]
        _write(ordered)
        _record(row, actor, category, ordered)
        return ordered


def shift(*, actor: Actor, nomination_id: int, up: bool) -> list[Nomination]:
    """Move one checked nomination a place up or down; at the end of the list nothing changes."""
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, ranking=True)
        row = lock_list(actor, nomination.list_id or 0)
        rules.may_prepare_list(actor, row).require()
        _require_drafting(row)
        ordered = _ranked(row, nomination.category)
        ids = [n.pk for n in ordered]
        if nomination.pk not in ids:
            raise WrongState("区县核对通过后才能排序。")
        at = ids.index(nomination.pk)
        to = at - 1 if up else at + 1
        if 0 <= to < len(ordered):
            ordered[at], ordered[to] = ordered[to], ordered[at]
        _write(ordered)
        _record(row, actor, nomination.category, ordered)
        return ordered


def _record(row: RecommendationList, actor: Actor, category: str, ordered: Sequence[Nomination]) -> None:
    row.version += 1
    row.updated_at = clock.now()
    row.save(update_fields=["version", "updated_at"])
    data = {"category": category, "order": [n.pk for n in ordered]}
    record(actor=actor, action="list.rank", target=list_target(row.pk), data=data)
