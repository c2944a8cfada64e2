"""Computed cells are locked; who unlocks and writes over one is told at the cell, and nothing of it is read."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from tests.factories.sheetbooks import filled, one, touched, typed

SHEET = load(sheet_file("2022", "factory_self"))
ANSWERS = {"land_area": "50000", "building_area": "30000", "structure_area": "2000"}


def test_a_computed_cell_written_over_is_told_and_not_read(tmp_path: Path) -> None:
    places = []

    def change(book: Workbook) -> None:
        for page in book.worksheets:
            for row in page.iter_rows():
                for cell in row:
                    if cell.value == "0.64":
                        assert cell.protection.locked
                        cell.value = "9.99"
                        places.append(cell.coordinate)

    back = one(touched(filled(SHEET, ANSWERS), change), tmp_path, SHEET)
    assert len(places) == 2, "among the totals and in the table of indicators"
    assert back.edits == {}
    assert [problem.cell for problem in back.problems] == places
    told = {problem.message for problem in back.problems}
    assert any(message.startswith("“容积率”由系统计算，不能填写，这一格没有读取。") for message in told)


def test_untouched_computed_cells_say_nothing_and_totals_may_change(tmp_path: Path) -> None:
    back = one(typed(filled(SHEET, ANSWERS), {"land_area": "40000"}), tmp_path, SHEET)
    assert back.problems == ()
    assert back.edits == {"land_area": "40000"}
