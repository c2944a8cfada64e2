import dataclasses
import io

import pikepdf
import pypdfium2
import pytest

from greenportal.documents import merge, pdf, qr
from nominations.packets import data as d
from nominations.packets.nominee_pdf import ContentsRow, contents_rows, nominee_pdf, signed_on
from tests.nominations.packets import samples


def texts(source):
    document = pypdfium2.PdfDocument(source)
    try:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def upload(pages, words="报告"):
    body = "".join(f"<p class='new-page'>{words}{n}</p>" for n in range(pages))
    return pdf.render_pdf(f"<body class='form'>{body}</body>")


@pytest.fixture(scope="module")
def own():
    return nominee_pdf(samples.nominee())


def test_cover_names_the_nominee_and_who_recommends(own):
    cover = texts(own)[0]
    for words in (
        "2022年度国家绿色制造名单推荐",
        "绿色工厂申报材料",
        "91210281MA0TE5T670",
        "瓦房店市工业和信息化局",
        "2022年10月9日",
    ):
        assert words in cover


def test_contents_give_first_pages_of_the_bound_volume(own):
    pages = texts(own)
    report_page = len(pages) + 1
    assert f"3A01自评价报告签字、盖章58{report_page}" in pages[1]
    assert "4现场照片另附" in pages[1]
    assert f"5A02第三方评价报告签字、盖章40{report_page + 58}" in pages[1]
    assert "法定代表人王䶮已于2022年10月8日确认全部内容。" in pages[1]


def test_first_sheet_stands_where_the_contents_say(own):
    pages = texts(own)
    found = next(number for number, text in enumerate(pages, 1) if "绿色工厂自评价报告" in text)
    assert f"1附件2-1绿色工厂基本信息表签字、盖章2{found}" in pages[1]


def test_sheets_print_filled_and_unfilled_questions_alike(own):
    page = texts(own)[3]
    assert "统一社会信用代码91210281MA0TE5T670" in page
    assert "邮编未填写" in page


def test_form_without_official_original_is_marked_and_a_confirmed_one_is_not():
    sheet = samples.basic_sheet()
    marked = texts(nominee_pdf(samples.nominee(sheets=(dataclasses.replace(sheet, mark="非官方样式"),))))
    plain = texts(nominee_pdf(samples.nominee(sheets=(dataclasses.replace(sheet, mark=""),))))
    assert "非官方样式" in marked[2]
    assert "非官方样式" not in "".join(plain)


def test_bookmarks_lead_to_cover_contents_and_sheets(own):
    with pikepdf.Pdf.open(io.BytesIO(own)) as document:
        assert [(item.title, item.page) for item in merge.bookmarks(document)] == [
            ("封面", 0),
            ("目录", 1),
            ("绿色工厂自评价报告", 2),
            ("近三年情况说明", 4),
        ]
        inner = merge.bookmarks(document)[2].children
        assert [(item.title, item.page) for item in inner][:2] == [("绿色工厂基本信息表", 3), ("单位基本情况", 3)]


def test_preview_says_draft_on_every_page():
    pages = texts(nominee_pdf(samples.nominee(draft=True)))
    assert ["草稿" in page for page in pages] == [True] * len(pages)


def test_same_nominee_same_bytes(own):
    assert nominee_pdf(samples.nominee()) == own


def test_contents_longer_than_a_page_still_count_right():
    many = tuple(d.UploadedPart(f"证明材料{n:03d}", f"{n}.pdf", 2, "a" * 64, True) for n in range(70))
    pages = texts(nominee_pdf(samples.nominee(uploads=many)))
    contents = [number for number, text in enumerate(pages) if "证明材料" in text]
    assert len(contents) > 1
    last = len(pages) + 1 + 69 * 2
    assert pages[contents[-1]].count(f"证明材料0692{last}") == 1


def test_rows_of_the_contents_skip_what_is_laid_beside():
    part = samples.nominee(sheets=(samples.basic_sheet(),))
    assert contents_rows(part, [2], first=3) == [
        ContentsRow("附件2-1 绿色工厂基本信息表", 3, 2, "签字、盖章"),
        ContentsRow("A01 自评价报告", 5, 58, "签字、盖章"),
        ContentsRow("现场照片", None, 0, ""),
        ContentsRow("A02 第三方评价报告", 63, 40, "签字、盖章"),
    ]


def test_sheet_without_places_asks_for_no_signature():
    assert signed_on(dataclasses.replace(samples.basic_sheet(), signatures=())) == ""


def test_bound_volume_bears_code_on_our_pages_and_labels_on_uploads(tmp_path):
    uploads = (d.UploadedPart("自评价报告", "a.pdf", 3, "a" * 64, True),)
    own = nominee_pdf(samples.nominee(uploads=uploads))
    count = merge.page_count(own)
    parts = [
        merge.Part("申报材料", own, code="GP1:N:5:1:3f2a9c81aabbccdd"),
        merge.Part("自评价报告", upload(3), label="A01 aaaaaaaa"),
    ]
    done = merge.merge(parts, output=tmp_path / "x.pdf", stamp=merge.Stamp(caption=("第1版", "3f2a9c81")))
    found = [page.texts for page in qr.scan(done.path)]
    assert found == [("GP1:N:5:1:3f2a9c81aabbccdd",)] * count + [()] * 3
    assert [f"第{n}页共{count + 3}页" in text for n, text in enumerate(texts(done.path), 1)] == [True] * (count + 3)
    with pikepdf.Pdf.open(done.path) as document:
        outline = merge.bookmarks(document)
    assert [item.title for item in outline] == ["申报材料", "自评价报告"]
    assert [(item.title, item.page) for item in outline[0].children][:2] == [("封面", 0), ("目录", 1)]
    assert outline[1].page == count
