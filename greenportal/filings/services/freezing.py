"""Immutable versions of answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.filings.models import FORM_CAUSES, Filing, FilingVersion
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services.locking import locked_filing
from greenportal.sheets import Answers, compute


def answers_sha256(definition_sha256: str, answers: Answers) -> str:
    """Return the hash of answers under their definition: sorted keys, UTF-8, the order of rows kept."""
    body = {"answers": answers, "definition": definition_sha256}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(*, filing_id: int, cause: str, actor: Actor) -> FilingVersion:
    """Write the answers as they are, formulas computed, as the next immutable version.

    The same answers frozen again for the same cause give the version that is there, so that a double press
    makes one. The caller decides who may freeze and whether the answers are complete.
    """
    with transaction.atomic():
        filing = locked_filing(filing_id)
        if filing.former_sha256 and cause not in FORM_CAUSES:
            filing.former_sha256 = ""
            filing.save(update_fields=["former_sha256"])
        answers = frozen_answers(filing)
        sha256 = answers_sha256(filing.definition_sha256, answers)
        last = filing.versions.order_by("-number").first()
        if last is not None and last.sha256 == sha256 and last.cause == cause:
            return last
        version = FilingVersion.objects.create(
            filing=filing,
            number=(last.number if last else 0) + 1,
            answers=answers,
            definition_sha256=filing.definition_sha256,
            sha256=sha256,
            cause=cause,
            created_by_id=actor.user_id,
            created_at=clock.now(),
        )
        data = {"number": version.number, "sha256": sha256, "cause": cause}
        record(actor=actor, action="filings.freeze", target=f"filings.filing:{filing.pk}", data=data)
    return version


def frozen_answers(filing: Filing) -> dict[str, Any]:
    """Return the answers as a version keeps them: formulas computed, empty ones left out."""
    full = compute(sheet_of(filing), filing.answers)
    return {key: value for key, value in full.items() if value not in ("", [], None)}


def set_locked(*, filing_ids: Iterable[int], locked: bool) -> int:
    """Lock or open filings inside the caller's transaction, in order of id so that two callers never deadlock.

    Waits for saves under way; a save that comes after sees the lock. Returns how many changed.
    """
    with transaction.atomic():
        ids = list(
            Filing.objects.select_for_update()
            .filter(pk__in=list(filing_ids))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        return Filing.objects.filter(pk__in=ids).exclude(locked=locked).update(locked=locked)
