import io
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from greenportal.documents import xlsx
from greenportal.documents.xlsx import Column, Identity, Row, Table, TableBook

CODE = "91210202MA0TE5T16A"
COLUMNS = (
    Column("no", "序号", 6, "int"),
    Column("name", "企业名称", 30),
    Column("uscc", "统一社会信用代码", 22, "code"),
    Column("energy", "综合能耗", 14, "decimal", unit="吨标准煤", decimals=2),
    Column("kind", "类型", 12, "choice", choices=("新建", "改造")),
    Column("day", "日期", 12, "date"),
)
ROW = Row(
    {
        "no": 1,
        "name": "大连某某制造有限公司",
        "uscc": CODE,
        "energy": "-1234.50",
        "kind": "新建",
        "day": date(2022, 10, 9),
    },
    id="r-1",
)


def _table(rows=(ROW,), **over):
    base = {
        "name": "绿色工厂",
        "title": "工业和信息化主管部门推荐汇总表",
        "columns": COLUMNS,
        "rows": rows,
        "mark": "附件1",
        "unit_line": ("推荐单位（盖章）：瓦房店市工业和信息化局", "联系人：甲", "联系电话：0411-00000000"),
        "foot": ("单位负责人：", "填表人：", "填报日期："),
    }
    return Table(**{**base, **over})


def _load(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def _sheet(content=None, **over):
    return _load(content or xlsx.write_table(_table(**over)))["绿色工厂"]


def test_title_block_has_mark_title_and_room_for_the_seal():
    sheet = _sheet()
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == [
        "附件1",
        "工业和信息化主管部门推荐汇总表",
        "推荐单位（盖章）：瓦房店市工业和信息化局",
    ]
    assert sheet.row_dimensions[3].height >= 30
    assert {str(merged) for merged in sheet.merged_cells.ranges} >= {"A1:F1", "A2:F2", "A3:B3", "C3:D3", "E3:F3"}


def test_page_is_a4_landscape_one_page_wide_with_repeated_head():
    sheet = _sheet()
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage is True
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.print_area == "'绿色工厂'!$A$1:$F$6"
    assert sheet.freeze_panes == "A5"
    assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert sheet.print_options.horizontalCentered is True


def test_header_starts_with_serial_and_names_the_unit_once():
    assert [cell.value for cell in _sheet()[4]] == [
        "序号",
        "企业名称",
        "统一社会信用代码",
        "综合能耗\n（吨标准煤）",
        "类型",
        "日期",
    ]


def test_values_keep_type_and_format():
    cells = _sheet()[5]
    assert [cell.value for cell in cells] == [1, "大连某某制造有限公司", CODE, -1234.5, "新建", datetime(2022, 10, 9)]
    assert [cell.data_type for cell in cells] == ["n", "s", "s", "n", "s", "d"]
    assert [cell.number_format for cell in cells] == ["0", "@", "@", "0.00", "@", "yyyy-mm-dd"]


def test_codes_of_digits_alone_stay_text():
    sheet = _sheet(rows=(Row({"uscc": "912102020000000000"}),))
    assert (sheet["C5"].value, sheet["C5"].data_type, sheet["C5"].number_format) == ("912102020000000000", "s", "@")


def test_text_in_a_number_column_is_kept_as_text():
    sheet = _sheet(rows=(Row({"energy": "约100"}), Row({"energy": Decimal("7.25")}), Row({"energy": ""})))
    assert [sheet.cell(row, 4).value for row in (5, 6, 7)] == ["约100", 7.25, None]


def test_signature_line_and_notes_follow_the_rows():
    sheet = _sheet(notes=("注：本表一式两份。",))
    assert sheet["A6"].value == "单位负责人："
    assert sheet["A7"].value == "注：本表一式两份。"


def test_long_texts_get_higher_rows():
    sheet = _sheet(rows=(Row({"name": "短"}), Row({"name": "很长的名称" * 20})))
    assert sheet.row_dimensions[5].height < 30
    assert sheet.row_dimensions[6].height >= 15 * 7


def test_grouped_heads_merge_across_and_others_merge_down():
    columns = (
        Column("no", "序号"),
        Column("a", "能效", group="指标"),
        Column("b", "水效", group="指标"),
        Column("c", "备注"),
    )
    sheet = _sheet(columns=columns, rows=(Row({"a": "甲"}),), unit_line=(), foot=())
    assert [cell.value for cell in sheet[3]] == ["序号", "指标", None, "备注"]
    assert [cell.value for cell in sheet[4]] == [None, "能效", "水效", None]
    assert {str(merged) for merged in sheet.merged_cells.ranges} == {"A1:D1", "A2:D2", "A3:A4", "B3:C3", "D3:D4"}
    assert sheet.print_title_rows == "$3:$4"
    assert sheet["B5"].value == "甲"


def test_choices_come_from_a_hidden_sheet_and_reach_blank_rows():
    many = tuple(f"选项{n:03d}" for n in range(200))
    book = _load(
        xlsx.write_table(_table(columns=(Column("k", "类型", choices=many),), rows=(), blank_rows=3, unit_line=()))
    )
    rule = book["绿色工厂"].data_validations.dataValidation[0]
    assert (rule.type, rule.formula1, str(rule.sqref)) == ("list", "_lists!$A$1:$A$200", "A4:A6")
    assert rule.error == "从下拉列表中选择“类型”。"
    assert book["_lists"].sheet_state == "hidden"
    assert [cell.value for cell in book["_lists"]["A"]] == list(many)


def test_identity_comes_back_with_its_rows():
    identity = Identity(template="annex1", version="3", round="2022", filer="210281", checksum="abc")
    book = TableBook(identity=identity, protected=True)
    book.add(_table(rows=(ROW, Row({"no": 2}, id="r-2"))))
    content = book.to_bytes()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("_meta").to_python()
    found = xlsx.identity_from(rows)
    assert found.rows == {("绿色工厂", 5): "r-1", ("绿色工厂", 6): "r-2"}
    assert (found.template, found.version, found.round, found.filer, found.checksum) == (
        "annex1",
        "3",
        "2022",
        "210281",
        "abc",
    )
    assert _load(content)["_meta"].sheet_state == "veryHidden"


@pytest.mark.parametrize("rows", [[], [["序号", "名称"]], [["template", "x"]], [[None, None]]])
def test_foreign_sheet_has_no_identity(rows):
    assert xlsx.identity_from(rows) is None


def test_protected_form_unlocks_inputs_only():
    columns = (Column("no", "序号", locked=True), Column("name", "企业名称"))
    book = TableBook(protected=True)
    book.add(_table(columns=columns, unit_line=()))
    sheet = _sheet(book.to_bytes())
    assert sheet.protection.sheet is True
    assert [sheet[ref].protection.locked for ref in ("A3", "A4", "B4")] == [True, True, False]


def test_open_form_is_not_protected():
    assert _sheet().protection.sheet is False


RISKY = [
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "+1",
    "-5",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "=",
    "#N/A",
    "#REF!",
    "=cmd|' /C calc'!A0",
    "'quoted",
]


@pytest.mark.parametrize("text", RISKY)
def test_no_text_becomes_a_formula_or_error(text):
    content = xlsx.write_table(_table(rows=(Row({"name": text, "uscc": text, "kind": text, "energy": text}),)))
    sheet = _sheet(content)
    for column in "BCE":
        assert (sheet[f"{column}5"].value, sheet[f"{column}5"].data_type) == (text, "s")
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml


def test_openpyxl_alone_would_have_made_a_formula():
    book = openpyxl.Workbook()
    book.active["A1"] = "=1+1"
    assert book.active["A1"].data_type == "f"


def test_risky_texts_bear_the_quote_mark_so_that_editing_keeps_them():
    sheet = _sheet(rows=(Row({"name": "=1+1"}), Row({"name": "平安"})))
    assert (sheet["B5"].quotePrefix, sheet["B6"].quotePrefix) == (True, False)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60).filter(lambda text: "_x" not in text)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT.map(lambda text: "=" + text))
def test_any_text_comes_back_as_it_was(plain, formula):
    content = xlsx.write_table(_table(rows=(Row({"name": plain, "uscc": formula}),), unit_line=()))
    sheet = _sheet(content)
    assert (sheet["B4"].value or "") == plain
    assert sheet["C4"].value == formula
    read = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert formula in read[3]


def test_control_characters_are_left_out():
    assert xlsx.clean("甲\x00\x0b乙\n丙\t") == "甲乙\n丙\t"


def test_text_longer_than_a_cell_is_refused_not_cut():
    xlsx.write_table(_table(rows=(Row({"name": "长" * 32_767}),)))
    with pytest.raises(xlsx.CellTooLong, match="32768"):
        xlsx.write_table(_table(rows=(Row({"name": "长" * 32_768}),)))


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "长" * 32, "[x]"])
def test_worksheet_names_that_excel_refuses(name):
    with pytest.raises(ValueError, match="worksheet name"):
        xlsx.write_table(_table(name=name))


def test_workbook_without_worksheet_is_an_error():
    with pytest.raises(ValueError, match="needs a worksheet"):
        TableBook().to_bytes()


def test_nothing_active_or_external_is_inside():
    names = zipfile.ZipFile(io.BytesIO(xlsx.write_table(_table()))).namelist()
    assert [name for name in names if "vba" in name or "external" in name.lower()] == []


def test_dates_inside_are_the_issue_date_or_the_fixed_day():
    issued = datetime(2022, 10, 14, 8, 30, tzinfo=UTC)
    dated, plain = (_load(xlsx.write_table(_table(), issued_at=at)).properties for at in (issued, None))
    assert (dated.created, dated.modified) == (datetime(2022, 10, 14, 8, 30),) * 2
    assert (plain.created, plain.modified) == (datetime(1980, 1, 1),) * 2


SCRIPT = """
import hashlib
from greenportal.documents.xlsx import *
table = Table("甲", "表", (Column("a", "甲", choices=("一", "二")), Column("b", "乙", 9, "decimal")), (Row({"a": "一", "b": "2.50"}, "r"),))
print(hashlib.sha256(write_table(table, identity=Identity("t", "1"))).hexdigest())
"""


def test_two_processes_make_the_same_bytes():
    def run():
        return subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout

    assert run() == run()


def _list(tmp_path, rows, **options):
    path = tmp_path / "list.xlsx"
    return path, xlsx.write_list(path, name="名单", columns=COLUMNS, rows=rows, **options)


def test_streamed_list_has_head_rows_and_types(tmp_path):
    path, count = _list(tmp_path, [dict(ROW.values), {"name": "=1+1", "uscc": "001"}], expected=2)
    sheet = openpyxl.load_workbook(path)["名单"]
    assert count == 2
    assert [cell.value for cell in sheet[1]][3] == "综合能耗（吨标准煤）"
    assert [cell.value for cell in sheet[2]] == [
        1,
        "大连某某制造有限公司",
        CODE,
        -1234.5,
        "新建",
        datetime(2022, 10, 9),
    ]
    assert [(cell.value, cell.data_type) for cell in sheet[3]][1:3] == [("=1+1", "s"), ("001", "s")]
    assert sheet.freeze_panes == "A2"


def test_streamed_list_with_other_rows_than_expected_does_not_appear(tmp_path):
    with pytest.raises(xlsx.RowCountMismatch, match="1 rows written, 2 expected"):
        _list(tmp_path, [{"name": "甲"}], expected=2)
    assert list(tmp_path.iterdir()) == []


def test_abandoned_stream_leaves_no_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(xlsx.RowCountMismatch):
        _list(tmp_path, [{"name": "甲"}], expected=2)
    assert list(tmp_path.iterdir()) == []


def test_streamed_lists_of_the_same_rows_are_the_same_bytes(tmp_path):
    contents = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        path, _ = _list(tmp_path / name, ({"no": n, "name": f"企业{n}"} for n in range(500)))
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_display_width_counts_han_twice_and_takes_the_longest_line():
    assert xlsx.display_width("大连AB\n甲") == 6
    assert xlsx.display_width("") == 0
