"""Writing the trail. Nothing here is ever changed or removed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import scrubbed
from greenportal.audit import chain
from greenportal.audit.models import AuditAnchor, AuditEntry, AuditHead
from greenportal.audit.verification import Break, verify

__all__ = ["Break", "anchor", "record", "record_failure", "record_read", "record_refusal", "verify"]

#: Key of the advisory lock under which anchors are written, so that seals form one chain.
_ANCHOR_LOCK = 7_310_001


def record(
    *, actor: Actor, action: str, target: str, data: Mapping[str, Any] | None = None, result: str = "ok"
) -> AuditEntry:
    """Append what `actor` did to `target` (`scope:id`) to the target's stream, in the caller's transaction.

    `action` is `<app>.<verb>`; `data` is JSON-like and free of secrets. If the caller rolls back,
    so does the entry: what did not happen is not recorded as done.
    """
    with transaction.atomic():
        return _append(actor, action, target, data or {}, AuditEntry.Result(result))


def record_refusal(
    *, actor: Actor, action: str, target: str, reason: str, data: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Append a refusal in a transaction of its own; called after the business transaction rolled back.

    Raises RuntimeError when a transaction is still open: the entry would be lost with it.
    """
    with transaction.atomic(durable=True):
        return _append(actor, action, target, {**(data or {}), "reason": reason}, AuditEntry.Result.REFUSED)


def record_failure(*, actor: Actor, action: str, target: str, data: Mapping[str, Any]) -> AuditEntry:
    """Append that something was tried and broke (a failed sign-in, a job given up)."""
    with transaction.atomic():
        return _append(actor, action, target, data, AuditEntry.Result.FAILED)


def record_read(*, actor: Actor, target: str, what: str, data: Mapping[str, Any] | None = None) -> AuditEntry:
    """Append that `actor` saw sensitive data: `what` says which (电话, 身份证件号码, 审计记录)."""
    with transaction.atomic():
        return _append(actor, "audit.read", target, {**(data or {}), "what": what}, AuditEntry.Result.OK)


def _append(actor: Actor, action: str, target: str, data: Mapping[str, Any], result: AuditEntry.Result) -> AuditEntry:
    """Lock the head of the stream, hash the entry onto it and move the head."""
    stream = chain.clean(target, 80)
    with connection.cursor() as cursor:
        position, previous = _locked_head(cursor, stream)
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
            action=chain.clean(action, 60),
            target=stream,
            result=str(result),
            # The trail is kept for ever: a number that slipped into a message is starred before it is hashed.
            data=scrubbed(chain.plain(data)),
            previous=previous,
        )
        row = {name: getattr(entry, name) for name in chain.COLUMNS}
        entry.digest = chain.entry_digest(row, at=entry.at, previous=previous)
        entry.save(force_insert=True)
        cursor.execute(_MOVE, [entry.position, entry.digest, stream])
    return entry


_LOCK = "SELECT position, digest FROM audit_audithead WHERE stream = %s FOR UPDATE"
_MAKE = "INSERT INTO audit_audithead (stream, position, digest) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
_MOVE = "UPDATE audit_audithead SET position = %s, digest = %s WHERE stream = %s"


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
