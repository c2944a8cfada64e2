"""A cell is read as its row means it: in the row's unit, within the row's limit; on the page and from Excel alike."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.http import QueryDict

from greenportal.accounts.actors import Actor
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors.workbooks import annotated, filled
from greenportal.sheets import Field, FieldType, Sheet, load
from greenportal.sheets.forms import build_form
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import normalise
from tests.factories import filings
from tests.factories import sheetbooks as books

SHEETS = Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets"
PARK, CHAIN = load(SHEETS / "park_self.toml"), load(SHEETS / "supply_chain_self.toml")
PERCENT = [("85%", "General"), (0.85, "0%"), ("８５％", "General"), ("八十五%", "General")]


def put(sheet: Sheet, row_id: str, column: str, value: object, style: str = "General", content: bytes = b"") -> bytes:
    """The sheet's workbook with one cell of a table written."""

    def change(book: Any) -> None:
        for page in book.worksheets:
            keys = {cell.value: cell.column for row in page.iter_rows(max_row=12) for cell in row}
            row = next((r for r in range(1, page.max_row + 1) if page.cell(r, 2).value == f"row:{row_id}"), 0)
            if row and f"column:{column}" in keys:
                cell = page.cell(row, keys[f"column:{column}"])
                cell.value, cell.number_format = value, style
                return
        raise KeyError(row_id)

    return books.touched(content or books.filled(sheet, {}), change)


@pytest.mark.parametrize(("value", "style"), PERCENT)
def test_a_percent_in_a_row_of_percent_is_read_from_excel(value: object, style: str, tmp_path: Path) -> None:
    back = books.one(put(PARK, "EG2", "y1", value, style), tmp_path, PARK)
    assert (back.edits, back.problems) == ({"eg[EG2].y1": "85"}, ())


def test_control_a_row_in_another_unit_takes_no_percent(tmp_path: Path) -> None:
    back = books.one(put(PARK, "EG1", "y1", "85%"), tmp_path, PARK)
    assert back.edits == {}
    assert [p.path for p in back.problems] == ["eg[EG1].y1"]
    assert "万元/tce" in back.problems[0].message


@pytest.mark.parametrize("value", ["85%", "８５％", " 85 %"])
def test_a_percent_in_a_row_of_percent_is_read_on_the_page(value: str, applicant: Actor) -> None:
    form = build_form(PARK, "eg", {}, QueryDict(f"eg__EG2__y1={value.replace('%', '%25')}"))
    assert (form.errors, form.changes()) == ({}, {"eg[EG2].y1": "85"})
    filing = filings.make_filing(applicant, sheet=PARK)
    saved = services.save(filing_id=filing.pk, seen_version=1, changes={"eg[EG2].y1": value}, actor=applicant)
    assert saved.filing.answers["eg"] == [{"_id": "EG2", "y1": "85"}]


def test_a_unit_typed_beside_its_number_counts_at_once(applicant: Actor) -> None:
    energy = load(SHEETS / "energy.toml")
    filing = filings.make_filing(applicant, sheet=energy)
    changes = {"entries[r1].unit": "千克标准煤/吨", "entries[r1].value": "12.5 千克标准煤/吨"}
    saved = services.save(filing_id=filing.pk, seen_version=1, changes=changes, actor=applicant)
    assert saved.filing.answers["entries"][0]["value"] == "12.5"


@pytest.mark.parametrize(("unit", "typed", "read"), [("%", "85%", "85"), ("10", "110", "110"), ("-", "5-", "5-")])
def test_only_what_can_stand_behind_a_number_is_a_unit(unit: str, typed: str, read: str) -> None:
    column = Field(key="value", label="数值", type=FieldType.DECIMAL, decimals=2)
    assert normalise(in_row(column, {"unit": unit}), typed) == read


def test_points_above_the_rows_most_are_named_at_their_cell_and_not_stored(applicant: Actor, tmp_path: Path) -> None:
    filing = filings.make_filing(applicant, sheet=CHAIN)
    content = put(CHAIN, "X11", "score", 9, content=filled(filing, CHAIN, readonly=frozenset(), locked=False))
    pages = books.pages_of(content, tmp_path)
    found = services.preview(filing_id=filing.pk, pages=pages, actor=applicant)
    assert [(p.path, p.message) for p in found.problems] == [
        ("indicators[X11].score", "绿色供应链管理评价指标自评表 第1行 得分（分）不大于8。")
    ]
    again = annotated(filing, found.sheet, found.read, found.comparison, nonce=found.nonce, readonly=frozenset())
    place, _, address = found.problems[0].place.partition("!")
    cell = openpyxl.load_workbook(io.BytesIO(again))[place][address]
    assert (cell.value, cell.comment.text) == ("9", "需修改：绿色供应链管理评价指标自评表 第1行 得分（分）不大于8。")
    services.apply_workbook(filing_id=filing.pk, pages=pages, seen_version=1, actor=applicant)
    assert not Filing.objects.get(pk=filing.pk).answers.get("indicators")


def test_control_points_within_the_rows_most_are_stored(tmp_path: Path) -> None:
    back = books.one(put(CHAIN, "X11", "score", 8), tmp_path, CHAIN)
    assert (back.edits, back.problems) == ({"indicators[X11].score": "8"}, ())


def test_cells_of_percentages_have_no_format_of_their_own_so_that_excel_marks_a_typed_percent() -> None:
    """Excel keeps a typed 85% as 0.85; only in a cell without a format does it write down that it is a percentage."""
    formats = {}
    for answers in ({}, {"eg": [{"_id": "EG2", "y1": "85"}, {"_id": "EG1", "y1": "3"}]}):
        for page in openpyxl.load_workbook(io.BytesIO(books.filled(PARK, answers))).worksheets:
            keys = {cell.value: cell.column for row in page.iter_rows(max_row=12) for cell in row}
            for row in range(1, page.max_row + 1):
                if page.cell(row, 2).value in {"row:EG1", "row:EG2"}:
                    key = (page.cell(row, 2).value, bool(answers))
                    formats[key] = page.cell(row, keys["column:y1"]).number_format
    assert formats[("row:EG2", False)] == formats[("row:EG2", True)] == "General"
    page = openpyxl.load_workbook(io.BytesIO(books.filled(PARK, {}))).worksheets[0]
    rows = {page.cell(row, 2).value: page.cell(row, 4) for row in range(1, page.max_row + 1)}
    assert rows["field:self_index_1"].number_format == "0.00"
