"""Filled workbooks of sheets for tests: drawn by the engine, touched as a person would, read as an upload is."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl import Workbook

from greenportal.files.child import workbook as child
from greenportal.files.jail import Worksheet
from greenportal.sheets import Answers, Sheet
from greenportal.sheets.workbook import Contents, FilingRead, Form, Mark, read, write_forms

NONCE = "nonce"


def mark(sheet: Sheet, ref: str = "1", **values: Any) -> Mark:
    """The identity of a filing of `sheet`."""
    return Mark(ref, sheet.key, sheet.sha256, **{"title": f"示例单位{ref}", **values})


def form(sheet: Sheet, answers: Answers, **values: Any) -> Form:
    """A form to draw."""
    return Form(sheet=sheet, mark=values.pop("mark", None) or mark(sheet), answers=answers, **values)


def filled(sheet: Sheet, answers: Answers, **values: Any) -> bytes:
    """The workbook of one filing."""
    return write_forms([form(sheet, answers, **values)], nonce=NONCE)


def pages_of(content: bytes, folder: Path) -> list[Worksheet]:
    """What the limited child reads, read in this process: the same code, without starting a child per case."""
    path = folder / "book.xlsx"
    path.write_bytes(content)
    pages: list[Worksheet] = []
    for item in child.rows(path, max_rows=6000, max_cols=200):
        if "sheet" in item:
            pages.append(Worksheet(item["sheet"], []))
        else:
            pages[-1].rows.append([_value(value) for value in item["row"]])
    return pages


def _value(value: Any) -> Any:
    return dt.datetime.fromisoformat(value["d"]) if isinstance(value, dict) else value


def read_back(content: bytes, folder: Path, *sheets: Sheet) -> Contents:
    """The whole workbook read."""
    return read(pages_of(content, folder), {sheet.sha256: sheet for sheet in sheets})


def one(content: bytes, folder: Path, sheet: Sheet) -> FilingRead:
    """The one filing of a form workbook."""
    (found,) = read_back(content, folder, sheet).filings
    return found


def touched(content: bytes, change: Callable[[Workbook], None]) -> bytes:
    """The workbook after a person worked in it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell_of(book: Workbook, key: str) -> Any:
    """The input cell of a field in a form workbook."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_col=4):
            if row[1].value == f"field:{key}":
                return row[3]
    raise KeyError(key)


def typed(content: bytes, values: Mapping[str, Any], formats: Mapping[str, str] | None = None) -> bytes:
    """The workbook with values typed into fields; formats: number formats that came with a paste."""

    def change(book: Workbook) -> None:
        for key, value in values.items():
            cell = cell_of(book, key)
            cell.value = value
            if formats and key in formats:
                cell.number_format = formats[key]

    return touched(content, change)
