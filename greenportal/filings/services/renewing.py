"""A filing that begins again: for another writer, or under another definition of its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from greenportal.sheets.differ import alike


def begin_anew(*, filing_id: int, cause: str, actor: Actor, answers: Mapping[str, Any] | None = None) -> Filing:
    """Empty a filing for another writer and put first answers in; what stood there is kept as a version.

    The caller has checked that the actor may, and holds the owner's lock. Pages that are still open conflict.
    """
    with transaction.atomic():
        filing = locked_filing(filing_id)
        sheet = sheet_of(filing)
        return _put(filing, sheet, canonical_answers(sheet, answers or {}), cause=cause, actor=actor)


#: From a filing's definition and answers, as they stand under its lock, to the answers under the new definition.
Carry = Callable[[Sheet, Mapping[str, Any]], Mapping[str, Any]]


def repin(*, filing_id: int, sheet: Sheet, cause: str, actor: Actor, carry: Carry | None = None) -> Filing:
    """Go on under another definition of the same form (rows of another evaluation table); the same one changes nothing.

    cause: one of `models.FORM_CAUSES`. Answers to what the new definition still has are kept by their permanent keys,
    and a section stays finished where neither its questions nor its answers changed; what the new definition does
    not have stays in the version that is written first, and `selectors.changes.form_change` tells both.
    carry: how the owner carries the answers over, called under the filing's lock, so that what an autosave stored a
    moment ago is carried too. The caller has checked that the actor may, and holds the owner's lock.
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
        old = sheet_of(filing)
        given = alike(old, sheet, carry(old, filing.answers) if carry else filing.answers)
        kept = canonical_answers(sheet, given)
        return _put(
            filing,
            sheet,
            kept,
            cause=cause,
            actor=actor,
            # The first of several forms in a row: until it is frozen all that any of them changed is news.
            former=filing.former_sha256 or (filing.definition_sha256 if _typed(filing) else ""),
            done=_still_done(old, sheet, filing, kept),
        )


def _typed(filing: Filing) -> bool:
    """True when somebody wrote something: what the directory filled in is no word worth a version."""
    known = {field.key for field in sheet_of(filing).fields() if field.reuse}
    return any(value for key, value in filing.answers.items() if key not in known)


def _still_done(old: Sheet, new: Sheet, filing: Filing, answers: Mapping[str, Any]) -> list[str]:
    """Return the finished sections in which nothing is asked or answered otherwise than before."""
    before = {section.key: section for section in old.sections}
    return [
        section.key
        for section in new.sections
        if section.key in filing.done_sections
        and before.get(section.key) == section
        and all(filing.answers.get(key) == answers.get(key) for key in section.item_keys())
    ]


def _put(
    filing: Filing,
    sheet: Sheet,
    answers: dict[str, Any],
    *,
    cause: str,
    actor: Actor,
    former: str = "",
    done: Sequence[str] = (),
) -> Filing:
    if _typed(filing):
        freeze(filing_id=filing.pk, cause=cause, actor=actor)
    gone = {key for key in filing.answers if filing.answers[key] != answers.get(key)}
    filing.version += 1
    filing.touched = {**filing.touched, **{key: [filing.version, "", actor.user_id] for key in gone | set(answers)}}
    filing.answers, filing.definition_sha256, filing.done_sections = answers, sheet.sha256, list(done)
    filing.former_sha256 = former
    filing.updated_at, filing.updated_by_id = clock.now(), actor.user_id
    filing.save()
    data = {"cause": cause, "version": filing.version, "definition": sheet.sha256}
    record(actor=actor, action="filings.renew", target=f"filings.filing:{filing.pk}", data=data)
    return filing
