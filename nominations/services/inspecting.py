"""签字盖章核对: what the officer saw on the documents of a nomination, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from greenportal.accounts.actors import Actor
from nominations.services.documents import mark_signatures
from nominations.services.moving import lock_nomination


@dataclass(frozen=True, slots=True)
class Mark:
    """What was seen on one document. signed, sealed: complete, lacking, or None: not looked."""

    document_id: int
    signed: bool | None
    sealed: bool | None


def record_inspection(*, actor: Actor, nomination_id: int, seen_version: int, marks: Iterable[Mark]) -> int:
    """Record the marks that differ from what is stored, all or none; returns how many did.

    Raises Refused (not the district, after 定稿, two hats), Stale (a document may have been replaced meanwhile),
    NotVisible (a document of another nomination, or removed).
    """
    changed = 0
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        stored = {row.pk: (row.signed, row.sealed) for row in nomination.documents.filter(removed_at=None)}
        for mark in marks:
            if stored.get(mark.document_id) == (mark.signed, mark.sealed):
                continue
            mark_signatures(
                actor=actor,
                nomination_id=nomination_id,
                document_id=mark.document_id,
                signed=mark.signed,
                sealed=mark.sealed,
            )
            changed += 1
    return changed
