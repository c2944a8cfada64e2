"""A workbook of a former definition, read under the one that its filing follows now: what still stands is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from greenportal.sheets.differ import path_in
from greenportal.sheets.paths import label_of, parse
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Field, Sheet
from greenportal.sheets.values import is_empty, normalise
from greenportal.sheets.workbook import cells
from greenportal.sheets.workbook.types import CellProblem, CellRef, FilingRead

_GONE = "现行表单中没有这一项，这一格没有读取。需要保留的，填入现行表单的相应项目。"


def moved(read: FilingRead, old: Sheet, new: Sheet) -> FilingRead:
    """Return what was read under `old` as it stands under `new`: printed rows by their words, the rest as cell problems.

    An empty cell at a place that is gone is no loss and is not told.
    """
    edits: dict[str, Any] = {}
    problems = [replace(problem, path=path_in(old, new, problem.path)) for problem in read.problems]
    for path, value in read.edits.items():
        now = path_in(old, new, path)
        item = _typed_at(new, now)
        where = read.places.get(path, CellRef(new.title, ""))
        label, asked = label_of(old, {}, path), _typed_at(old, path)
        shown = text_of(asked, value) if asked else ""
        if now and value is None and not new.table(now.partition("[")[0]).fixed:
            edits[now] = None
        elif item is None:
            if not is_empty(value):
                problems.append(CellProblem(where.worksheet, where.cell, label, _GONE, "", shown))
        else:
            meant = normalise(item, value)
            wrong = cells.usable(item, meant, label)
            if wrong:
                problems.append(CellProblem(where.worksheet, where.cell, label, f"{wrong}。", now, shown))
            else:
                edits[now] = meant
    base = {now: text for path, text in read.base.items() if (now := path_in(old, new, path))}
    places = {now: where for path, where in read.places.items() if (now := path_in(old, new, path))}
    return replace(read, base=base, edits=edits, places=places, problems=tuple(problems))


def _typed_at(sheet: Sheet, path: str) -> Field | None:
    """Return the field that is typed at a place; None for rows, printed and computed cells and what does not exist."""
    place = parse(path)
    if place is None or (place.table and not place.column):
        return None
    if place.field:
        found = sheet.field(place.field)
    else:
        table = sheet.table(place.table)
        if table.is_printed(place.row, place.column):
            return None
        found = table.column(place.column)
    return None if found.formula else found
