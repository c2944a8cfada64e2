"""What changed between two sets of answers, as printed texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from greenportal.sheets import computing
from greenportal.sheets.paths import cell, cell_label, rows_of
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

    What both definitions have is compared as the new one prints it; what only the old one had comes last.
    """
    changes = diff(new_sheet, old, new)
    if old_sheet.sha256 == new_sheet.sha256:
        return changes
    kept = {key for section in new_sheet.sections for key in section.item_keys()}
    gone = diff(old_sheet, old, {})
    return changes + [change for change in gone if _item(old_sheet, change.path) not in kept]


def _item(sheet: Sheet, path: str) -> str:
    return path.removeprefix(f"{sheet.key}.").partition("[")[0]


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
