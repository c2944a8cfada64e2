"""What is not stored: fields kept for another party (`Field.who`), texts and places that the owner refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenportal.accounts.actors import Actor
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.sheets import Field, Level, Problem, Settled, Sheet
from greenportal.sheets.paths import label_of, parse
from greenportal.sheets.types import WRITERS, FieldType
from greenportal.sheets.validation import check
from greenportal.sheets.values import clean, is_empty


def readonly_for(actor: Actor, filing: Filing, sheet: Sheet) -> frozenset[str]:
    """Return the parties whose fields the actor may not write in this filing. No query where the sheet keeps none."""
    parties = {field.who for field in _every_field(sheet) if field.who}
    fill = registry.scope(filing.scope).fill
    return frozenset(who for who in parties if not fill(actor, filing.scope_id, who))


def locked_in(filing: Filing, sheet: Sheet) -> Mapping[str, Settled]:
    """Return key → choice, of the fields outside tables that hold what was chosen elsewhere: nobody types there.

    A field that holds something else still (typed before the choice) stays open, so that it can be mended.
    """
    chosen = registry.scope(filing.scope).settled(filing, [field.key for field in sheet.fields()])
    return {key: item for key, item in chosen.items() if clean(str(filing.answers.get(key) or "")) == clean(item.value)}


def withheld(actor: Actor, filing: Filing, sheet: Sheet, changes: Mapping[str, Any]) -> dict[str, Problem]:
    """Return path → what to tell, of each change that touches another party's field or that the owner refuses.

    The owner refuses by `screen` (what may not be typed) and by `settled` (what is chosen elsewhere).

    Taking a row away counts when it would take another party's answer with it.
    """
    closed = readonly_for(actor, filing, sheet)
    found = _screened(filing, sheet, changes)
    for path, chosen in registry.scope(filing.scope).settled(filing, changes.keys()).items():
        if clean(str(changes[path])) != clean(chosen.value):
            label = label_of(sheet, filing.answers, path)
            found[path] = Problem(f"{sheet.key}.{path}", label, chosen.told, Level.ERROR)
    for path, value in changes.items() if closed else ():
        who = _kept_for(filing, sheet, path, value)
        if who in closed:
            message = f"这一项由{WRITERS[who]}填写，您填写的内容没有保存。"
            if value is None and path.endswith("]"):
                message = f"这一行有{WRITERS[who]}填写的内容，不能删除。请联系其删除。"
            label = label_of(sheet, filing.answers, path)
            found[path] = Problem(f"{sheet.key}.{path}", label, message, Level.ERROR)
    return found


def _screened(filing: Filing, sheet: Sheet, changes: Mapping[str, Any]) -> dict[str, Problem]:
    """Return path → why its text may not be stored; the message names the field and never repeats the text."""
    screen, found = registry.scope(filing.scope).screen, {}
    for path, value in changes.items():
        told = screen(value) if isinstance(value, str) and not _is_code(sheet, path, value) else ""
        if told:
            label = label_of(sheet, filing.answers, path)
            found[path] = Problem(f"{sheet.key}.{path}", label, f"“{label}”{told}", Level.ERROR)
    return found


def _is_code(sheet: Sheet, path: str, value: str) -> bool:
    """Whether a code of a legal person stands in its own place: a few of them read like an identity number."""
    place = parse(path)
    if place is None or not (place.field or place.column):
        return False
    field = sheet.field(place.field) if place.field else sheet.table(place.table).column(place.column)
    return field.type == FieldType.USCC and not check(field, value)


def _every_field(sheet: Sheet) -> list[Field]:
    return [*sheet.fields(), *(column for table in sheet.tables() for column in table.columns)]


def _kept_for(filing: Filing, sheet: Sheet, path: str, value: Any) -> str:
    """Return the party that a change at `path` belongs to, "" for everybody's."""
    place = parse(path)
    if place is None:
        return ""
    if place.field:
        return sheet.field(place.field).who
    table = sheet.table(place.table)
    if place.column:
        return table.column(place.column).who
    if value is not None:
        return ""
    rows = filing.answers.get(table.key) or []
    row: Mapping[str, Any] = next((row for row in rows if row["_id"] == place.row), {})
    return next((c.who for c in table.columns if c.who and not is_empty(row.get(c.key))), "")
