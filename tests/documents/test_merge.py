import hashlib
import io
import re
import subprocess
import sys

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from greenportal.documents import merge, pdf, qr, stamping

HASH = "3f2a9c81aabbccdd"


@pytest.fixture(scope="module")
def own():
    return pdf.render_pdf("<body class='form'><h1>基本信息表</h1><p>甲</p><p class='new-page'>乙</p></body>")


def _blank(pages=1, *, box=(0, 0, 595, 842), rotate=0, content=b""):
    document = Pdf.new()
    for _ in range(pages):
        page = document.add_blank_page(page_size=(box[2] - box[0], box[3] - box[1]))
        page.mediabox = Array(list(box))
        page.obj.Rotate = rotate
        if content:
            page.obj.Contents = document.make_stream(content)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _texts(path):
    document = pypdfium2.PdfDocument(path)
    try:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def test_parts_come_in_order_with_running_numbers_and_places(tmp_path, own):
    parts = [merge.Part("基本信息表", own, code=f"GP1|1|{HASH}|sheet"), merge.Part("评价报告", _blank(3), label="U01")]
    done = merge.merge(parts, output=tmp_path / "whole.pdf", stamp=merge.Stamp(caption=("第 2 版", HASH)))
    assert done.pages == 5
    assert done.parts == (merge.MergedPart("基本信息表", 1, 2), merge.MergedPart("评价报告", 3, 3))
    texts = _texts(done.path)
    assert [re.search(r"第(\d)页共5页", text).group(1) for text in texts] == ["1", "2", "3", "4", "5"]
    assert [re.findall(r"U01-\d", text) for text in texts] == [[], [], ["U01-1"], ["U01-2"], ["U01-3"]]
    assert [HASH in text for text in texts] == [True, True, False, False, False]


def test_result_is_described_by_its_own_bytes(tmp_path, own):
    done = merge.merge([merge.Part("甲", own)], output=tmp_path / "whole.pdf", stamp=None)
    content = done.path.read_bytes()
    assert done.size == len(content)
    assert done.sha256 == hashlib.sha256(content).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["whole.pdf"]


def test_bookmarks_nest_by_level_and_point_at_first_pages(tmp_path, own):
    parts = [
        merge.Part("一 表单", own),
        merge.Part("基本信息表", own, level=1),
        merge.Part("承诺书", own, level=1),
        merge.Part("二 附件", _blank(2)),
        merge.Part("评价报告", _blank(), level=1),
    ]
    done = merge.merge(parts, output=tmp_path / "whole.pdf", stamp=None, title="大连某厂")
    with Pdf.open(done.path) as document, document.open_outline() as outline:
        names = [(item.title, [child.title for child in item.children]) for item in outline.root]
        pages = {page.objgen: index for index, page in enumerate(p.obj for p in document.pages)}
        target = pages[outline.root[1].children[0].destination[0].objgen]
        assert names == [("一 表单", ["基本信息表", "承诺书"]), ("二 附件", ["评价报告"])]
        assert target == 8
        assert document.docinfo["/Title"] == "大连某厂"


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [(0, 0, 595, 842), (-50, -60, 545, 782), (0, 0, 842, 1191), (10, 20, 310, 220)])
def test_marks_stand_upright_at_the_foot_of_turned_and_odd_pages(tmp_path, rotate, box):
    part = merge.Part("图", _blank(box=box, rotate=rotate), label="U02", code="GP1|1|x|y")
    done = merge.merge([part], output=tmp_path / "whole.pdf", stamp=merge.Stamp())
    page = pypdfium2.PdfDocument(done.path)[0]
    wide, high = page.get_size()
    image = page.render(scale=max(1.0, 800 / wide)).to_pil().convert("L")
    dark = image.point(lambda value: 255 if value < 140 else 0)
    # The number is centred in the lowest tenth; the code stands in the upper right quarter, nothing elsewhere.
    unit = image.size[0] / wide
    number = dark.crop((int(wide * unit * 0.3), int(high * unit * 0.8), int(wide * unit * 0.7), int(high * unit)))
    left, top, right, bottom = number.getbbox()
    assert right - left > 2 * (bottom - top)
    assert abs((left + right) / 2 - number.size[0] / 2) < number.size[0] * 0.05
    assert dark.crop((0, 0, image.size[0] // 3, int(image.size[1] * 0.7))).getbbox() is None
    assert qr.read(done.path) == ["GP1|1|x|y"]


def test_crop_box_counts_as_the_visible_page(tmp_path):
    document = Pdf.open(io.BytesIO(_blank()))
    document.pages[0].cropbox = Array([100, 200, 500, 700])
    out = io.BytesIO()
    document.save(out)
    done = merge.merge([merge.Part("图", out.getvalue())], output=tmp_path / "whole.pdf", stamp=merge.Stamp())
    page = pypdfium2.PdfDocument(done.path)[0]
    text = page.get_textpage()
    boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1) == "页"]
    assert page.get_size() == (400, 500)
    assert all(100 < box[0] < 500 and 200 < box[1] < 240 for box in boxes)


@pytest.mark.parametrize(
    "boxes",
    [
        {"/MediaBox": [595, 842, 0, 0]},
        {"/MediaBox": [0, 0, 595, 842], "/CropBox": [700, 900, 800, 1000]},
    ],
    ids=["inverted", "crop outside"],
)
def test_broken_boxes_still_get_their_number(tmp_path, boxes):
    document = Pdf.open(io.BytesIO(_blank()))
    for key, value in boxes.items():
        document.pages[0].obj[key] = Array(value)
    frame = stamping.frame(document.pages[0])
    assert (frame.width, frame.height) == (595, 842)


def test_page_without_content_or_resources_is_stamped(tmp_path):
    document = Pdf.open(io.BytesIO(_blank()))
    for key in ("/Contents", "/Resources"):
        if key in document.pages[0].obj:
            del document.pages[0].obj[key]
    out = io.BytesIO()
    document.save(out)
    done = merge.merge([merge.Part("空", out.getvalue(), code="A")], output=tmp_path / "x.pdf", stamp=merge.Stamp())
    assert _texts(done.path) == ["第1页共1页"]


def test_shared_resources_do_not_mix_up_pages(tmp_path):
    document = Pdf.open(io.BytesIO(_blank(2)))
    shared = document.make_indirect(Dictionary(Font=Dictionary()))
    for page in document.pages:
        page.obj.Resources = shared
    out = io.BytesIO()
    document.save(out)
    done = merge.merge([merge.Part("共用", out.getvalue())], output=tmp_path / "x.pdf", stamp=merge.Stamp())
    assert _texts(done.path) == ["第1页共2页", "第2页共2页"]
    with Pdf.open(done.path) as merged:
        assert "/Font" in merged.pages[1].resources


def test_state_left_behind_by_a_page_does_not_move_the_mark(tmp_path):
    shifted = _blank(content=b"1 0 0 rg 5 0 0 5 300 300 cm")
    done = merge.merge([merge.Part("乱", shifted)], output=tmp_path / "x.pdf", stamp=merge.Stamp())
    page = pypdfium2.PdfDocument(done.path)[0]
    text = page.get_textpage()
    box = text.get_charbox(0)
    assert 250 < box[0] < 300 and 20 < box[1] < 40


def test_pages_keep_their_own_text_and_size(tmp_path, own):
    done = merge.merge([merge.Part("甲", own)], output=tmp_path / "x.pdf", stamp=merge.Stamp(numbers=False))
    assert _texts(done.path) == ["基本信息表甲", "乙"]


def test_actions_in_uploads_are_dropped_and_links_kept(tmp_path):
    document = Pdf.open(io.BytesIO(_blank()))
    page = document.pages[0].obj
    script = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    link = Dictionary(S=Name.URI, URI=pikepdf.String("https://example.org"))
    launch = Dictionary(S=Name.Launch, F=pikepdf.String("calc.exe"))
    page.AA = Dictionary(O=script)
    page.Annots = Array(
        [
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=action, AA=Dictionary(E=script))
            for action in (script, link, launch)
        ]
    )
    document.Root.OpenAction = script
    out = io.BytesIO()
    document.save(out)
    done = merge.merge([merge.Part("险", out.getvalue())], output=tmp_path / "x.pdf", stamp=None)
    with Pdf.open(done.path) as merged:
        left = merged.pages[0].obj
        assert "/AA" not in left
        assert "/OpenAction" not in merged.Root
        assert [str(annotation.get("/A", {}).get("/S", "")) for annotation in left.Annots] == ["", "/URI", ""]
        assert all("/AA" not in annotation for annotation in left.Annots)


def test_owner_locked_upload_is_merged_in_the_open(tmp_path):
    document = Pdf.open(io.BytesIO(_blank()))
    out = io.BytesIO()
    document.save(out, encryption=pikepdf.Encryption(owner="secret", user=""))
    done = merge.merge([merge.Part("锁", out.getvalue())], output=tmp_path / "x.pdf", stamp=merge.Stamp())
    with Pdf.open(done.path) as merged:
        assert not merged.is_encrypted
    assert _texts(done.path) == ["第1页共1页"]


def test_same_parts_same_bytes_in_another_folder(tmp_path, own):
    parts = [merge.Part("甲", own, code="A"), merge.Part("乙", _blank(2), label="U01")]
    hashes = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        hashes.add(merge.merge(parts, output=tmp_path / name / "x.pdf", stamp=merge.Stamp(caption=("第 1 版",))).sha256)
    assert len(hashes) == 1


def test_other_stamp_makes_other_bytes(tmp_path, own):
    def made(code):
        part = merge.Part("甲", own, code=code)
        return merge.merge([part], output=tmp_path / "x.pdf", stamp=merge.Stamp()).sha256

    assert made("A") != made("B")


def test_damaged_part_leaves_nothing_behind(tmp_path, own):
    with pytest.raises(pikepdf.PdfError):
        merge.merge(
            [merge.Part("甲", own), merge.Part("坏", b"not a pdf")], output=tmp_path / "x.pdf", stamp=merge.Stamp()
        )
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_and_cancelling_leaves_nothing_behind(tmp_path, own):
    seen = []

    def cancel(done, total):
        seen.append((done, total))
        if done == 2:
            raise InterruptedError

    parts = [merge.Part(str(n), own) for n in range(3)]
    with pytest.raises(InterruptedError):
        merge.merge(parts, output=tmp_path / "x.pdf", stamp=None, progress=cancel)
    assert seen == [(1, 3), (2, 3)]
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_merge_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="nothing to merge"):
        merge.merge([], output=tmp_path / "x.pdf", stamp=None)


def test_stamp_refuses_words_outside_its_alphabet(tmp_path, own):
    with pytest.raises(stamping.UnknownMark, match="鑫"):
        merge.merge([merge.Part("甲", own, label="鑫")], output=tmp_path / "x.pdf", stamp=merge.Stamp())


def test_single_document_gets_the_code_and_keeps_its_bookmarks(tmp_path, own):
    stamped = merge.stamp_bytes(own, code="GP1|7|x|letter", caption=("第 1 版",))
    path = tmp_path / "x.pdf"
    path.write_bytes(stamped)
    assert [page.texts for page in qr.scan(path)] == [("GP1|7|x|letter",)] * 2
    assert "共2页" not in "".join(_texts(path))
    with Pdf.open(path) as document, document.open_outline() as outline:
        assert [item.title for item in outline.root] == ["基本信息表"]
    assert merge.stamp_bytes(own, code="GP1|7|x|letter", caption=("第 1 版",)) == stamped


def test_page_count_reads_bytes_and_files(tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(_blank(4))
    assert merge.page_count(path) == merge.page_count(path.read_bytes()) == 4


HEAVY = """
import os, sys, resource
from pathlib import Path
import pikepdf
from greenportal.documents import merge
folder = Path(sys.argv[1])
document = pikepdf.Pdf.new()
for n in range(5):
    page = document.add_blank_page(page_size=(595, 842))
    page.obj.Contents = document.make_stream(b"% " + os.urandom(1_000_000).hex().encode()[:1_000_000])
document.save(folder / "up.pdf", compress_streams=False)
del document
parts = [merge.Part(str(n), folder / "up.pdf", label=f"U{n:02d}") for n in range(20)]
merge.merge(parts[:1], output=folder / "one.pdf", stamp=merge.Stamp())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
done = merge.merge(parts, output=folder / "all.pdf", stamp=merge.Stamp())
print(done.pages, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_bounded_over_many_large_uploads(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, str(tmp_path)], capture_output=True, text=True, check=True, timeout=240
    )
    pages, grown = done.stdout.splitlines()[-1].split()
    assert pages == "100"
    # 100 MB of input: nowhere near all of it may be held at once.
    assert int(grown) < 60


def test_joined_documents_keep_order_and_bookmarks(own):
    whole = merge.join([own, _blank(2), own], title="合订")
    with Pdf.open(io.BytesIO(whole)) as document:
        assert len(document.pages) == 6
        assert merge.bookmarks(document) == (merge.Bookmark("基本信息表", 0), merge.Bookmark("基本信息表", 4))
        assert document.docinfo["/Title"] == "合订"
    assert merge.join([own, _blank(2), own], title="合订") == whole


def test_bookmarks_of_our_own_parts_are_nested_and_those_of_uploads_left_out(tmp_path, own):
    parts = [merge.Part("上传", own), merge.Part("表单", own, code="A")]
    done = merge.merge(parts, output=tmp_path / "x.pdf", stamp=merge.Stamp())
    with Pdf.open(done.path) as document:
        assert merge.bookmarks(document) == (
            merge.Bookmark("上传", 0),
            merge.Bookmark("表单", 2, (merge.Bookmark("基本信息表", 2),)),
        )


def test_bookmarks_that_lead_out_of_the_file_are_passed_over():
    document = Pdf.open(io.BytesIO(_blank()))
    with document.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("网页", action=Dictionary(S=Name.URI, URI=pikepdf.String("https://x"))))
        outline.root.append(pikepdf.OutlineItem("第一页", 0))
    assert merge.bookmarks(document) == (merge.Bookmark("第一页", 0),)


def test_own_page_that_lies_across_bears_its_number_at_the_left_edge_and_an_upload_at_the_foot(tmp_path):
    wide = _blank(box=(0, 0, 842, 595))
    parts = [merge.Part("表", wide, code="GP1|1|x|y"), merge.Part("件", wide, label="A01")]
    done = merge.merge(parts, output=tmp_path / "whole.pdf", stamp=merge.Stamp())
    document = pypdfium2.PdfDocument(done.path)
    places = []
    for page in document:
        text = page.get_textpage()
        index = text.get_text_bounded().replace("\r", "").index("共")
        left, low, right, high = text.get_charbox(index)
        places.append(((left + right) / 2, (low + high) / 2))
    document.close()
    assert places[0][0] < 60
    assert abs(places[0][1] - 595 / 2) < 30
    assert places[1][1] < 60
    assert abs(places[1][0] - 842 / 2) < 30
