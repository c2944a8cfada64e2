"""The one door for changes of state: lock, version seen, table, history, audit. Every other service comes through here.

Order of locks, so that nobody waits in a circle: the district's list, then its nominations by id, then the round.
All are FOR NO KEY UPDATE: rows that merely refer to them may be inserted meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import NotVisible, Refused, Stale
from greenportal.rounds.selectors import window
from greenportal.transitions import find
from nominations.constants import SCOPE_LIST, SCOPE_NOMINATION
from nominations.models import Nomination, RecommendationList, StateChange
from nominations.selectors.nominations import lists_visible_to, visible_to
from nominations.states import LIST_TRANSITIONS, NOMINATION_TRANSITIONS, ListState, NominationState

_STALE = "其他人刚刚更改过这项内容，您看到的不是最新状态。请刷新页面后再操作。"


def target_of(nomination_id: int) -> str:
    """Return the audit target of a nomination."""
    return f"{SCOPE_NOMINATION}:{nomination_id}"


def list_target(list_id: int) -> str:
    """Return the audit target of a recommendation list."""
    return f"{SCOPE_LIST}:{list_id}"


def person(actor: Actor) -> int:
    """Return the user who acts, for rows that name one; Refused where nobody is signed in."""
    if actor.user_id is None:
        raise Refused("请先登录再办理。")
    return actor.user_id


def lock_nomination(actor: Actor, nomination_id: int, *, seen_version: int | None = None) -> Nomination:
    """Lock one visible nomination inside the caller's transaction.

    Raises NotVisible for absent and foreign rows alike, Stale when `seen_version` is not the stored one.
    """
    rows = Nomination.objects.select_for_update(no_key=True).filter(
        pk__in=visible_to(actor).filter(pk=nomination_id).values("pk")
    )
    found = rows.first()
    if found is None:
        raise NotVisible
    if seen_version is not None and found.version != seen_version:
        raise Stale(_STALE, current=found.version)
    return found


def lock_list(actor: Actor, list_id: int, *, seen_version: int | None = None) -> RecommendationList:
    """Lock one visible list inside the caller's transaction; raises like `lock_nomination`."""
    visible = lists_visible_to(actor).filter(pk=list_id).values("pk")
    found = RecommendationList.objects.select_for_update(no_key=True).filter(pk__in=visible).first()
    if found is None:
        raise NotVisible
    if seen_version is not None and found.version != seen_version:
        raise Stale(_STALE, current=found.version)
    return found


def lock_with_list(
    actor: Actor, nomination_id: int, *, seen_version: int | None = None, ranking: bool = False
) -> Nomination:
    """Lock the nomination's list first, then the nomination: for moves that may change both.

    ranking: the move may give other checked nominations of the category new places. They are locked
    too, all by id at once, so that nobody who locks by id waits in a circle with this move.
    """
    list_id = visible_to(actor).filter(pk=nomination_id).values_list("list_id", flat=True).first()
    if list_id is not None:
        RecommendationList.objects.select_for_update(no_key=True).get(pk=list_id)
        if ranking:
            lock_ranked(list_id, nomination_id)
    found = lock_nomination(actor, nomination_id, seen_version=seen_version)
    if found.list_id != list_id:
        raise Stale(_STALE, current=found.version)
    return found


def lock_ranked(list_id: int, nomination_id: int) -> None:
    """Lock a nomination of the locked list and the checked ones of its category, by id."""
    category = Nomination.objects.filter(pk=nomination_id).values("category")[:1]
    rows = Nomination.objects.filter(list_id=list_id, category=category)
    rows = rows.filter(Q(state=NominationState.CHECKED) | Q(pk=nomination_id)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def window_open(*, round_id: int, key: str, authority_id: int) -> bool:
    """True when the clock `key` is open for the district at this request's time of receipt. One answer per request."""
    if not key:
        return True
    return window(round_id=round_id, key=key, authority_id=authority_id, at=clock.now()).open


def move(
    nomination: Nomination,
    action: str,
    *,
    actor: Actor,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    fields: Iterable[str] = (),
    in_window: bool | None = None,
) -> StateChange:
    """Move a locked nomination along its table: state and version, one history row, one audit entry.

    fields: other attributes already set on the row, saved with it. data: extra content of the audit
    entry. in_window: what the caller found out about the move's clock already; None asks it here.
    Raises what `transitions.find` raises.
    """
    rows = [t for t in NOMINATION_TRANSITIONS if t.action == action and actor.role in t.roles]
    keys = {t.window for t in rows if nomination.state in t.sources}
    is_open = (
        in_window
        if in_window is not None
        else all(
            window_open(round_id=nomination.round_id, key=key, authority_id=nomination.authority_id) for key in keys
        )
    )
    found = find(
        NOMINATION_TRANSITIONS,
        state=nomination.state,
        action=action,
        role=actor.role,
        window_open=is_open,
        reason=reason,
        named=NominationState(nomination.state).label,
    )
    source, now = nomination.state, clock.now()
    nomination.state = found.target
    nomination.version += 1
    nomination.updated_at = now
    nomination.save(update_fields=["state", "version", "updated_at", *fields])
    change = StateChange.objects.create(
        nomination=nomination,
        action=action,
        source=source,
        target=found.target,
        reason=reason.strip(),
        actor_id_value=actor.user_id,
        actor_name=actor.name,
        role=str(actor.role),
        at=now,
    )
    content = {"source": source, "target": found.target, "version": nomination.version, "change": change.pk}
    if reason.strip():
        content["reason"] = reason.strip()
    record(
        actor=actor,
        action=f"nomination.{action}",
        target=target_of(nomination.pk),
        data={**content, **(data or {})},
    )
    return change


def touch(
    nomination: Nomination,
    *,
    actor: Actor,
    action: str,
    fields: Iterable[str] = (),
    data: Mapping[str, Any] | None = None,
) -> None:
    """Save a change that is no change of state: version, time and one audit entry `nomination.<action>`."""
    nomination.version += 1
    nomination.updated_at = clock.now()
    nomination.save(update_fields=["version", "updated_at", *fields])
    record(actor=actor, action=f"nomination.{action}", target=target_of(nomination.pk), data=dict(data or {}))


def move_list(
    row: RecommendationList,
    action: str,
    *,
    actor: Actor,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    fields: Iterable[str] = (),
    in_window: bool | None = None,
) -> None:
    """Move a locked list along its table; same effects as `move` without the history row (the audit is its history)."""
    keys = {t.window for t in LIST_TRANSITIONS if t.action == action and actor.role in t.roles}
    is_open = (
        in_window
        if in_window is not None
        else all(window_open(round_id=row.round_id, key=key, authority_id=row.authority_id) for key in keys)
    )
    found = find(
        LIST_TRANSITIONS,
        state=row.state,
        action=action,
        role=actor.role,
        window_open=is_open,
        reason=reason,
        named=ListState(row.state).label,
    )
    source = row.state
    row.state = found.target
    row.version += 1
    row.updated_at = clock.now()
    row.save(update_fields=["state", "version", "updated_at", *fields])
    content: dict[str, Any] = {"source": source, "target": found.target, "version": row.version, **(data or {})}
    if reason.strip():
        content["reason"] = reason.strip()
    record(actor=actor, action=f"list.{action}", target=list_target(row.pk), data=content)
