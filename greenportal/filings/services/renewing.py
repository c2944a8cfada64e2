"""A filing that begins again: for another writer, or under another definition of its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.filings.models import Filing, SheetDefinition
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services.freezing import freeze
from greenportal.filings.services.locking import locked_filing
from greenportal.filings.services.starting import canonical_answers
from greenportal.sheets import Sheet


def begin_anew(*, filing_id: int, cause: str, actor: Actor, answers: Mapping[str, Any] | None = None) -> Filing:
    """Empty a filing for another writer and put first answers in; what stood there is kept as a version.

    The caller has checked that the actor may, and holds the owner's lock. Pages that are still open conflict.
    """
    with transaction.atomic():
        filing = locked_filing(filing_id)
        sheet = sheet_of(filing)
        return _put(filing, sheet, canonical_answers(sheet, answers or {}), cause=cause, actor=actor)


def repin(
    *, filing_id: int, sheet: Sheet, cause: str, actor: Actor, answers: Mapping[str, Any] | None = None
) -> Filing:
    """Go on under another definition of the same form (rows of another evaluation table); the same one changes nothing.

    Answers to what the new definition still has are kept; what it does not have stays in the version
    that is written first. `answers`: those of the filing as its owner carries them over. The caller has checked that the actor may, and holds the owner's lock.
    """
    with transaction.atomic():
        filing = locked_filing(filing_id)
        if filing.definition_sha256 == sheet.sha256:
            return filing
        if filing.sheet_key != sheet.key:
            raise ValueError(f"filing of {filing.sheet_key} cannot go on as {sheet.key}")
        SheetDefinition.objects.bulk_create(
            [
                SheetDefinition(
                    sha256=sheet.sha256, key=sheet.key, definition=dict(sheet.definition), created_at=clock.now()
                )
            ],
            ignore_conflicts=True,
        )
        return _put(
            filing,
            sheet,
            canonical_answers(sheet, filing.answers if answers is None else answers),
            cause=cause,
            actor=actor,
        )


def _typed(filing: Filing) -> bool:
    """True when somebody wrote something: what the directory filled in is no word worth a version."""
    known = {field.key for field in sheet_of(filing).fields() if field.reuse}
    return any(value for key, value in filing.answers.items() if key not in known)


def _put(filing: Filing, sheet: Sheet, answers: dict[str, Any], *, cause: str, actor: Actor) -> Filing:
    if _typed(filing):
        freeze(filing_id=filing.pk, cause=cause, actor=actor)
    gone = {key for key in filing.answers if filing.answers[key] != answers.get(key)}
    filing.version += 1
    filing.touched = {**filing.touched, **{key: [filing.version, "", actor.user_id] for key in gone | set(answers)}}
    filing.answers, filing.definition_sha256, filing.done_sections = answers, sheet.sha256, []
    filing.updated_at, filing.updated_by_id = clock.now(), actor.user_id
    filing.save()
    data = {"cause": cause, "version": filing.version, "definition": sheet.sha256}
    record(actor=actor, action="filings.renew", target=f"filings.filing:{filing.pk}", data=data)
    return filing
