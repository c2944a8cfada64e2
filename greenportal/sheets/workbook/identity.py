"""The hidden worksheet: whose workbook this is, of which definition, and what every cell held when it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl import Workbook

from greenportal.documents import xlsx
from greenportal.documents.xlsx import META_SHEET, put_text
from greenportal.sheets.paths import cell, rows_of
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Answers, Sheet
from greenportal.sheets.values import fingerprint, is_empty, normalise
from greenportal.sheets.workbook.types import Base, Mark, Page, WorkbookRefused

FORMAT = "greenportal.workbook.1"
#: Of one cell; quotes inside double in JSON, and a cell holds 32,767 characters.
_CHUNK = 15_000
#: Lines beside each other: two for each of five thousand tables would be more rows than an upload may have.
_ACROSS = 8
#: Before the path of a computed cell, whose shown text is kept too: who writes over it is told.
NOTED = "="
NOT_OURS = "这份工作簿不是从本系统下载的填报表，或隐藏的识别页已被删除。在网页上重新下载填报表，把内容填入后上传。"
DAMAGED = "工作簿隐藏的识别页已被改动，无法确认内容属于哪张表。在网页上重新下载填报表，把内容填入后上传。"


@dataclass(slots=True)
class Identity:
    """What the hidden worksheet says. pages: marker → name of each worksheet that was written."""

    layout: str
    nonce: str
    marks: list[Mark] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    skipped: list[frozenset[str]] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)

    def add(self, mark: Mark, base: Base, skipped: Iterable[str]) -> int:
        """Keep the identity of one filing; return its number."""
        self.marks.append(mark)
        self.bases.append(base)
        self.skipped.append(frozenset(skipped))
        return len(self.marks) - 1


def base_of(sheet: Sheet, answers: Answers) -> dict[str, str]:
    """Return the fingerprint of every non-empty value by path, and of each free row as `table[row]`."""
    found: dict[str, str] = {}
    for item in sheet.fields():
        value = normalise(item, answers.get(item.key))
        if not item.formula and not is_empty(value):
            found[item.key] = fingerprint(value)
    for table in sheet.tables():
        for row in rows_of(table, answers):
            if not table.fixed:
                found[f"{table.key}[{row['_id']}]"] = "row"
            for column in table.columns:
                value = normalise(column, row.get(column.key))
                if not column.formula and not is_empty(value) and not table.is_printed(row["_id"], column.key):
                    found[cell(table.key, row["_id"], column.key)] = fingerprint(value)
    return found


def noted(sheet: Sheet, answers: Answers) -> dict[str, str]:
    """Return the fingerprint of every computed text as it is shown, by path behind `NOTED`; `NOTED` itself says so."""
    found = {NOTED: "1"}
    for item in sheet.fields():
        if item.formula and (text := text_of(item, answers.get(item.key))):
            found[f"{NOTED}{item.key}"] = fingerprint(text)
    for table in sheet.tables():
        for column in (column for column in table.columns if column.formula):
            for row in rows_of(table, answers):
                if text := text_of(column, row.get(column.key)):
                    found[f"{NOTED}{cell(table.key, row['_id'], column.key)}"] = fingerprint(text)
    return found


def new_row_id(*parts: object) -> str:
    """Return the permanent id of a row typed into a workbook: the same for the same place of the same file."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24]


def write(book: Workbook, identity: Identity) -> None:
    """Add the hidden worksheet."""
    lines = list(_lines(identity))
    lines.append(["checksum", _checksum(lines)])
    sheet = book.create_sheet(META_SHEET)
    sheet.sheet_state = "veryHidden"
    sheet.protection.enable()
    for number, line in enumerate(lines):
        place = xlsx.cell_at(sheet, number // _ACROSS + 1, number % _ACROSS + 1)
        put_text(place, json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def _lines(identity: Identity) -> Iterable[list[str]]:
    yield ["format", FORMAT]
    yield ["layout", identity.layout]
    yield ["nonce", identity.nonce]
    for marker, name in identity.pages.items():
        yield ["page", marker, name]
    for number, mark in enumerate(identity.marks):
        place = [mark.ref, mark.sheet_key, mark.definition, mark.title, mark.scope, mark.scope_id, str(mark.version)]
        yield ["mark", str(number), *place]
        if identity.skipped[number]:
            yield ["skip", str(number), "\n".join(sorted(identity.skipped[number]))]
        text = json.dumps(dict(identity.bases[number]), separators=(",", ":"), sort_keys=True)
        for start in range(0, len(text), _CHUNK):
            yield ["base", str(number), text[start : start + _CHUNK]]


def _checksum(lines: Sequence[Sequence[str]]) -> str:
    body = json.dumps([list(line) for line in lines], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()[:24]


def read(pages: Iterable[Page]) -> Identity:
    """Return the identity of a workbook. Raises WorkbookRefused when it is missing or was changed."""
    page = next((page for page in pages if page.name == META_SHEET), None)
    lines = _decoded(page) if page else []
    if not lines or lines[0] != ["format", FORMAT]:
        raise WorkbookRefused(NOT_OURS)
    if lines[-1] != ["checksum", _checksum(lines[:-1])]:
        raise WorkbookRefused(DAMAGED)
    return _parsed(lines[:-1])


def _decoded(page: Page) -> list[list[str]]:
    try:
        found = [json.loads(str(line)) for row in page.rows for line in row if line is not None]
    except (ValueError, RecursionError) as error:
        raise WorkbookRefused(DAMAGED) from error
    if not all(isinstance(line, list) and all(isinstance(item, str) for item in line) for line in found):
        raise WorkbookRefused(DAMAGED)
    return found


def _parsed(lines: Sequence[list[str]]) -> Identity:
    plain = {line[0]: line[1] for line in lines if len(line) == 2}
    identity = Identity(plain["layout"], plain["nonce"])
    texts: dict[int, str] = {}
    skips: dict[int, frozenset[str]] = {}
    for line in lines:
        if line[0] == "page":
            identity.pages[line[1]] = line[2]
        elif line[0] == "base":
            texts[int(line[1])] = texts.get(int(line[1]), "") + line[2]
        elif line[0] == "skip":
            skips[int(line[1])] = frozenset(line[2].split("\n"))
    for line in lines:
        if line[0] == "mark":
            number, place = int(line[1]), line[2:]
            base: Mapping[str, Any] = json.loads(texts.get(number, "{}"))
            ref, sheet_key, definition, title, scope, scope_id, version = place
            mark = Mark(ref, sheet_key, definition, title, scope, scope_id, int(version))
            identity.add(mark, base, skips.get(number, ()))
    return identity
