"""Names of the places in a sheet: anchors of comments, names of inputs, keys of changes.

A path inside a sheet is `field`, `table[row]` or `table[row].column`; with the sheet's key and a dot
before it, it is the anchor that comments, problems and differences use. The input of `table[row].column`
is named `table__row__column`, because brackets and dots are awkward in ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from greenportal.sheets.types import Answers, Field, Sheet, Table

KEY = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
ROW_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_CELL = re.compile(rf"({KEY.pattern})\[({ROW_ID.pattern})\](?:\.({KEY.pattern}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A parsed path: a field (`table` empty), a row (`column` empty) or a cell."""

    field: str = ""
    table: str = ""
    row: str = ""
    column: str = ""


def parse(path: str) -> Place | None:
    """Return the place that `path` (without the sheet's key) names, or None when it is not a path."""
    if KEY.fullmatch(path):
        return Place(field=path)
    found = _CELL.fullmatch(path)
    return Place(table=found[1], row=found[2], column=found[3] or "") if found else None


def cell(table: str, row: str, column: str) -> str:
    """Return the path of a cell inside its sheet."""
    return f"{table}[{row}].{column}"


def input_name(path: str) -> str:
    """Return the name of the input that edits `path`; the same for both ways of writing a field."""
    place = parse(path)
    if place is None or place.field:
        return path
    return "__".join(part for part in (place.table, place.row, place.column) if part)


def from_input_name(name: str) -> str:
    """Return the path that the input `name` edits."""
    parts = name.split("__")
    return cell(*parts) if len(parts) == 3 else name


def input_id(path: str) -> str:
    """Return the DOM id of the input that edits `path` (with or without the sheet's key)."""
    inner = path if parse(path) else path.partition(".")[2]
    return f"id_{input_name(inner)}"


def anchors(sheet: Sheet, answers: Answers) -> Iterator[tuple[str, str]]:
    """Yield (path with sheet key, label) of every place where a reviewer may leave a comment."""
    for section in sheet.sections:
        for field in section.fields:
            yield f"{sheet.key}.{field.key}", field.label
        for table in section.tables:
            for number, row in enumerate(rows_of(table, answers), start=1):
                for column in table.columns:
                    if not table.is_printed(row["_id"], column.key):
                        yield (
                            f"{sheet.key}.{cell(table.key, row['_id'], column.key)}",
                            cell_label(table, number, column),
                        )


def cell_label(table: Table, number: int, column: Field) -> str:
    """Return how a message names a cell: 产品型号 第2行 型号."""
    return f"{table.label} 第{number}行 {column.label}"


def label_of(sheet: Sheet, answers: Answers, path: str) -> str:
    """Return the label of `path` (without the sheet's key), or the path itself when nothing is there."""
    full = f"{sheet.key}.{path}"
    return next((label for found, label in anchors(sheet, answers) if found == full), path)


def rows_of(table: Table, answers: Answers) -> list[dict[str, str]]:
    """Return the table's rows: the fixed ones in printed order with their answers, or the free ones as stored."""
    stored = [row for row in answers.get(table.key) or [] if isinstance(row, dict) and row.get("_id")]
    if not table.fixed:
        return [dict(row) for row in stored]
    by_id = {row["_id"]: row for row in stored}
    return [{**by_id.get(row.id, {}), **row.values, "_id": row.id} for row in table.fixed]
