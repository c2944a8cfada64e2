"""A filing begins, empty, prefilled or with the answers of an earlier one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import Entry, record, record_all
from greenportal.filings.models import Filing, SheetDefinition
from greenportal.filings.selectors import filing_for, sheet_of
from greenportal.filings.services.following import announce
from greenportal.filings.services.locking import editable_filing
from greenportal.sheets import Answers, Sheet, Table
from greenportal.sheets.values import is_empty, normalise


def start(*, scope: str, scope_id: int, sheet: Sheet, actor: Actor, answers: Mapping[str, Any] | None = None) -> Filing:
    """Begin the filing of `sheet` for an owner, pinned to this definition; one that exists is returned as it is.

    answers: first values (from the directory, an import), normalised here; keys that the sheet does not have
    are left out. The caller has checked that the actor may.
    """
    return start_all(scope=scope, scope_id=scope_id, sheets=[(sheet, answers or {})], actor=actor)[0]


def start_all(
    *, scope: str, scope_id: int, sheets: Sequence[tuple[Sheet, Mapping[str, Any]]], actor: Actor
) -> list[Filing]:
    """Begin the filings of several sheets of one owner, in their order (`start_many`)."""
    return start_many(scope=scope, parts=[(scope_id, sheet, answers) for sheet, answers in sheets], actor=actor)


def start_many(*, scope: str, parts: Sequence[tuple[int, Sheet, Mapping[str, Any]]], actor: Actor) -> list[Filing]:
    """Begin the filings of many owners, (scope_id, sheet, first values) each, in their order. Constant queries.

    One audit entry each. The caller has checked that the actor may.
    """
    now = clock.now()
    with transaction.atomic():
        SheetDefinition.objects.bulk_create(
            [
                SheetDefinition(sha256=sheet.sha256, key=sheet.key, definition=dict(sheet.definition), created_at=now)
                for sheet in {sheet.sha256: sheet for _, sheet, _ in parts}.values()
            ],
            ignore_conflicts=True,
        )
        mine = Filing.objects.filter(scope=scope, scope_id__in={scope_id for scope_id, _, _ in parts})
        before = set(mine.values_list("scope_id", "sheet_key"))
        Filing.objects.bulk_create(
            [
                Filing(
                    scope=scope,
                    scope_id=scope_id,
                    sheet_key=sheet.key,
                    definition_sha256=sheet.sha256,
                    answers=canonical_answers(sheet, answers),
                    created_at=now,
                    updated_at=now,
                    updated_by_id=actor.user_id,
                )
                for scope_id, sheet, answers in parts
                if (scope_id, sheet.key) not in before
            ],
            # Somebody else may begin the same filing meanwhile: then theirs is the one.
            ignore_conflicts=True,
        )
        found = {(filing.scope_id, filing.sheet_key): filing for filing in mine}
        asked = [found[scope_id, sheet.key] for scope_id, sheet, _ in parts]
        record_all(
            actor=actor,
            entries=[
                Entry(action="filings.start", target=f"filings.filing:{filing.pk}", data={"sheet": filing.sheet_key})
                for filing in asked
                if (filing.scope_id, filing.sheet_key) not in before
            ],
        )
    return asked


def canonical_answers(sheet: Sheet, answers: Answers) -> dict[str, Any]:
    """Return the known, non-empty answers normalised; rows without `_id` get one."""
    found: dict[str, Any] = {}
    for field in sheet.fields():
        if field.key in answers and not field.formula:
            value = normalise(field, answers[field.key])
            if not is_empty(value):
                found[field.key] = value
    for table in sheet.tables():
        rows = [_canonical_row(table, row) for row in answers.get(table.key) or []]
        kept = [row for row in rows if len(row) > 1 and (not table.fixed or table.fixed_row(row["_id"]))]
        if kept:
            found[table.key] = kept
    return found


def _canonical_row(table: Table, row: Mapping[str, Any]) -> dict[str, str]:
    row_id = str(row.get("_id") or new_row_id())
    made = {"_id": row_id}
    for column in table.columns:
        if column.key in row and not column.formula and not table.is_printed(row_id, column.key):
            value = normalise(column, row[column.key])
            if not is_empty(value):
                made[column.key] = value
    return made


def new_row_id() -> str:
    """Return the permanent id of a new free row."""
    return uuid.uuid4().hex


def copy_answers(*, from_filing: int, to_filing: int, actor: Actor) -> list[str]:
    """Take over into `to_filing` what is still empty there and may be copied; return the keys taken.

    Reuse of last year's answers. A field is taken when both definitions have it with the same type and the new
    one says `copy`; free rows get new ids. Sections are not marked finished: somebody must read them.
    Raises NotVisible for a source the actor may not see, Refused when the target is not his to change.
    """
    with transaction.atomic():
        source = filing_for(actor, from_filing)
        target = editable_filing(actor, to_filing)
        taken = _takeable(sheet_of(source), source.answers, sheet_of(target), target.answers)
        if taken:
            target.answers = {**target.answers, **taken}
            target.version += 1
            target.updated_at = clock.now()
            target.updated_by_id = actor.user_id
            target.touched = {**target.touched, **{key: [target.version, "", actor.user_id] for key in taken}}
            target.save(update_fields=["answers", "version", "touched", "updated_at", "updated_by"])
            data = {"from": from_filing, "keys": sorted(taken), "version": target.version}
            record(actor=actor, action="filings.copy", target=f"filings.filing:{target.pk}", data=data)
            announce(target, actor)
    return sorted(taken)


def _takeable(old: Sheet, before: Answers, new: Sheet, now: Answers) -> dict[str, Any]:
    old_types = {field.key: field.type for field in old.fields()}
    taken: dict[str, Any] = {}
    for field in new.fields():
        same = old_types.get(field.key) == field.type
        if (
            same
            and field.copy
            and not field.formula
            and is_empty(now.get(field.key))
            and not is_empty(before.get(field.key))
        ):
            taken[field.key] = normalise(field, before[field.key])
    old_tables = {table.key: table for table in old.tables()}
    for table in new.tables():
        if table.key in old_tables and not now.get(table.key):
            rows = _rows(old_tables[table.key], table, before)
            if rows:
                taken[table.key] = rows
    return taken


def _rows(old: Table, new: Table, before: Answers) -> list[dict[str, str]]:
    old_types = {column.key: column.type for column in old.columns}
    kept = [column for column in new.columns if column.copy and old_types.get(column.key) == column.type]
    rows = []
    for row in before.get(old.key) or []:
        values = {column.key: row[column.key] for column in kept if row.get(column.key)}
        fixed = new.fixed_row(row["_id"])
        if values and (fixed or not new.fixed):
            rows.append({"_id": row["_id"] if fixed else new_row_id(), **values})
    return rows
