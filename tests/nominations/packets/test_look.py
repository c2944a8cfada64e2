"""The look of the volume, measured: text, fonts, type area and repeated heads, for each of the four categories."""

from __future__ import annotations

import dataclasses
import io
from functools import cache

import pikepdf
import pypdfium2
import pytest

from greenportal.documents import pdf
from greenportal.rounds import rulebook
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from greenportal.sheets.printing import PrintedCell, PrintedSection, PrintedTable, printed
from nominations.constants import Category
from nominations.packets import data as d
from nominations.packets.nominee_pdf import nominee_pdf
from tests.factories.nominations import complete_answers
from tests.factories.reports import report_answers
from tests.nominations.packets import samples

#: In one process: a volume takes seconds, and all its tests look at the same one.
pytestmark = pytest.mark.xdist_group("volumes")

MM = 72 / 25.4
#: Type areas in mm, (left, right, top, bottom) margins: forms, covers, pages that lie across; a hair is allowed.
UPRIGHT = {"form": (28, 22, 34, 24), "cover": (28, 26, 37, 35)}
ACROSS = (35, 37, 26, 26)
HAIR = 1.0


@cache
def sheets_of(category: str):
    book = rulebook.load("2022")
    found = [load(sheet_file("2022", key)) for key in book.categories[category].sheets]
    # Answers to every question; of reports those of the demonstration, whose free tables have rows.
    return tuple(printed(sheet, complete_answers(sheet) | report_answers(sheet, category)) for sheet in found)


@cache
def volume(category: str) -> bytes:
    label = str(Category(category).label)
    return nominee_pdf(samples.nominee(sheets=sheets_of(category), category=label))


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(params=Category.values)
def category(request):
    return request.param


@pytest.fixture
def document(category):
    opened = pypdfium2.PdfDocument(volume(category))
    yield opened
    opened.close()


def test_every_question_and_answer_is_printed_once_typed(category, document):
    whole = squeezed("".join(page.get_textpage().get_text_bounded() for page in document))
    for sheet in sheets_of(category):
        for section in sheet.sections:
            for row in section.rows:
                assert squeezed(row.label) in whole
                assert squeezed(row.text or "未填写") in whole
            for table in section.tables:
                for cell in (*table.heads, *(cell for row in table.rows for cell in row)):
                    assert squeezed(cell.text) in whole, (sheet.title, table.label, cell.text)
    assert "�" not in whole
    assert whole.count("非官方样式") >= len(sheets_of(category))


def test_every_font_is_embedded(category):
    with pikepdf.open(io.BytesIO(volume(category))) as file:
        fonts = {font.objgen: font for page in file.pages for font in page.resources.get("/Font", {}).values()}
        assert fonts
        for font in fonts.values():
            described = font.DescendantFonts[0].FontDescriptor
            assert "/FontFile3" in described or "/FontFile2" in described


def boxes(page):
    """Boxes of the characters in mm from the left, right, top and bottom edges."""
    text = page.get_textpage()
    width, height = page.get_size()
    for index in range(text.count_chars()):
        if text.get_text_range(index, 1).strip():
            left, low, right, high = text.get_charbox(index)
            yield left / MM, (width - right) / MM, (height - high) / MM, low / MM


def outside(page):
    """Return how far text reaches beyond the type area, per side in mm."""
    width, height = page.get_size()
    name = "cover" if "工业和信息化部制" in page.get_textpage().get_text_bounded() else "form"
    margins = ACROSS if width > height else UPRIGHT[name]
    found = list(boxes(page))
    assert found
    nearest = [min(box[side] for box in found) for side in range(4)]
    return [max(0, round(least - HAIR - near, 1)) for least, near in zip(margins, nearest, strict=True)]


def test_text_keeps_to_the_type_area_of_its_page(document):
    for page in document:
        assert outside(page) == [0] * 4


def test_the_measure_sees_text_outside():
    content = pdf.render_pdf("<html><body class='form'><p style='margin-left:-12mm;text-indent:0'>外</p></body></html>")
    opened = pypdfium2.PdfDocument(content)
    assert outside(opened[0])[0] > 10
    opened.close()


def test_cover_of_the_report_is_as_the_notice_prints_it(document):
    cover = squeezed(document[2].get_textpage().get_text_bounded())
    for words in (
        "自评价报告",
        "申报单位：",
        "所在省市：辽宁省大连市",
        "日期：2022年10月9日",
        "工业和信息化部制",
        "非官方样式",
    ):
        assert words in cover


def wide_sheet(rows: int):
    base = samples.basic_sheet()
    heads = tuple(PrintedCell("", f"指标名称栏{n}", f"指标名称栏{n}", False) for n in range(9))
    body = tuple(
        tuple(PrintedCell(f"x.t[{r}].c{n}", "", f"第{r}行内容" if n == 0 else "单位产品能耗", False) for n in range(9))
        for r in range(rows)
    )
    table = PrintedTable("t", "指标自评表", heads, body)
    return dataclasses.replace(base, cover=None, sections=(*base.sections, PrintedSection("t", "指标", (), (table,))))


def test_wide_tables_lie_across_with_their_head_on_each_page_and_no_row_split():
    content = nominee_pdf(samples.nominee(sheets=(wide_sheet(60),), uploads=()))
    opened = pypdfium2.PdfDocument(content)
    across = [page for page in opened if page.get_size()[0] > page.get_size()[1]]
    texts = [squeezed(page.get_textpage().get_text_bounded()) for page in across]
    assert len(across) > 2
    assert all("指标名称栏8" in text for text in texts)
    assert [sum(f"第{r}行内容" in text for text in texts) for r in range(60)] == [1] * 60
    # The places of signature stand below the last rows, not alone on a page turned for them.
    assert len(opened) - 1 == max(n for n, page in enumerate(opened) if page.get_size()[0] > page.get_size()[1])
    assert "申报单位（公章）" in texts[-1]
    assert "第59行内容" in texts[-1]
    opened.close()


def test_index_of_proofs_gives_pages_of_the_volume():
    sheet = printed(
        load(sheet_file("2022", "statement")), {"ex1_evidence": "自评价报告第12页", "ex2_evidence": "现场照片"}
    )
    content = nominee_pdf(samples.nominee(sheets=(sheet,)))
    opened = pypdfium2.PdfDocument(content)
    texts = [squeezed(page.get_textpage().get_text_bounded()) for page in opened]
    opened.close()
    assert f"自评价报告第12页第{len(texts) + 12}页" in texts[-1]
    assert "现场照片现场照片另附—" in texts[-1]
    assert "证明材料索引1" + str(len(texts)) in texts[1]


def test_without_proofs_there_is_no_index():
    content = nominee_pdf(samples.nominee(sheets=(samples.basic_sheet(),)))
    with pikepdf.open(io.BytesIO(content)) as file, file.open_outline() as outline:
        assert [item.title for item in outline.root] == ["封面", "目录", "绿色工厂自评价报告"]


def test_the_pages_of_a_nominee_do_not_depend_on_how_many_are_printed_beside_it():
    part = samples.nominee(sheets=sheets_of("factory"), category="绿色工厂")
    first = nominee_pdf(part)
    for number in range(3):
        nominee_pdf(samples.nominee(subject=f"其他工厂{number}", sheets=(samples.basic_sheet(),)))
    assert nominee_pdf(part) == first


def test_uploaded_part_laid_beside_is_named_in_the_contents():
    uploads = (d.UploadedPart("照片", "p.jpg", 0, "b" * 64, False),)
    opened = pypdfium2.PdfDocument(nominee_pdf(samples.nominee(sheets=(samples.basic_sheet(),), uploads=uploads)))
    assert "2照片另附" in squeezed(opened[1].get_textpage().get_text_bounded())
    opened.close()
