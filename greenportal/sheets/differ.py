"""What changed between two sets of answers, as printed texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from greenportal.sheets import computing
from greenportal.sheets.paths import cell, cell_label, parse, rows_of
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Answers, Change, Field, FixedRow, Sheet, Table
from greenportal.sheets.values import code

#: Columns whose printed texts say which row it is.
_ROW_WORDS = ("item", "requirement")


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

    What both definitions have is compared as the new one prints it, printed rows by their words; what only the old
    one had (a field, a table, a column, a printed row) comes last.
    """
    if old_sheet.sha256 == new_sheet.sha256:
        return diff(new_sheet, old, new)
    return diff(new_sheet, _renumbered(old_sheet, new_sheet, old), new) + left_behind(old_sheet, old, new_sheet)


def left_behind(old_sheet: Sheet, old: Answers, new_sheet: Sheet) -> list[Change]:
    """Return what was answered at places that the newer definition has no more, against an empty text.

    A printed row is one of words, not of a number: an evaluation table that replaces another begins to number anew.
    """
    gone = [change for change in diff(old_sheet, old, {}) if not _stands(old_sheet, new_sheet, change.path)]
    return [replace(change, label=_named(old_sheet, change)) for change in gone]


def _named(sheet: Sheet, change: Change) -> str:
    """Return how people know a place that is gone: a printed row by its words, anything else as everywhere."""
    place = parse(change.path.removeprefix(f"{sheet.key}."))
    if place is None or not place.table:
        return change.label
    table = sheet.table(place.table)
    row = table.fixed_row(place.row)
    return f"{table.label}“{_called(table, row)}” {table.column(place.column).label}" if row else change.label


def _called(table: Table, row: FixedRow) -> str:
    """Return the words by which people know a printed row: its indicator, with what is asked where several bear it."""
    item, asked = (row.values.get(name, "") for name in _ROW_WORDS)
    alone = item and [other.values.get("item") for other in table.fixed].count(item) == 1
    texts = [item] if alone else [text for text in (item, asked) if text]
    first = next((row.values[c.key] for c in table.columns if c.key in row.values and c.key != "no"), row.id)
    return "　".join(texts) or first


def _same(row: FixedRow, own: Table, table: Table) -> FixedRow | None:
    """Return the row of another definition's `table` that bears the same words as this one of `own`, each alone.

    Where it bears none, by its number.
    """
    for names in (_ROW_WORDS, _ROW_WORDS[:1]):
        wanted = _texts(row, names)
        found = [other for other in table.fixed if _texts(other, names) == wanted]
        if any(wanted) and len(found) == 1 == [_texts(other, names) for other in own.fixed].count(wanted):
            return found[0]
    return None if any(_texts(row, _ROW_WORDS)) else table.fixed_row(row.id)


def _texts(row: FixedRow, names: Sequence[str]) -> list[str]:
    return [code(row.values.get(name, "")) for name in names]


def _renumbered(old: Sheet, new: Sheet, answers: Answers) -> dict[str, Any]:
    """Return the answers that both definitions ask, each printed row under the number that its words have now."""
    found = alike(old, new, answers)
    for table in new.tables():
        former = old.table(table.key) if _kind(old, table.key) == "table" else None
        if former is None or not (table.fixed and former.fixed) or table.key not in found:
            continue
        now = {row.id: same.id for row in former.fixed if (same := _same(row, former, table))}
        found[table.key] = [{**row, "_id": now[row["_id"]]} for row in found[table.key] if row["_id"] in now]
    return found


def alike(old: Sheet, new: Sheet, answers: Answers) -> dict[str, Any]:
    """Return the answers whose key names the same kind of thing in both definitions: a field, or a table."""
    return {key: value for key, value in answers.items() if _kind(old, key) == _kind(new, key)}


def _kind(sheet: Sheet, key: str) -> str:
    if any(field.key == key for field in sheet.fields()):
        return "field"
    return "table" if any(table.key == key for table in sheet.tables()) else ""


def _stands(old: Sheet, new: Sheet, path: str) -> bool:
    """True when a place of the old definition is one of the new definition too."""
    return bool(path_in(old, new, path.removeprefix(f"{old.key}.")))


def path_in(old: Sheet, new: Sheet, path: str) -> str:
    """Return where the new definition has a place of the old one (paths inside the sheet), "" where it has it no more."""
    place = parse(path)
    key = place.field or place.table if place else ""
    if place is None or _kind(old, key) != _kind(new, key):
        return ""
    if place.field:
        return path
    table, former = new.table(key), old.table(key)
    if place.column and not any(item.key == place.column for item in table.columns):
        return ""
    row_id = place.row
    if table.fixed:
        printed = former.fixed_row(place.row)
        now = _same(printed, former, table) if printed else table.fixed_row(place.row)
        row_id = now.id if now else ""
    if not row_id:
        return ""
    return cell(key, row_id, place.column) if place.column else f"{key}[{row_id}]"


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a form asks: key of its section, and how people name it."""

    section: str
    label: str


def newly_asked(old: Sheet, new: Sheet) -> list[Asked]:
    """Return what the newer definition asks and the older did not: fields, tables, columns and printed rows."""
    before = _asked(old)
    rows = {table.key: table for table in old.tables()}
    stand = {
        (table.key, f"[{row.id}]")
        for table in new.tables()
        for row in table.fixed
        if table.key in rows and _same(row, table, rows[table.key])
    }
    found = {
        place: asked
        for place, asked in _asked(new).items()
        if (place not in stand if place[1].startswith("[") else place not in before)
    }
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
                found[table.key, f"[{row.id}]"] = Asked(section.key, f"{table.label}“{_called(table, row)}”一行")
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
