"""Writing the trail. Nothing here is ever changed or removed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import scrubbed
from greenportal.audit import chain
from greenportal.audit.models import AuditAnchor, AuditEntry, AuditHead
from greenportal.audit.verification import Break, verify

__all__ = [
    "Break",
    "Entry",
    "anchor",
    "record",
    "record_all",
    "record_failure",
    "record_read",
    "record_refusal",
    "verify",
]

#: Key of the advisory lock under which anchors are written, so that seals form one chain.
_ANCHOR_LOCK = 7_310_001


@dataclass(frozen=True, slots=True)
class Entry:
    """One of many things recorded together (`record_all`); the fields are those of `record`."""

    action: str
    target: str
    data: Mapping[str, Any] = field(default_factory=dict)
    result: str = "ok"


def record(
    *, actor: Actor, action: str, target: str, data: Mapping[str, Any] | None = None, result: str = "ok"
) -> AuditEntry:
    """Append what `actor` did to `target` (`scope:id`) to the target's stream, in the caller's transaction.

    `action` is `<app>.<verb>`; `data` is JSON-like and free of secrets. If the caller rolls back,
    so does the entry: what did not happen is not recorded as done.
    """
    with transaction.atomic():
        return _append(actor, Entry(action=action, target=target, data=data or {}, result=result))


def record_all(*, actor: Actor, entries: Sequence[Entry]) -> None:
    """Append many entries in their order, each to its target's stream, in the caller's transaction. Six queries.

    The rows are the same as those of one `record` after the other. Heads are locked by name of stream, so that two
    callers never wait for each other in a circle.
    """
    if len(entries) < 2:
        for told in entries:
            with transaction.atomic():
                _append(actor, told)
        return
    streams = sorted({chain.clean(entry.target, 80) for entry in entries})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MAKE_ALL, [streams, chain.GENESIS])
        cursor.execute(_LOCK_ALL, [streams])
        heads = {stream: (int(position), str(digest)) for stream, position, digest in cursor.fetchall()}
        rows = []
        for told in entries:
            stream = chain.clean(told.target, 80)
            row = _chained(actor, told, *heads[stream])
            heads[stream] = (row.position, row.digest)
            rows.append(row)
        AuditEntry.objects.bulk_create(rows)
        moved = [heads[stream] for stream in streams]
        cursor.execute(_MOVE_ALL, [streams, [position for position, _ in moved], [digest for _, digest in moved]])


def record_refusal(
    *, actor: Actor, action: str, target: str, reason: str, data: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Append a refusal in a transaction of its own; called after the business transaction rolled back.

    Raises RuntimeError when a transaction is still open: the entry would be lost with it.
    """
    with transaction.atomic(durable=True):
        content = {**(data or {}), "reason": reason}
        return _append(actor, Entry(action=action, target=target, data=content, result="refused"))


def record_failure(*, actor: Actor, action: str, target: str, data: Mapping[str, Any]) -> AuditEntry:
    """Append that something was tried and broke (a failed sign-in, a job given up)."""
    with transaction.atomic():
        return _append(actor, Entry(action=action, target=target, data=data, result="failed"))


def record_read(*, actor: Actor, target: str, what: str, data: Mapping[str, Any] | None = None) -> AuditEntry:
    """Append that `actor` saw sensitive data: `what` says which (电话, 身份证件号码, 审计记录)."""
    with transaction.atomic():
        return _append(actor, Entry(action="audit.read", target=target, data={**(data or {}), "what": what}))


def _append(actor: Actor, told: Entry) -> AuditEntry:
    """Lock the head of the stream, hash the entry onto it and move the head."""
    with connection.cursor() as cursor:
        entry = _chained(actor, told, *_locked_head(cursor, chain.clean(told.target, 80)))
        entry.save(force_insert=True)
        cursor.execute(_MOVE, [entry.position, entry.digest, entry.stream])
    return entry


def _chained(actor: Actor, told: Entry, position: int, previous: str) -> AuditEntry:
    """Return the unsaved entry that follows (position, previous) in the stream of its target."""
    stream = chain.clean(told.target, 80)
    entry = AuditEntry(
        stream=stream,
        position=position + 1,
        at=clock.now(),
        user_id=actor.user_id,
        actor_name=chain.clean(actor.name, 60),
        role=str(actor.role),
        authority_id=actor.authority_id,
        organisation_id=actor.organisation_id,
        address=chain.clean(actor.address, 64),
        action=chain.clean(told.action, 60),
        target=stream,
        result=str(AuditEntry.Result(told.result)),
        # The trail is kept for ever: a number that slipped into a message is starred before it is hashed.
        data=scrubbed(chain.plain(told.data)),
        previous=previous,
    )
    row = {name: getattr(entry, name) for name in chain.COLUMNS}
    entry.digest = chain.entry_digest(row, at=entry.at, previous=previous)
    return entry


_LOCK = "SELECT position, digest FROM audit_audithead WHERE stream = %s FOR UPDATE"
_MAKE = "INSERT INTO audit_audithead (stream, position, digest) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
_MOVE = "UPDATE audit_audithead SET position = %s, digest = %s WHERE stream = %s"
_MAKE_ALL = """INSERT INTO audit_audithead (stream, position, digest) SELECT unnest(%s::text[]), 0, %s
ON CONFLICT DO NOTHING"""
_LOCK_ALL = "SELECT stream, position, digest FROM audit_audithead WHERE stream = ANY(%s) ORDER BY stream FOR UPDATE"
_MOVE_ALL = """UPDATE audit_audithead AS head SET position = moved.position, digest = moved.digest
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS moved (stream, position, digest) WHERE head.stream = moved.stream"""


def _locked_head(cursor: CursorWrapper, stream: str) -> tuple[int, str]:
    """Return position and digest of the head of `stream`, made if it is new, locked until the transaction ends.

    Plain SQL: this runs several times in one transaction by its nature.
    """
    cursor.execute(_LOCK, [stream])
    found = cursor.fetchone()
    if found is None:
        cursor.execute(_MAKE, [stream, chain.GENESIS])
        cursor.execute(_LOCK, [stream])
        found = cursor.fetchone()
    position, digest = found
    return int(position), str(digest)


@transaction.atomic
def anchor() -> AuditAnchor:
    """Write down every head that moved since its last anchor, then the seal over them; return the seal.

    Called daily. Ship the seal's digest off the machine: `verify_audit --seal DIGEST` then proves
    that no stream that existed at that moment was shortened, rewritten or removed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ANCHOR_LOCK])
    last = {
        row.stream: (row.position, row.digest)
        for row in AuditAnchor.objects.order_by("stream", "-id").distinct("stream")
    }
    moved = [
        (head.stream, head.position, head.digest)
        for head in AuditHead.objects.order_by("stream")
        if last.get(head.stream) != (head.position, head.digest)
    ]
    at = clock.now()
    AuditAnchor.objects.bulk_create(
        [AuditAnchor(stream=stream, position=position, digest=digest, at=at) for stream, position, digest in moved]
    )
    previous = last.get(chain.SEAL, (0, chain.GENESIS))[1]
    return AuditAnchor.objects.create(
        stream=chain.SEAL, position=len(moved), digest=chain.seal_digest(previous, moved), at=at
    )
