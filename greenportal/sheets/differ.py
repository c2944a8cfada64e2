"""What changed between two sets of answers, as printed texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from greenportal.sheets import computing
from greenportal.sheets.paths import cell, cell_label, parse, rows_of
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Answers, Change, Field, Sheet, Table


def diff(sheet: Sheet, old: Answers, new: Answers) -> list[Change]:
    """Return the differences in printed order, formulas computed; rows are matched by their permanent `_id`.

    A row that came or went shows each of its filled cells against an empty text.
    """
    before, after = computing.compute(sheet, old), computing.compute(sheet, new)
    found: list[Change] = []
    for section in sheet.sections:
        for field in section.fields:
            found.extend(_changed(sheet, field.key, field.label, field, before.get(field.key), after.get(field.key)))
        for table in section.tables:
            found.extend(_table(sheet, table, before, after))
    return found


def diff_versions(old_sheet: Sheet, old: Answers, new_sheet: Sheet, new: Answers) -> list[Change]:
    """Return the differences between answers given under two definitions of a form.

    What both definitions have is compared as the new one prints it; what only the old one had (a field, a table, a
    column, a printed row) comes last.
    """
    if old_sheet.sha256 == new_sheet.sha256:
        return diff(new_sheet, old, new)
    return diff(new_sheet, alike(old_sheet, new_sheet, old), new) + left_behind(old_sheet, old, new_sheet)


def left_behind(old_sheet: Sheet, old: Answers, new_sheet: Sheet) -> list[Change]:
    """Return what was answered at places that the newer definition has no more, against an empty text."""
    return [change for change in diff(old_sheet, old, {}) if not _stands(old_sheet, new_sheet, change.path)]


def alike(old: Sheet, new: Sheet, answers: Answers) -> dict[str, Any]:
    """Return the answers whose key names the same kind of thing in both definitions: a field, or a table."""
    return {key: value for key, value in answers.items() if _kind(old, key) == _kind(new, key)}


def _kind(sheet: Sheet, key: str) -> str:
    if any(field.key == key for field in sheet.fields()):
        return "field"
    return "table" if any(table.key == key for table in sheet.tables()) else ""


def _stands(old: Sheet, new: Sheet, path: str) -> bool:
    """True when a place of the old definition is one of the new definition too."""
    place = parse(path.removeprefix(f"{old.key}."))
    if place is None:
        return False
    key = place.field or place.table
    if _kind(old, key) != _kind(new, key):
        return False
    if place.field:
        return True
    table = new.table(place.table)
    column = any(item.key == place.column for item in table.columns)
    return column and (not table.fixed or table.fixed_row(place.row) is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a form asks: key of its section, and how people name it."""

    section: str
    label: str


def newly_asked(old: Sheet, new: Sheet) -> list[Asked]:
    """Return what the newer definition asks and the older did not: fields, tables, columns and printed rows."""
    before = _asked(old)
    found = {place: asked for place, asked in _asked(new).items() if place not in before}
    return [asked for (key, part), asked in found.items() if not part or (key, "") not in found]


def _asked(sheet: Sheet) -> dict[tuple[str, str], Asked]:
    found: dict[tuple[str, str], Asked] = {}
    for section in sheet.sections:
        for field in section.fields:
            found[field.key, ""] = Asked(section.key, field.label)
        for table in section.tables:
            found[table.key, ""] = Asked(section.key, table.label)
            for column in table.columns:
                found[table.key, column.key] = Asked(section.key, f"{table.label}“{column.label}”一列")
            for row in table.fixed:
                words = next(
                    (row.values[c.key] for c in table.columns if c.key in row.values and c.key != "no"), row.id
                )
                found[table.key, f"[{row.id}]"] = Asked(section.key, f"{table.label}“{words}”一行")
    return found


def _changed(sheet: Sheet, path: str, label: str, field: Field, old: object, new: object) -> Iterator[Change]:
    before, after = text_of(field, old), text_of(field, new)
    if before != after:
        yield Change(f"{sheet.key}.{path}", label, before, after)


def _table(sheet: Sheet, table: Table, old: Answers, new: Answers) -> Iterator[Change]:
    before = {row["_id"]: row for row in rows_of(table, old)}
    after = {row["_id"]: row for row in rows_of(table, new)}
    gone = [row_id for row_id in before if row_id not in after]
    numbers = {row_id: number for number, row_id in enumerate(chain(after, gone), start=1)}
    for row_id, number in numbers.items():
        for column in table.columns:
            if not table.is_printed(row_id, column.key):
                old_value = before.get(row_id, {}).get(column.key)
                new_value = after.get(row_id, {}).get(column.key)
                label = cell_label(table, number, column)
                yield from _changed(sheet, cell(table.key, row_id, column.key), label, column, old_value, new_value)
