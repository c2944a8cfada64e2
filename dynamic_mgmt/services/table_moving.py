"""The one door for changes of a table's state: lock, version seen, transition table, history, audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dynamic_mgmt.constants import SCOPE_TABLE
from dynamic_mgmt.models import DynamicTable, TableChange
from dynamic_mgmt.selectors.tables import table_window, visible_to
from dynamic_mgmt.table_states import TABLE_TRANSITIONS, state_for
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import Entry, record_all
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale
from greenportal.transitions import find

#: Tables written by one statement.
BATCH = 500
STALE = "其他人刚刚更改过这张表，您看到的不是最新状态。请刷新页面后再操作。"


def table_target(table_id: int) -> str:
    """Return the audit target of a table."""
    return f"{SCOPE_TABLE}:{table_id}"


def person(actor: Actor) -> int:
    """Return the user who acts, for rows that name one; Refused where nobody is signed in."""
    if actor.user_id is None:
        raise Refused("请先登录再办理。")
    return actor.user_id


def lock_table(actor: Actor, table_id: int, *, seen_version: int | None = None) -> DynamicTable:
    """Lock one visible table inside the caller's transaction; NotVisible, or Stale for another version."""
    mine = visible_to(actor).filter(pk=table_id).order_by().values("pk")
    found = DynamicTable.objects.select_for_update(no_key=True).filter(pk__in=mine).first()
    if found is None:
        raise NotVisible
    if seen_version is not None and found.version != seen_version:
        raise Stale(STALE, current=found.version)
    return found


def move_table(
    table: DynamicTable,
    action: str,
    *,
    actor: Actor,
    reason: str = "",
    fields: Iterable[str] = (),
    data: Mapping[str, Any] | None = None,
) -> TableChange:
    """Move a locked table along its transitions: state, version, history row, audit entry `dynamic_mgmt.table_<action>`.

    Raises Refused, WrongState, WindowClosed, ReasonRequired in the order of `transitions.find`.
    """
    change, entry = _step(table, action, actor, reason, data)
    table.save(update_fields=["state", "version", "updated_at", *fields])
    change.save()
    record_all(actor=actor, entries=[entry])
    return change


def move_tables(tables: Sequence[DynamicTable], action: str, *, actor: Actor, fields: Iterable[str] = ()) -> None:
    """Move many locked tables as `move_table` moves one, all or none. Constant queries per BATCH; a move within the clock two more each."""
    steps = [_step(table, action, actor) for table in tables]
    DynamicTable.objects.bulk_update(tables, ["state", "version", "updated_at", *fields], batch_size=BATCH)
    TableChange.objects.bulk_create([change for change, _ in steps])
    record_all(actor=actor, entries=[entry for _, entry in steps])


def _step(
    table: DynamicTable, action: str, actor: Actor, reason: str = "", data: Mapping[str, Any] | None = None
) -> tuple[TableChange, Entry]:
    """Move a table in memory; return its history row, unsaved, and what is recorded."""
    windowed = any(t.window for t in TABLE_TRANSITIONS if t.action == action and actor.role in t.roles)
    found = find(
        TABLE_TRANSITIONS,
        state=table.state,
        action=action,
        role=actor.role,
        window_open=table_window(table).open if windowed else True,
        reason=reason,
        named=state_for(actor.role, table.state).label,
    )
    source, now = table.state, clock.now()
    table.state = found.target
    table.version += 1
    table.updated_at = now
    change = TableChange(
        table=table,
        action=action,
        source=source,
        target=found.target,
        reason=reason.strip(),
        actor_name=actor.name[:60],
        role=str(actor.role),
        by_id=actor.user_id,
        at=now,
    )
    content = {"source": source, "target": found.target, "version": table.version, **(data or {})}
    if reason.strip():
        content["reason"] = reason.strip()
    return change, Entry(action=f"dynamic_mgmt.table_{action}", target=table_target(table.pk), data=content)


def clean(text: str, *, label: str, field: str, limit: int = 500, needed: bool = True) -> str:
    """Return a text trimmed; Invalid at its field when too long, ReasonRequired when needed and empty."""
    found = text.strip()
    if needed and not found:
        raise ReasonRequired(f"填写{label}。")
    if len(found) > limit:
        message = f"{label}不超过{limit}个字，现有{len(found)}个字。"
        raise Invalid(message, errors={field: [message]})
    return found
