"""What a person sees when the workbook is opened: page, locks, lists, comments, nothing that runs."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from greenportal.sheets.workbook import CellProblem, Note, write_forms, write_lists
from tests.factories.filings import COMPLETE, demo_sheet
from tests.factories.sheetbooks import NONCE, cell_of, filled, form, mark

SHEET = demo_sheet()


def report(key: str) -> Workbook:
    return opened(filled(load(sheet_file("2022", key)), {"land_area": "42300", "building_area": "100"}))


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def book() -> Workbook:
    return opened(filled(SHEET, COMPLETE, notes={"name": [Note("待改")], "used": [Note("已答", open=False)]}))


def test_each_worksheet_prints_on_a4_one_page_wide_with_its_head_repeated(book: Workbook) -> None:
    for name in ("示例表", "产品型号", "基本要求"):
        sheet = book[name]
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (9, 1, 0)
        assert (sheet.print_title_rows, sheet.freeze_panes) == ("$4:$4", "A5")
        assert str(sheet.print_area).startswith(f"'{name}'!$A$1:")
    assert book["示例表"].page_setup.orientation == "portrait"
    assert book["产品型号"].page_setup.orientation == "landscape"


def test_keys_and_identity_are_out_of_sight(book: Workbook) -> None:
    assert [book[name].sheet_state for name in ("_lists", "_meta")] == ["hidden", "veryHidden"]
    for name in ("示例表", "产品型号", "基本要求"):
        assert book[name].row_dimensions[1].hidden
        assert book[name].column_dimensions["B"].hidden


def test_answers_are_open_and_everything_else_is_locked(book: Workbook) -> None:
    assert all(book[name].protection.sheet for name in ("示例表", "产品型号", "基本要求"))
    locked = {key: cell_of(book, key).protection.locked for key in ("name", "output", "ratio")}
    assert locked == {"name": False, "output": False, "ratio": True}
    row = book["基本要求"][5]
    assert [cell.protection.locked for cell in row] == [True, True, True, False]
    assert (row[2].value, cell_of(book, "ratio").value) == ("第一条", "0.250")


def test_units_help_and_conditions_stand_beside_the_field(book: Workbook) -> None:
    def beside(key: str) -> list[Any]:
        cell = cell_of(book, key)
        return [cell.parent.cell(cell.row, column).value for column in (3, 5, 6)]

    assert beside("output") == ["产量", "吨", "必填；最多2位小数"]
    assert beside("reason") == ["认定理由", None, "必填；“是否重点用能”为“是”时填写"]
    assert beside("kinds")[2] == "选填；可多选，用“、”分隔：电、煤、天然气"
    assert book["产品型号"]["D4"].value == "数量\n（台）\n（选填）"


def test_choices_come_from_a_drop_down_list(book: Workbook) -> None:
    rules = book["示例表"].data_validations.dataValidation
    assert [(str(rule.sqref), rule.formula1, rule.type) for rule in rules] == [("D13", "_lists!$A$1:$A$2", "list")]
    assert [cell.value for cell in book["_lists"]["A"]] == ["是", "否"]


def test_comments_stand_at_their_cells_and_open_ones_are_red(book: Workbook) -> None:
    name, used = cell_of(book, "name"), cell_of(book, "used")
    assert (name.comment.text, used.comment.text) == ("待改", "已答")
    assert (name.fill.fgColor.rgb, used.fill.fgColor.rgb) == ("FFFBE0DD", "FFFFFBE6")


def test_a_locked_form_is_grey_and_has_no_blank_rows() -> None:
    book = opened(filled(SHEET, COMPLETE, locked=True))
    assert cell_of(book, "name").protection.locked is True
    assert book["产品型号"].max_row == 5


def test_problems_come_first_on_a_worksheet_of_their_own() -> None:
    problem = CellProblem("示例表", "D6", "名称", "填写名称。", "name", "？")
    book = opened(write_forms([form(SHEET, COMPLETE)], nonce=NONCE, problems=[problem]))
    assert book.sheetnames[0] == "问题清单"
    assert [cell.value for cell in book["问题清单"][5]][2:] == ["示例表!D6", "名称", "？", "填写名称。"]


def test_a_list_freezes_the_names_and_offers_them_in_its_tables() -> None:
    forms = [form(SHEET, COMPLETE, mark=mark(SHEET, str(number))) for number in (1, 2)]
    book = opened(write_lists([(SHEET, forms)], nonce=NONCE))
    assert book["示例表"].freeze_panes == "D5"
    assert [book["示例表"].cell(row, 3).value for row in (4, 5, 6)] == ["填报单位", "示例单位1", "示例单位2"]
    first = book["产品型号"].data_validations.dataValidation[-1]
    assert str(first.sqref).startswith("C7")


def test_nothing_in_the_file_runs_or_leads_out() -> None:
    content = filled(SHEET, {**COMPLETE, "name": "=cmd|' /C calc'!A0", "note": "@SUM(1)"})
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if "vba" in name.lower() or "externalLink" in name]
    parts = [zipfile.ZipFile(io.BytesIO(content)).read(name) for name in names if name.startswith("xl/worksheets/s")]
    assert not any(b"<f>" in part for part in parts)


def test_titles_of_sections_are_not_cut_off_by_the_hidden_keys() -> None:
    page = report("factory_self").worksheets[0]
    titles = [row[2].value for row in page.iter_rows(min_row=5) if row[1].value == "section"]
    assert "绩效数据" in titles
    beside = [row for row in page.iter_rows(min_row=5) if row[1].value == "section"]
    assert not [row for row in beside if row[0].value or row[3].value or row[2].alignment.wrap_text]


def test_computed_figures_stand_at_the_right_as_typed_ones_do(book: Workbook) -> None:
    assert {cell_of(book, key).alignment.horizontal for key in ("ratio", "output")} == {"right"}


def test_printed_columns_are_as_wide_as_their_texts_and_numbers_stand_once() -> None:
    page = report("park_self")["资源利用绿色化指标"]
    heads = {page.cell(4, column).value: column for column in range(1, page.max_column + 1)}
    assert list(heads)[:3] == ["行", None, "序号"]
    width = {name: page.column_dimensions[page.cell(4, column).column_letter].width for name, column in heads.items()}
    assert (width["序号"] <= 8, width["引领值"] <= 10, width["二级指标"] >= 22) == (True, True, True)


def test_many_decimals_are_a_limit_and_not_a_way_of_writing() -> None:
    book = report("factory_self")
    assert {cell_of(book, key).number_format for key in ("output", "energy_total")} == {"General"}
    assert cell_of(book, "land_area").number_format == "0.00"
