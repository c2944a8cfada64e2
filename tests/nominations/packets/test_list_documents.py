import dataclasses
import io

import openpyxl
import pypdfium2
import pytest
from docx import Document

from greenportal.documents import fonts, qr, xlsx
from nominations.packets import data as d
from nominations.packets.annex1 import measured
from nominations.packets.annex1_pdf import annex1_pdf
from nominations.packets.annex1_xlsx import annex1_xlsx
from nominations.packets.correction_pdf import correction_pdf
from nominations.packets.dispatch_pdf import DispatchRow, dispatch_pdf
from nominations.packets.findings_pdf import findings_pdf
from nominations.packets.letter import letter_docx, letter_pdf, paragraphs
from nominations.packets.opinions_pdf import opinions_pdf
from nominations.packets.pages import spoken_day, templates_key
from nominations.packets.receipt_pdf import receipt_pdf
from nominations.packets.signatures_pdf import own_places, signatures_pdf
from tests.nominations.packets import samples

SLIP = (DispatchRow("推荐函", 2), DispatchRow("申报材料：某厂", 2, "98"))
RENDERED = {
    "annex1": lambda data: annex1_pdf(data),
    "letter": lambda data: letter_pdf(data, samples.opinions()),
    "opinions": lambda data: opinions_pdf(data, samples.opinions()),
    "findings": lambda data: findings_pdf(data, samples.findings()),
    "signatures": lambda data: signatures_pdf(data, samples.signatures()),
    "dispatch": lambda data: dispatch_pdf(data, SLIP),
}


def texts(content):
    document = pypdfium2.PdfDocument(content)
    try:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def codes(tmp_path, content):
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    return [page.texts for page in qr.scan(path)]


@pytest.mark.parametrize("name", RENDERED)
def test_every_page_bears_code_and_hash_of_the_version(tmp_path, name):
    content = RENDERED[name](samples.list_data(3))
    pages = texts(content)
    assert codes(tmp_path, content) == [("GP1:L:12:2:3f2a9c81aabbccdd",)] * len(pages)
    assert ["第2版校验码" in page and "3f2a9c81aabbccdd" in page for page in pages] == [True] * len(pages)
    assert ["草稿" in page for page in pages] == [False] * len(pages)


@pytest.mark.parametrize("name", RENDERED)
def test_preview_says_draft_on_every_page_and_bears_no_code(tmp_path, name):
    content = RENDERED[name](samples.list_data(12, stamp=None))
    pages = texts(content)
    assert ["草稿" in page for page in pages] == [True] * len(pages)
    assert codes(tmp_path, content) == [()] * len(pages)


@pytest.mark.parametrize("name", RENDERED)
def test_same_values_same_bytes(name):
    assert RENDERED[name](samples.list_data(2)) == RENDERED[name](samples.list_data(2))


def test_annex1_prints_every_row_once_under_a_repeated_head():
    pages = texts(annex1_pdf(samples.list_data(30)))
    factory = [page for page in pages if "统一社会信用代码" in page]
    assert len(factory) > 1
    whole = "".join(factory)
    assert [whole.count(f"有限公司第{n}工厂") for n in range(1, 31)] == [1] * 30
    assert all(page.count("第三方评价机构名称") == 1 for page in factory)
    assert "本表共推荐绿色工厂30家，全部推荐共31项。" in whole


def test_annex1_has_a_section_per_category_with_mark_title_and_seal_place():
    pages = texts(annex1_pdf(samples.list_data(2)))
    assert len(pages) == 2
    for page, label in zip(pages, ("绿色工厂", "绿色设计产品"), strict=True):
        assert f"附件1非官方样式工业和信息化主管部门推荐汇总表（{label}）" in page
        assert "推荐单位（盖章）：瓦房店市工业和信息化局" in page
        assert "填报日期：2022年10月9日" in page


def test_annex1_of_a_confirmed_form_bears_no_mark():
    assert "非官方样式" not in "".join(texts(annex1_pdf(samples.list_data(1, unofficial=False))))


def test_annex1_category_without_rows_says_so():
    empty = d.ListCategory("park", "绿色工业园区", samples.FACTORY_COLUMNS[:2], ())
    assert "本类别无推荐" in texts(annex1_pdf(samples.list_data(categories=(empty,))))[0]


def test_codes_stay_on_one_line():
    document = pypdfium2.PdfDocument(annex1_pdf(samples.list_data(2)))
    assert "91210281MA0TE5T670" in document[0].get_textpage().get_text_bounded()


def test_code_stands_apart_from_the_seal_place():
    page = pypdfium2.PdfDocument(annex1_pdf(samples.list_data(2)))[0]
    text = page.get_textpage()
    index, _ = text.search("盖章").get_next()
    left, _, _, top = text.get_charbox(index)
    mm = 72 / 25.4
    # The code lies in the upper right corner, 22 mm wide; a seal of 42 mm around the word does not reach it.
    assert left + 21 * mm < page.get_width() - 29 * mm
    assert top + 21 * mm < page.get_height()


def test_rare_characters_of_names_are_printed():
    assert "喆堃示例" in texts(annex1_pdf(samples.list_data(1)))[0]
    assert "王䶮" in texts(annex1_pdf(samples.list_data(1)))[0]


def test_character_without_glyph_is_named_not_printed_as_a_box():
    office = dataclasses.replace(samples.OFFICE, contact="王\ue863")
    with pytest.raises(fonts.GlyphMissing, match="U\\+E863"):
        annex1_pdf(samples.list_data(1, office=office))


def test_markup_in_values_is_printed_as_typed():
    row = d.ListRow(1, {"district": "<b>甲</b>", "organisation": '<img src="http://x/">'})
    category = d.ListCategory("factory", "绿色工厂", samples.FACTORY_COLUMNS[:2], (row,))
    assert '<b>甲</b><imgsrc="http://x/">' in texts(annex1_pdf(samples.list_data(categories=(category,))))[0]


@pytest.mark.parametrize("count", [1, 9])
def test_widths_share_the_whole_row(count):
    columns = tuple(d.ListColumn(f"c{n}", f"第{n}栏", "code" if n == 2 else "text") for n in range(count))
    rows = (d.ListRow(1, {"c0": "长" * 40, "c2": "91210281MA0TE5T670"}),)
    found = measured(d.ListCategory("factory", "绿色工厂", columns, rows))
    assert sum(item.share for item in found) == pytest.approx(94, abs=0.1)
    assert min(item.width for item in found) >= 10


def test_workbook_equals_the_printed_list():
    book = openpyxl.load_workbook(io.BytesIO(annex1_xlsx(samples.list_data(3))))
    sheet = book["绿色工厂"]
    assert book.sheetnames == ["绿色工厂", "绿色设计产品", "_meta"]
    assert [cell.value for cell in sheet[4]] == ["序号", *(column.label for column in samples.FACTORY_COLUMNS)]
    assert [cell.value for cell in sheet[5]] == [
        1,
        "瓦房店市",
        "大连喆堃示例轴承制造有限公司第1工厂",
        "91210281MA0TE5T670",
        "3451 滚动轴承制造",
        "大连示例绿色评价中心有限公司",
        86.5,
        None,
    ]
    assert (sheet["A1"].value, sheet["A2"].value) == ("附件1", "工业和信息化主管部门推荐汇总表（绿色工厂）")
    assert sheet.row_dimensions[3].height >= 30


def test_workbook_names_its_version_and_the_nomination_of_each_row():
    book = openpyxl.load_workbook(io.BytesIO(annex1_xlsx(samples.list_data(2))))
    identity = xlsx.identity_from([[cell.value for cell in row] for row in book["_meta"].rows])
    assert (identity.template, identity.round, identity.checksum) == ("nominations.annex1", "2022", samples.SHA)
    assert identity.rows == {("绿色工厂", 5): "v1", ("绿色工厂", 6): "v2", ("绿色设计产品", 5): "p1"}


def test_workbook_is_the_same_bytes_each_time():
    assert annex1_xlsx(samples.list_data(2)) == annex1_xlsx(samples.list_data(2))


def test_letter_names_only_departments_that_answered():
    lines = paragraphs(samples.list_data(12), samples.opinions())
    assert (
        lines[1]
        == "经核对申报材料，并征求大连市瓦房店生态环境分局等部门意见，现推荐绿色工厂12家、绿色设计产品1项，共13项。"
    )
    assert lines[2] == "截至定稿之日，瓦房店市应急管理局的意见尚未答复。"


def test_letter_without_opinions_claims_none():
    lines = paragraphs(samples.list_data(1), ())
    assert lines[1] == "经核对申报材料，现推荐绿色工厂1家、绿色设计产品1项，共2项。"
    assert len(lines) == 3


def test_letter_fits_one_page_with_all_that_an_office_expects():
    pages = texts(letter_pdf(samples.list_data(12), samples.opinions()))
    assert len(pages) == 1
    for words in (
        "大连市工业和信息化局：",
        "附件：1．工业和信息化主管部门推荐汇总表",
        "3．申报材料（一式两份）",
        "瓦房店市工业和信息化局2022年10月9日",
    ):
        assert words in pages[0]


def test_letter_to_edit_says_the_same_as_the_printed_one():
    document = Document(io.BytesIO(letter_docx(samples.list_data(3), samples.opinions())))
    written = "".join("".join(paragraph.text.split()) for paragraph in document.paragraphs)
    page = texts(letter_pdf(samples.list_data(3), samples.opinions()))[0]
    for line in paragraphs(samples.list_data(3), samples.opinions()):
        assert line in written
        assert line in page


def test_letter_is_the_same_bytes_each_time():
    assert letter_docx(samples.list_data(1), ()) == letter_docx(samples.list_data(1), ())


def test_opinions_show_every_department_and_who_has_not_answered():
    page = texts(opinions_pdf(samples.list_data(1), samples.opinions()))[0]
    assert "答复日期：2022年9月28日答复人：李昇方式：盖章复函" in page
    assert "2021年有一次在线监测数据传输异常，已整改。" in page
    assert "2.瓦房店市应急管理局尚未答复" in page


def test_opinions_never_asked_are_said_to_be_missing():
    assert "尚未征求有关部门意见。" in texts(opinions_pdf(samples.list_data(1), ()))[0]


def test_findings_count_outcomes_and_explain_what_is_open_only():
    page = "".join(texts(findings_pdf(samples.list_data(1), samples.findings())))
    assert "绿色工厂1110" in page
    assert "书面决定：同意推荐：年底前完成余热改造。（王䶮，2022年10月8日）" in page
    assert "材料缺项：上传“信用中国”查询结果。" in page
    assert "近三年正常生产。" not in page


def test_signatures_list_own_places_then_nominees_that_have_some():
    data = samples.list_data(1)
    page = "".join(texts(signatures_pdf(data, samples.signatures())))
    assert [place.what for place in own_places(data)] == ["加盖公章", "加盖公章", "签字", "加盖公章", "签字", "签字"]
    assert "共8处" in page
    assert page.count("□") == 8
    assert "大连喆堃示例轴承制造有限公司第1工厂（绿色工厂）" in page
    assert "水性工业防护涂料（绿色设计产品）" not in page


def test_dispatch_slip_comes_in_two_parts_with_counts_and_hash():
    pages = texts(dispatch_pdf(samples.list_data(1), SLIP))
    assert len(pages) == 2
    assert "第一联送件单位留存" in pages[0]
    assert "第二联收件单位留存" in pages[1]
    for page in pages:
        assert "合计4" in page
        assert "3f2a9c81aabbccdd" in page
        assert "收件人（签字）：" in page


def test_correction_page_shows_before_and_after_and_its_own_code(tmp_path):
    content = correction_pdf(samples.correction())
    page = texts(content)[0]
    assert codes(tmp_path, content) == [("GP1:C:7:3:3f2a9c81aabbccdd",)]
    assert "大连示例绿色评价中心有限公司大连示例节能评价有限公司" in page
    assert "备注（空）中央企业" in page
    assert "瓦房店市工业和信息化局（盖章）" in page
    assert "DL2022-0007" in page


def test_receipt_is_proof_of_time_number_and_content(tmp_path):
    content = receipt_pdf(samples.receipt())
    page = texts(content)[0]
    for words in (
        "DL2022-0007",
        "2022年10月9日（星期日）15:30（北京时间，+08:00）",
        "绿色工厂12家、绿色设计产品1项",
        samples.SHA,
        "李昇",
    ):
        assert words in page
    assert "延期依据" not in page
    assert codes(tmp_path, content) == [(samples.STAMP.code,)]
    assert content == receipt_pdf(samples.receipt())


def test_receipt_within_an_extension_names_its_document():
    receipt = dataclasses.replace(samples.receipt(), extension="大工信函〔2022〕1号")
    assert "延期依据大工信函〔2022〕1号" in texts(receipt_pdf(receipt))[0]


def test_days_have_no_leading_zeros_and_blanks_where_unknown():
    assert spoken_day(samples.AT.date().replace(month=9, day=5)) == "2022年9月5日"
    assert spoken_day(None).split() == ["年", "月", "日"]


def test_templates_are_part_of_the_content_key(tmp_path, settings):
    before = templates_key()
    templates_key.cache_clear()
    folder = tmp_path / "templates" / "documents"
    folder.mkdir(parents=True)
    (folder / "annex1.html").write_text("other")
    settings.BASE_DIR = tmp_path
    try:
        assert templates_key() != before
    finally:
        templates_key.cache_clear()
