"""Round trip of filled workbooks: drawn, read in the limited child, compared; beside bare openpyxl and calamine."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from greenportal.files import jail
from greenportal.filings.services.starting import canonical_answers
from greenportal.rounds import rulebook
from greenportal.sheets import Answers, Sheet, load
from greenportal.sheets.workbook import Form, Mark, compare, read, write_forms
from tests.bench.harness import measure, note, scale
from tests.factories import nominations as make
from tests.factories.reports import report_answers

FULL = 500
BASIC = ("factory_basic", "statement", "energy", "park_conditions")
REPORTS = (
    "factory_self",
    "factory_third",
    "product_self",
    "park_self",
    "park_third",
    "supply_chain_self",
    "supply_chain_third",
)
KEYS = BASIC + REPORTS


def fill() -> None:
    """Entry point of the seed: nothing of the database is asked."""


def _filled() -> list[tuple[Sheet, Answers]]:
    """Sheets of the notice and all reports of 附件2–5, in turn: filled in wholly, reports as the demonstration's."""
    sheets = [load(rulebook.sheet_file("2022", key)) for key in KEYS]
    ready = [(sheet, _report(sheet) if sheet.key in REPORTS else make.complete_answers(sheet)) for sheet in sheets]
    return [ready[number % len(ready)] for number in range(scale(FULL, least=4))]


def _report(sheet: Sheet) -> Answers:
    return canonical_answers(sheet, report_answers(sheet, sheet.key.rpartition("_")[0]))


def ours() -> None:
    """Draw each workbook, read it through the child, tell what it would change: nothing."""
    jobs = _filled()
    drawn = jailed = 0.0
    with tempfile.TemporaryDirectory() as folder, measure():
        path = Path(folder) / "book.xlsx"
        for number, (sheet, answers) in enumerate(jobs):
            began = time.perf_counter()
            mark = Mark(str(number), sheet.key, sheet.sha256, "示例单位")
            path.write_bytes(write_forms([Form(sheet=sheet, mark=mark, answers=answers)], nonce=str(number)))
            middle = time.perf_counter()
            pages = jail.read_workbook(path)
            jailed += time.perf_counter() - middle
            drawn += middle - began
            (back,) = read(pages, {sheet.sha256: sheet}).filings
            if back.edits or back.problems or compare(sheet, back, answers).items:
                raise RuntimeError(f"{sheet.key} did not come back as it was")
    note(f"{len(jobs)} workbooks, {drawn:.1f} s drawing, {jailed:.1f} s in the limited child (a process each)")


def bare() -> None:
    """The same texts in the same cells by openpyxl, without a style; every cell read by calamine in this process."""
    jobs = _filled()
    grids = {}
    for sheet, answers in jobs[: len(KEYS)]:
        mark = Mark("0", sheet.key, sheet.sha256, "示例单位")
        content = write_forms([Form(sheet=sheet, mark=mark, answers=answers)], nonce="0")
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        grids[sheet.key] = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    with measure():
        for sheet, _ in jobs:
            made = Workbook()
            made.remove(made.worksheets[0])
            for name, rows in grids[sheet.key].items():
                page = made.create_sheet(name)
                for row in rows:
                    page.append([None if isinstance(value, str) and not value else value for value in row])
            stream = io.BytesIO()
            made.save(stream)
            book = CalamineWorkbook.from_filelike(io.BytesIO(stream.getvalue()))
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python()
