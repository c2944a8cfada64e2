"""Rows of an uploaded or shipped list: CSV text or a worksheet, found by the words of its heading."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from greenportal.findings.types import Invalid

HEADING_SEARCH_ROWS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its number as the user counts it (1 = first line) and its texts by our keys."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, "")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row, in Chinese; `number` as in `Row`."""

    number: int
    message: str


def as_text(cell: Any) -> str:
    """Return a cell as the text a person sees: whole floats without .0, dates ISO, None empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _heading_key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).split("(")[0]
    return "".join(folded.split()).strip("*").lower()


def pick(grid: Iterable[Sequence[Any]], headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Row]:
    """Find the heading row among the first rows and return the rows below it; empty rows are left out.

    `headings` maps our key to the spellings of its column, the first of which is shown in messages.
    Raises `Invalid` when no row names all `required` keys.
    """
    names = {_heading_key(name): key for key, spellings in headings.items() for name in (key, *spellings)}
    columns: dict[int, str] | None = None
    rows: list[Row] = []
    for number, cells in enumerate(grid, start=1):
        texts = [as_text(cell) for cell in cells]
        if columns is None:
            found = {i: names[_heading_key(t)] for i, t in enumerate(texts) if _heading_key(t) in names}
            if set(required) <= set(found.values()):
                columns = found
            elif number >= HEADING_SEARCH_ROWS:
                break
        elif any(texts):
            rows.append(Row(number, {key: texts[i] for i, key in columns.items() if i < len(texts)}))
    if columns is None:
        wanted = "、".join(headings[key][0] for key in required)
        raise Invalid(f"没有找到表头。前{HEADING_SEARCH_ROWS}行内应有一行写明列名：{wanted}。")
    return rows


def read_csv(text: str, *, headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Row]:
    """Return the rows of CSV `text`; `headings` and `required` as for `pick`."""
    return pick(csv.reader(io.StringIO(text.removeprefix("\ufeff"))), headings, required)


def decoded(data: bytes) -> str:
    """Return the text of a CSV file: UTF-8, else GB18030 as Excel in China saves it; `Invalid` otherwise."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("文件的文字编码无法识别。用Excel另存为“CSV UTF-8”后重新上传。")


def parse_date(text: str) -> date | None:
    """Return a day written as 2022-10-15, 2022/10/15, 2022.10.15 or 2022年10月15日; None when empty.

    Raises ValueError for anything else.
    """
    cleaned = unicodedata.normalize("NFKC", text).strip()
    if not cleaned:
        return None
    for mark in "年月/.":
        cleaned = cleaned.replace(mark, "-")
    year, month, day = (int(part) for part in cleaned.replace("日", "").strip("-").split("-"))
    return date(year, month, day)
