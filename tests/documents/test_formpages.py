import dataclasses

import pytest
from django.template.loader import render_to_string

from greenportal.documents import formpages, merge, pdf
from greenportal.documents.columns import fitted, shares
from greenportal.sheets.printing import Printed, PrintedCell, PrintedCover, PrintedRow, PrintedSection, PrintedTable


def row(label, text="", key="x"):
    return PrintedRow(f"s.{key}", label, text, "", False)


def table(columns, rows, text="12"):
    heads = tuple(PrintedCell("", f"栏{n}", f"栏{n}", False) for n in range(columns))
    cells = [
        tuple(PrintedCell(f"s.t[{r}].c{n}", "栏", f"{text}{r}" if n == 0 else text, False) for n in range(columns))
        for r in range(rows)
    ]
    return PrintedTable("t", "明细", heads, tuple(cells))


def sheet(*sections, cover=None, title="自评价表"):
    return Printed(title, "附件2", "", sections, "", (), "a" * 64, cover)


def grids(pages):
    return [block.grid for piece in pages for run in piece.runs for block in run.blocks if block.grid]


def test_short_answers_share_a_line_and_long_texts_stand_alone():
    rows = (row("邮编", "116000"), row("传真"), row("简介", "长" * 30), row("联系人", "王䶮"), row("电话", "0411"))
    lines = formpages.paired(rows)
    assert [[r.label for r in line.rows] for line in lines] == [["邮编", "传真"], ["简介"], ["联系人", "电话"]]


def test_an_answer_without_a_short_neighbour_keeps_its_place():
    rows = (row("邮编"), row("简介", "长" * 30), row("联系人"))
    assert [[r.label for r in line.rows] for line in formpages.paired(rows)] == [["邮编"], ["简介"], ["联系人"]]


def test_one_long_label_keeps_every_line_of_the_section_single():
    rows = (row("邮编"), row("近三年是否存在未正常经营生产的情况"), row("传真"))
    assert [len(line.rows) for line in formpages.paired(rows)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("columns", "text", "across"), [(5, "12", False), (9, "单位产品综合能耗", True), (3, "长" * 60, True)]
)
def test_a_table_goes_across_when_its_columns_do_not_fit_upright(columns, text, across):
    found = formpages.blocks(sheet(PrintedSection("a", "指标", (), (table(columns, 2, text),))))
    assert [block.across for block in found] == [across]


def test_blocks_of_one_orientation_are_one_run_in_printed_order():
    wide, narrow = table(12, 1, "较长的内容"), table(3, 1)
    sections = (
        PrintedSection("a", "甲", (row("邮编"),), (narrow,)),
        PrintedSection("b", "乙", (), (wide, wide)),
        PrintedSection("c", "丙", (row("传真"),), ()),
    )
    runs = formpages.whole(sheet(*sections)).runs
    assert [(run.across, [block.title for block in run.blocks]) for run in runs] == [
        (False, ["甲", ""]),
        (True, ["乙", ""]),
        (False, ["丙"]),
    ]


def test_a_section_that_stands_on_the_cover_is_not_printed_again():
    cover = PrintedCover("自评价报告", (("申报单位", "某厂"),), "", "", ("s.a", "s.b"))
    whole = (row("申报单位", key="a"), row("日期", key="b"))
    part = (row("申报单位", key="a"), row("邮编", key="c"))
    sections = (
        PrintedSection("x", "封面", whole, ()),
        PrintedSection("y", "基本信息", part, ()),
        PrintedSection("z", "其他", (row("传真"),), ()),
    )
    assert [block.title for block in formpages.blocks(sheet(*sections, cover=cover))] == ["基本信息", "其他"]


def test_parts_hold_every_row_once_and_say_which_piece_is_first_and_last():
    long = sheet(PrintedSection("a", "指标", (), (table(5, 3000),)))
    small = sheet(PrintedSection("b", "其他", (row("邮编"),), ()), title="说明")
    cut = formpages.parts([small, long, small])
    assert len(cut) > 2
    pieces = [piece for part in cut for piece in part]
    assert [r[0].text for grid in grids(pieces) for r in grid.rows] == [f"12{n}" for n in range(3000)]
    assert [grid.continued for grid in grids(pieces)] == [False] + [True] * (len(grids(pieces)) - 1)
    assert [piece.first for piece in pieces if piece.sheet is long] == [True] + [False] * (len(pieces) - 3)
    assert [piece.last for piece in pieces if piece.sheet is long][-1:] == [True]
    assert sum(piece.last for piece in pieces) == 3


def test_what_fits_is_one_part():
    small = sheet(PrintedSection("b", "其他", (row("邮编"),), (table(4, 20),)))
    assert [len(part) for part in formpages.parts([small, small, small])] == [3]


@pytest.mark.slow
def test_no_part_of_a_long_table_is_rendered_beyond_forty_pages():
    long = sheet(PrintedSection("a", "指标", (), (table(5, 3000, "指标数据和说明"),)))
    for part in formpages.parts([long]):
        html = render_to_string("documents/nominee_sheets.html", {"sheets": part, "title": "x"})
        assert merge.page_count(pdf.render_pdf(html)) <= formpages.PART_PAGES


def test_columns_share_what_firm_ones_leave():
    assert fitted([10, 40, 20], [True, False, False], room=70, least=6) == [10, 40, 20]
    assert fitted([10, 40, 20], [True, False, False], room=40, least=6) == [10, 20, 10]
    assert fitted([10, 90, 2], [False, False, False], room=51, least=6) == [6, 45, 6]
    assert shares([1, 1, 2]) == [25.0, 25.0, 50.0]


def test_a_short_name_is_not_broken_for_the_sake_of_long_texts():
    words = ("10.1 用地集约化", "HG6至HG8选1项", "要求" * 30, "指标值" * 20)
    heads = tuple(PrintedCell("", name, name, False) for name in ("二级指标", "选用", "要求", "指标值", "证明材料索引"))
    line = tuple(PrintedCell(f"x.{n}", "", text, False) for n, text in enumerate((*words, "证明材料3")))
    made = formpages.whole(sheet(PrintedSection("a", "一", (), (PrintedTable("t", "表", heads, (line,)),))))
    [grid] = grids([made])
    room = (formpages.ACROSS_ROOM - len(heads)) / 100
    assert grid.heads[0][1] * room >= 15  # five digits and signs, five characters of two, one to spare
    assert grid.heads[1][1] * room >= 15  # capital letters are wider than half a character


def test_a_sheet_without_anything_still_has_its_page():
    assert formpages.whole(sheet()).runs == ()
    assert [len(part) for part in formpages.parts([dataclasses.replace(sheet(), declaration="承诺")])] == [1]


def test_a_short_table_between_wide_ones_does_not_turn_the_page_a_long_one_does():
    wide, short, long = table(12, 1, "较长的内容"), table(3, 1), table(3, 60)
    for middle, turned in ((short, [True, True, True]), (long, [True, False, True])):
        sections = tuple(PrintedSection(str(n), str(n), (), (t,)) for n, t in enumerate((wide, middle, wide)))
        assert [block.across for block in formpages.blocks(sheet(*sections))] == turned
