"""Reading the cells of a workbook through calamine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum

from greenportal.files.child import archive, markup
from greenportal.files.child.refusal import Refusal

MAX_SHEETS = 50
MAX_TEXT = 32_767
MAX_EXACT = 10**15


def rows(path: Path, *, max_rows: int, max_cols: int) -> Iterator[dict[str, Any]]:
    """Yield {"sheet": name} and then {"row": [cell, …]} for every sheet of the workbook. Raises Refusal.

    A cell is a JSON value, or {"d": ISO text} for a date and time; a number shown as a percentage and
    an error are the texts that people see (85%, #REF!). Rows start at row 1, columns at A.
    """
    archive.check(path, "xlsx")
    try:
        book = CalamineWorkbook.from_path(path)
    except PasswordError as exc:
        raise Refusal("password") from exc
    marked = markup.seen(path)
    with book:
        sheets = [meta.name for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        if len(sheets) > MAX_SHEETS:
            raise Refusal("too_complex")
        for name in sheets:
            sheet = book.get_sheet_by_name(name)
            height, width = (last + 1 for last in sheet.end or (-1, -1))
            if height > max_rows or width > max_cols:
                raise Refusal(
                    "too_many_rows", sheet=name, rows=max_rows, cols=max_cols,
                    actual_rows=height, actual_cols=width,
                )  # fmt: skip
            yield {"sheet": name}
            marks = marked.get(name, {})
            for number, row in enumerate(sheet.to_python(skip_empty_area=False)):
                cells = [_cell(value) for value in row]
                if marks:
                    cells = [_seen(value, marks.get((number, at), "")) for at, value in enumerate(cells)]
                yield {"row": cells}


def inspect(path: Path, *, max_rows: int, max_cols: int) -> dict[str, Any]:
    """Return {"sheets": count, "rows": count} after reading every cell once. Raises Refusal."""
    sheets = count = 0
    for item in rows(path, max_rows=max_rows, max_cols=max_cols):
        sheets += "sheet" in item
        count += "row" in item
    return {"sheets": sheets, "rows": count}


def _cell(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise Refusal("cell_too_long", limit=MAX_TEXT)
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT:
        # A workbook stores every number as a double; 2022.0 is what Excel shows as 2022.
        return int(value)
    if isinstance(value, dt.datetime):
        return {"d": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": dt.datetime.combine(value, dt.time()).isoformat()}
    if isinstance(value, (dt.time, dt.timedelta)):
        return str(value)
    return value


def _seen(value: Any, mark: str) -> Any:
    """Return what people see: 85% for 0.85, with the fifteen digits that Excel keeps; an error by its name."""
    if mark == "%" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{Decimal(f'{value:.15g}') * 100:f}%"
    return mark if mark.startswith("#") else value
