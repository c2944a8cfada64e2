"""People move, sort, copy and delete: understood by the hidden keys, or refused in exact words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from greenportal.sheets.workbook import Kind, WorkbookRefused, compare, read, write_lists
from tests.factories.filings import COMPLETE, demo_sheet
from tests.factories.sheetbooks import NONCE, cell_of, filled, form, mark, one, pages_of, read_back, touched, typed

SHEET = demo_sheet()
AGAIN = "在网页上重新下载填报表，把内容填入后上传。"
ROWS = {**COMPLETE, "models": [{"_id": "r1", "model": "甲", "amount": "1"}, {"_id": "r2", "model": "乙"}]}


def changed(answers: dict[str, Any], change: Any, folder: Path) -> Any:
    return one(touched(filled(SHEET, answers), change), folder, SHEET)


def move_columns(book: Workbook) -> None:
    book["产品型号"].insert_cols(3, 2)
    book["产品型号"]["D7"] = "旁注"


def sort_rows(book: Workbook) -> None:
    sheet = book["产品型号"]
    for column in range(1, 5):
        sheet.cell(5, column).value, sheet.cell(6, column).value = (
            sheet.cell(6, column).value,
            sheet.cell(5, column).value,
        )


def rename(book: Workbook) -> None:
    book["产品型号"].title = "型号（改）"
    book.move_sheet("基本要求", -2)


def insert_above(book: Workbook) -> None:
    book["示例表"].insert_rows(2, 3)


@pytest.mark.parametrize("change", [move_columns, sort_rows, rename, insert_above])
def test_moving_things_changes_no_answer(change: Any, tmp_path: Path) -> None:
    back = changed(ROWS, change, tmp_path)
    assert (back.edits, back.problems) == ({}, ())


def test_a_row_typed_below_is_new_and_the_same_file_twice_adds_it_once(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["产品型号"]
        assert str(sheet["B7"].value).startswith("row:")  # the blank row up to the limit of three
        sheet["C7"], sheet["C9"] = "丙", "丁"

    content = touched(filled(SHEET, ROWS), change)
    back = one(content, tmp_path, SHEET)
    again = one(content, tmp_path, SHEET)
    assert back.edits == again.edits
    assert sorted(back.edits.values()) == ["丁", "丙"]
    assert len({path.partition("]")[0] for path in back.edits}) == 2


def test_a_copied_row_is_a_new_one(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["产品型号"]
        for column in range(1, 5):
            sheet.cell(7, column).value = sheet.cell(5, column).value
        sheet["C7"] = "甲二"

    edits = changed(ROWS, change, tmp_path).edits
    assert sorted(edits.values()) == ["1", "甲二"]
    assert not any("r1" in path for path in edits)


def test_a_row_deleted_or_emptied_is_taken_away(tmp_path: Path) -> None:
    def delete(book: Workbook) -> None:
        book["产品型号"].delete_rows(5)

    def empty(book: Workbook) -> None:
        book["产品型号"]["C5"] = book["产品型号"]["D5"] = None

    assert changed(ROWS, delete, tmp_path).edits == {"models[r1]": None}
    assert changed(ROWS, empty, tmp_path).edits == {"models[r1]": None}


def test_a_worksheet_that_is_gone_takes_nothing_away(tmp_path: Path) -> None:
    content = touched(filled(SHEET, ROWS), lambda book: book.remove(book["产品型号"]))
    contents = read_back(content, tmp_path, SHEET)
    assert [item.edits for item in contents.filings] == [{}]
    (problem,) = contents.problems
    assert problem.message.startswith("工作表“产品型号”或其隐藏的识别行列不见了，其中的内容没有读取。")


def test_a_column_that_is_gone_clears_nothing(tmp_path: Path) -> None:
    content = touched(filled(SHEET, ROWS), lambda book: book["产品型号"].delete_cols(4))
    contents = read_back(content, tmp_path, SHEET)
    assert contents.filings[0].edits == {}
    assert [p.message for p in contents.problems] == [f"列“数量”不见了，这张工作表没有读取。{AGAIN}"]


def test_labels_that_no_longer_stand_beside_their_key_are_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        cell = cell_of(book, "output")
        cell.parent.cell(cell.row, 3).value = "综合能耗"

    back = changed(COMPLETE, change, tmp_path)
    (problem,) = back.problems
    assert problem.message == f"第10行的“综合能耗”与隐藏识别码的“产量”对不上，这一行没有读取。{AGAIN}"
    assert back.edits == {}


def test_printed_text_that_was_changed_is_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book["基本要求"]["C5"] = "另一条"
        book["基本要求"]["D5"] = "否"

    back = changed(COMPLETE, change, tmp_path)
    assert back.edits == {}
    assert [p.message for p in back.problems] == [
        f"第5行不是“基本要求”印好的行，或印好的文字被改动，这一行没有读取。{AGAIN}"
    ]


def test_a_field_whose_row_was_deleted_keeps_its_answer(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        cell = cell_of(book, "output")
        cell.parent.delete_rows(cell.row)

    back = changed(COMPLETE, change, tmp_path)
    assert back.edits == {}
    assert [p.message for p in back.problems] == [f"“产量”所在的行不见了，系统中的内容没有变。{AGAIN}"]


def test_what_is_written_beside_no_field_is_named(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book["示例表"]["D40"] = "补充"

    (problem,) = changed(COMPLETE, change, tmp_path).problems
    assert (problem.place, problem.value) == ("示例表!D40", "补充")
    assert problem.message == "这一行没有识别码，不属于任何项目，没有读取。填到相应项目的格内。"


def test_two_copies_of_a_worksheet_are_refused(tmp_path: Path) -> None:
    content = touched(filled(SHEET, COMPLETE), lambda book: book.copy_worksheet(book["产品型号"]))
    with pytest.raises(WorkbookRefused, match="是同一张表的两份。删去不用的一份后重新上传。"):
        read_back(content, tmp_path, SHEET)


def test_a_workbook_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    content = touched(filled(SHEET, COMPLETE), lambda book: book.remove(book["_meta"]))
    with pytest.raises(WorkbookRefused, match="不是从本系统下载的填报表"):
        read_back(content, tmp_path, SHEET)


def test_a_changed_identity_is_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        lines = (cell for row in book["_meta"].iter_rows() for cell in row)
        cell = next(line for line in lines if str(line.value).startswith('["mark"'))
        cell.value = str(cell.value).replace('"0","1","demo"', '"0","2","demo"')

    with pytest.raises(WorkbookRefused, match="隐藏的识别页已被改动"):
        read_back(touched(filled(SHEET, COMPLETE), change), tmp_path, SHEET)


def test_another_definition_is_refused(tmp_path: Path) -> None:
    pages = pages_of(filled(SHEET, COMPLETE), tmp_path)
    with pytest.raises(WorkbookRefused, match="按以前的表式下载"):
        read(pages, {})


def test_kinds_of_change(tmp_path: Path) -> None:
    before = {**ROWS, "note": "旧"}
    content = typed(filled(SHEET, before), {"name": "新名", "used": None, "note": "我改的", "reason": "理由"})
    content = touched(content, lambda book: book["产品型号"].delete_rows(6))
    back = one(content, tmp_path, SHEET)
    now = {**before, "note": "他改的"}
    found = {item.path: (item.kind, item.label, item.before, item.after) for item in compare(SHEET, back, now).items}
    assert found == {
        "name": (Kind.CHANGED, "名称", "示例单位", "新名"),
        "note": (Kind.CONFLICT, "说明", "他改的", "我改的"),
        "used": (Kind.CLEARED, "综合能耗", "25.00", ""),
        "reason": (Kind.NEW, "认定理由", "", "理由"),
        "models[r2]": (Kind.REMOVED, "产品型号 第2行", "乙", "（删除这一行）"),
    }


def test_a_row_changed_on_the_web_meanwhile_is_not_taken_away_unseen(tmp_path: Path) -> None:
    content = touched(filled(SHEET, ROWS), lambda book: book["产品型号"].delete_rows(6))
    back = one(content, tmp_path, SHEET)
    now = {**ROWS, "models": [ROWS["models"][0], {"_id": "r2", "model": "乙改"}]}
    (item,) = compare(SHEET, back, now).items
    assert (item.kind, item.before) == (Kind.CONFLICT, "乙改")


def test_a_row_taken_away_on_the_web_does_not_come_back_unseen(tmp_path: Path) -> None:
    content = touched(filled(SHEET, ROWS), lambda book: book["产品型号"].__setitem__("C6", "乙改"))
    back = one(content, tmp_path, SHEET)
    (item,) = compare(SHEET, back, {**ROWS, "models": [ROWS["models"][0]]}).items
    assert (item.kind, item.path) == (Kind.CONFLICT, "models[r2].model")


def test_what_was_typed_on_the_page_too_is_the_same(tmp_path: Path) -> None:
    back = one(typed(filled(SHEET, COMPLETE), {"name": "新名"}), tmp_path, SHEET)
    comparison = compare(SHEET, back, {**COMPLETE, "name": "新名"})
    assert (comparison.items, comparison.same) == ((), 1)


# --- lists ---------------------------------------------------------------------------------------------------------


def listing(*answers: dict[str, Any], blank_rows: int = 0) -> bytes:
    forms = [form(SHEET, one_, mark=mark(SHEET, str(number))) for number, one_ in enumerate(answers, 1)]
    return write_lists([(SHEET, forms)], nonce=NONCE, blank_rows=blank_rows)


def test_a_cell_of_a_list_belongs_to_its_filing_wherever_its_row_went(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["示例表"]
        for column in range(1, sheet.max_column + 1):
            sheet.cell(5, column).value, sheet.cell(6, column).value = (
                sheet.cell(6, column).value,
                sheet.cell(5, column).value,
            )
        sheet["D5"] = "第二家的新名"

    contents = read_back(touched(listing(COMPLETE, COMPLETE), change), tmp_path, SHEET)
    assert {item.mark.ref: item.edits for item in contents.filings} == {"1": {}, "2": {"name": "第二家的新名"}}


def test_a_row_of_a_table_names_its_filing(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["产品型号"]
        sheet["C7"], sheet["D7"] = "示例单位2", "丙"
        sheet["C8"], sheet["D8"] = "无此单位", "丁"

    contents = read_back(touched(listing(COMPLETE, COMPLETE), change), tmp_path, SHEET)
    assert [list(item.edits.values()) for item in contents.filings] == [[], ["丙"]]
    assert [p.message for p in contents.problems] == [
        "第8行的填报单位“无此单位”与下载时的名单对不上，这一行没有读取。从下拉列表中选择填报单位。"
    ]


def test_a_new_row_of_a_list_is_given_to_the_caller(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["示例表"]
        sheet["C6"], sheet["D6"], sheet["G6"] = "新单位", "甲", "约100"

    (record,) = read_back(touched(listing(COMPLETE, blank_rows=2), change), tmp_path, SHEET).new
    assert (record.title, record.values, record.place.cell) == ("新单位", {"name": "甲"}, "C6")
    assert [p.place for p in record.problems] == ["示例表!G6"]


def test_rows_of_a_list_must_bear_different_titles() -> None:
    with pytest.raises(ValueError, match="same title"):
        write_lists([(SHEET, [form(SHEET, {}), form(SHEET, {})])], nonce=NONCE)
