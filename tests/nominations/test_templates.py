"""A template that somebody downloads, fills in and uploads is read back as filled: its own notes are no row."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import load_workbook

from greenportal.files import jail
from greenportal.files.jail import Worksheet
from greenportal.rounds.services import standards
from nominations.eligibility import candidates
from nominations.packets.candidates import candidates_template
from nominations.views.bulk import CANDIDATE_COLUMNS, candidate_rows
from tests.nominations.eligibility.base import AS_OF


def filled(template: bytes, rows: Sequence[Mapping[str, str]], folder: Path) -> list[Worksheet]:
    """Type `rows` below the template's heading, as a person does, and read the file as an upload is read."""
    book = load_workbook(io.BytesIO(template))
    sheet = book.worksheets[0]
    first = next(iter(rows[0]))
    at = next(cells[0].row for cells in sheet.iter_rows() if first in [cell.value for cell in cells])
    assert at is not None
    heads = [str(cell.value).split("\n")[0] for cell in sheet[at]]
    for number, row in enumerate(rows, at + 1):
        for head, value in row.items():
            sheet.cell(number, heads.index(head) + 1, value)
    path = folder / "filled.xlsx"
    book.save(path)
    return jail.read_workbook(path)


def test_candidates_of_the_precheck(tmp_path: Path) -> None:
    rows = [{"类别": "绿色工厂", "申报对象名称": "试验厂"}, {"类别": "绿色工业园区", "申报对象名称": "试验园区"}]
    found = candidates.parse(filled(candidates.template(), rows, tmp_path), as_of=AS_OF)
    assert found.problems == ()
    assert [facts.name for _, facts in found.rows] == ["试验厂", "试验园区"]


def test_candidates_of_a_district(tmp_path: Path) -> None:
    rows = [{"申报类别": "绿色工厂", "统一社会信用代码": "91210202MA0TE5T16A", "单位名称": "试验单位有限公司"}]
    found = candidate_rows(filled(candidates_template(CANDIDATE_COLUMNS), rows, tmp_path))
    assert [(row.category, row.organisation) for row in found] == [("绿色工厂", "试验单位有限公司")]


def test_product_standards_of_the_city(tmp_path: Path) -> None:
    rows = [{"标准编号": "TEST 1-2022", "标准名称": "试验标准"}]
    items, errors = standards.parse(filled(standards.template(), rows, tmp_path))
    assert (errors, [item.number for item in items]) == ((), ["TEST 1-2022"])


def test_the_notes_are_still_there_to_read() -> None:
    for template in (candidates.template(), candidates_template(CANDIDATE_COLUMNS), standards.template()):
        sheet = load_workbook(io.BytesIO(template)).worksheets[0]
        assert "行" in str(sheet["A2"].value)
