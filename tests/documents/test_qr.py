import io

import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFilter

from greenportal.documents import merge, pdf, qr

TEXT = "GP1|0191f3c4a7b87c3e9d2f5a6b7c8d9e0f|3f2a9c81aabbccdd|annex1"


@pytest.fixture(scope="module")
def page():
    """A4 page of ours with the code, as a 150 dpi scan in colour."""
    content = merge.stamp_bytes(pdf.render_pdf("<h1>推荐汇总表</h1><p>" + "绿色" * 300 + "</p>"), code=TEXT)
    return content, pypdfium2.PdfDocument(content)[0].render(scale=150 / 72).to_pil().convert("RGB")


def _save(tmp_path, image, **options):
    path = tmp_path / "scan.jpg"
    image.save(path, "JPEG", quality=options.pop("quality", 85), **options)
    return path


def _as_pdf(tmp_path, image):
    path = tmp_path / "scan.pdf"
    image.save(path, "PDF", resolution=150)
    return path


def test_codes_of_our_own_pages_are_read(tmp_path, page):
    path = tmp_path / "own.pdf"
    path.write_bytes(page[0])
    assert qr.read(path) == [TEXT]


def test_png_holds_the_text(tmp_path):
    path = tmp_path / "code.png"
    path.write_bytes(qr.png(TEXT))
    assert qr.read(path) == [TEXT]


def test_svg_is_the_same_each_time_and_carries_no_size_in_pixels():
    assert qr.svg(TEXT) == qr.svg(TEXT)
    assert qr.svg(TEXT).startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')


def test_matrix_is_square_with_finder_patterns():
    modules = qr.matrix(TEXT)
    assert {len(row) for row in modules} == {len(modules)}
    assert modules[0][:8] == (True,) * 7 + (False,)


@pytest.mark.parametrize("angle", [0, 3, 7, 45, 90, 180, 271])
def test_turned_scans_at_150_dpi_are_read(tmp_path, page, angle):
    turned = page[1].rotate(angle, expand=True, fillcolor="white")
    assert qr.read(_as_pdf(tmp_path, turned)) == [TEXT]


def test_phone_picture_is_read(tmp_path, page):
    wide, high = page[1].size
    tilted = page[1].transform(
        (wide, high),
        Image.Transform.QUAD,
        (-40, -60, 30, high + 20, wide + 70, high - 50, wide + 20, 40),
        fillcolor="gray",
    )
    shade = Image.linear_gradient("L").resize((wide, high)).point(lambda value: 120 + value // 2)
    dim = Image.composite(tilted, Image.new("RGB", (wide, high), (70, 66, 60)), shade)
    path = _save(tmp_path, dim.filter(ImageFilter.GaussianBlur(0.8)), quality=60)
    assert qr.read(path) == [TEXT]


def test_phone_picture_stored_sideways_is_turned_by_its_exif(tmp_path, page):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = _save(tmp_path, page[1].rotate(90, expand=True), exif=exif.tobytes())
    assert qr.read(path) == [TEXT]


def _sealed(image, colour=(214, 32, 38)):
    """The page with a round seal, ring, star and bars of ink, over the code; ink mixes with black as ink does."""
    wide = image.size[0]
    side = int(22 / 25.4 * 150)
    centre = (wide - int(7 / 25.4 * 150) - side // 2, int(7 / 25.4 * 150) + side // 2)
    ink = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(ink)
    for radius in range(14, 126, 16):
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        draw.ellipse(box, outline=colour, width=8)
    for offset in range(-60, 61, 20):
        draw.line((centre[0] + offset, centre[1] - 70, centre[0] - offset, centre[1] + 70), fill=colour, width=6)

    return Image.merge("RGB", [_darker(a, b) for a, b in zip(image.split(), ink.split(), strict=True)])


def _darker(one, other):
    return Image.composite(one, other, Image.eval(one, lambda value: 255 if value < 128 else 0))


def test_red_seal_over_the_code_is_looked_through(tmp_path, page):
    assert qr.read(_as_pdf(tmp_path, _sealed(page[1]))) == [TEXT]
    assert qr.read(_save(tmp_path, _sealed(page[1]), quality=80)) == [TEXT]


@pytest.mark.parametrize("channel", ["L", "B"])
def test_red_seal_hides_the_code_in_the_other_channels(tmp_path, page, channel):
    path = _as_pdf(tmp_path, _sealed(page[1]))
    assert [codes.texts for codes in qr.scan(path, channels=(channel,))] == [()]


def test_stain_over_a_corner_of_the_code_is_repaired(tmp_path, page):
    stained = page[1].copy()
    wide = stained.size[0]
    right, top, side = wide - int(7 / 25.4 * 150), int(7 / 25.4 * 150), int(22 / 25.4 * 150)
    ImageDraw.Draw(stained).ellipse((right - 44, top + side - 44, right - 12, top + side - 12), fill=(60, 40, 20))
    assert qr.read(_as_pdf(tmp_path, stained)) == [TEXT]


def test_page_without_code_has_none(tmp_path):
    path = tmp_path / "plain.pdf"
    path.write_bytes(pdf.render_pdf("<p>没有二维码</p>"))
    assert [(codes.page, codes.texts) for codes in qr.scan(path)] == [(1, ())]
    assert qr.read(path) == []


def test_pages_are_told_apart_and_repeats_dropped(tmp_path):
    parts = [merge.Part(f"第{n}部分", pdf.render_pdf("<p>x</p>"), code=code) for n, code in enumerate("ABA")]
    path = tmp_path / "three.pdf"
    merge.merge(parts, output=path, stamp=merge.Stamp())
    assert [codes.texts for codes in qr.scan(path)] == [("A",), ("B",), ("A",)]
    assert qr.read(path) == ["A", "B"]


def test_no_more_pages_are_looked_at_than_asked(tmp_path):
    path = tmp_path / "two.pdf"
    parts = [merge.Part("甲", pdf.render_pdf("<p>x</p>"), code=code) for code in "AB"]
    merge.merge(parts, output=path, stamp=merge.Stamp())
    assert [codes.page for codes in qr.scan(path, max_pages=1)] == [1]


def test_sheet_of_ten_metres_is_drawn_within_bounds(tmp_path, monkeypatch):
    sizes = []
    original = qr._decode
    monkeypatch.setattr(qr, "_decode", lambda image: sizes.append(image.size) or original(image))
    document = pypdfium2.PdfDocument.new()
    document.new_page(28000, 300)
    path = tmp_path / "long.pdf"
    document.save(path)
    assert qr.read(path) == []
    assert max(max(size) for size in sizes) <= qr.LONGEST_SIDE + 1


def test_large_picture_is_shrunk(tmp_path, page):
    big = page[1].resize((6200, 8768))
    path = _save(tmp_path, big)
    assert qr.read(path) == [TEXT]


def test_what_is_neither_pdf_nor_picture_is_refused(tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(b"PK\x03\x04 not an image")
    with pytest.raises(Image.UnidentifiedImageError):
        qr.read(path)
    path.write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(pypdfium2.PdfiumError):
        qr.read(path)


def test_png_is_the_same_each_time():
    assert Image.open(io.BytesIO(qr.png(TEXT))).tobytes() == Image.open(io.BytesIO(qr.png(TEXT))).tobytes()
