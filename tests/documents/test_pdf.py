import hashlib
import io
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pikepdf
import pypdfium2
import pytest
import weasyprint
from django.template import engines

from greenportal.documents import fonts, pdf, qr

CANARY = b"canary-of-a-private-file-7f3a"


class Probe(HTTPServer):
    hits = 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hits += 1
        self.send_response(200)
        self.send_header("Content-Type", "text/css")
        self.end_headers()
        self.wfile.write(b"/* */")

    def log_message(self, *args):
        pass


@pytest.fixture
def probe():
    server = Probe(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


VECTORS = {
    "link": '<link rel="stylesheet" href="{url}">',
    "import": '<style>@import url("{url}");</style>',
    "background": '<p style="background:url({url})">x</p>',
    "img": '<img src="{url}">',
    "svg-image": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{url}" width="9" height="9"/></svg>',
    "object": '<object data="{url}">x</object>',
    "font-face": '<style>@font-face{{font-family:X;src:url("{url}")}} p{{font-family:X}}</style><p>x</p>',
    "attachment": '<link rel="attachment" href="{url}">',
}


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_is_fetched_from_the_network(probe, vector):
    html = VECTORS[vector].format(url=f"http://127.0.0.1:{probe.server_port}/x")
    with pytest.raises(pdf.ForeignResource) as caught:
        pdf.render_pdf(html)
    assert probe.hits == 0
    assert caught.value.urls == (f"http://127.0.0.1:{probe.server_port}/x",)


@pytest.mark.parametrize("vector", VECTORS)
def test_default_fetcher_would_have_fetched(probe, vector):
    weasyprint.HTML(string=VECTORS[vector].format(url=f"http://127.0.0.1:{probe.server_port}/x")).write_pdf()
    assert probe.hits >= 1


def test_style_sheet_that_imports_is_refused(probe, monkeypatch, tmp_path):
    sheet = tmp_path / "evil.css"
    sheet.write_text(f'@import url("http://127.0.0.1:{probe.server_port}/x");')
    monkeypatch.setattr(pdf, "stylesheet_path", lambda name: sheet)
    with pytest.raises(pdf.ForeignResource):
        pdf.render_pdf("<p>x</p>", stylesheets=("evil.css",))
    assert probe.hits == 0
    weasyprint.CSS(string=sheet.read_text())
    assert probe.hits == 1


def _embedded(content):
    document = pikepdf.Pdf.open(io.BytesIO(content))
    return b"".join(obj.read_bytes() for obj in document.objects if isinstance(obj, pikepdf.Stream))


def test_files_of_the_machine_stay_out(tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_bytes(CANARY)
    html = f'<link rel="attachment" href="{canary.as_uri()}"><p>x</p>'
    with pytest.raises(pdf.ForeignResource):
        pdf.render_pdf(html)
    assert CANARY in _embedded(weasyprint.HTML(string=html).write_pdf())


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,AAAA", "asset:unknown", "asset:../etc/passwd", "ftp://x/y", "ASSET:qr"]
)
def test_only_named_assets_are_served(url):
    with pytest.raises(pdf.ForeignResource):
        pdf.render_pdf(f'<img src="{url}">', assets={"qr": pdf.Asset(qr.svg("x"), "image/svg+xml")})


def test_base_element_does_not_open_a_way(probe):
    with pytest.raises(pdf.ForeignResource):
        pdf.render_pdf(f'<base href="http://127.0.0.1:{probe.server_port}/"><img src="a.png">')
    assert probe.hits == 0


def test_assets_are_drawn(tmp_path):
    content = pdf.render_pdf(
        '<img src="asset:qr" style="width:4cm">', assets={"qr": pdf.Asset(qr.svg("GP1|x"), "image/svg+xml")}
    )
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    assert qr.read(path) == ["GP1|x"]


@pytest.mark.parametrize("name", ["../official.css", "/etc/x.css", "official", "a/b.css"])
def test_style_sheets_have_plain_names(name):
    with pytest.raises(ValueError, match="not a style sheet of ours"):
        pdf.render_pdf("<p>x</p>", stylesheets=(name,))


def test_characters_without_glyph_stop_before_layout():
    with pytest.raises(fonts.GlyphMissing):
        pdf.render_pdf("<p>王\ue863</p>")


def _text(content, page=0):
    return pypdfium2.PdfDocument(content)[page].get_textpage().get_text_bounded()


def test_rare_names_are_drawn_as_themselves():
    content = pdf.render_pdf("<p>喆堃昇䶮㛃𬭎</p>")
    assert "喆堃昇䶮㛃𬭎" in _text(content)
    document = pikepdf.Pdf.open(io.BytesIO(content))
    glyphs = b"".join(font.ToUnicode.read_bytes() for font in document.pages[0].resources.Font.as_dict().values())
    assert b"<0000>" not in glyphs.split(b"endcodespacerange")[1]


SCRIPT = """
import hashlib
from greenportal.documents import pdf
html = "<html lang=zh-CN><body><h1>标题</h1><p>" + "绿色制造" * 400 + "</p><table><tr><td>1</td></tr></table></body></html>"
print(hashlib.sha256(pdf.render_pdf(html, title="T")).hexdigest())
"""


def test_two_processes_make_the_same_bytes():
    def run(seed):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=env, timeout=120
        ).stdout

    first, second = run("1"), run("2")
    assert first == second
    assert len(first.strip()) == 64


def test_different_text_makes_other_bytes_and_identity():
    def identity(content):
        return bytes(pikepdf.Pdf.open(io.BytesIO(content)).trailer.ID[0])

    first, second = pdf.render_pdf("<p>甲</p>"), pdf.render_pdf("<p>乙</p>")
    assert identity(first) != identity(second)


def test_file_bears_the_date_of_issue_or_none():
    issued = datetime(2022, 10, 14, 8, 30, tzinfo=UTC)
    dated = pikepdf.Pdf.open(io.BytesIO(pdf.render_pdf("<p>x</p>", issued_at=issued, title="推荐汇总表")))
    plain = pikepdf.Pdf.open(io.BytesIO(pdf.render_pdf("<p>x</p>")))
    assert str(dated.docinfo.CreationDate) == "D:20221014083000+00'00"
    assert str(dated.docinfo.Title) == "推荐汇总表"
    assert "/CreationDate" not in plain.docinfo


def test_tagged_output_has_a_structure_tree():
    tagged = pikepdf.Pdf.open(io.BytesIO(pdf.render_pdf("<html lang=zh-CN><p>x</p></html>", tagged=True)))
    assert "/StructTreeRoot" in tagged.Root
    assert str(tagged.Root.Lang) == "zh-CN"


def test_solid_text_fills_22_lines_of_28_characters():
    content = pdf.render_pdf(f'<p class="plain">{"绿" * 28 * 22}</p>')
    lines = [line for line in _text(content).splitlines() if "绿" in line]
    assert len(pypdfium2.PdfDocument(content)) == 1
    assert [len(line) for line in lines] == [28] * 22


def test_text_stays_inside_the_margins():
    page = pypdfium2.PdfDocument(pdf.render_pdf(f'<p class="plain">{"绿" * 28 * 22}</p>'))[0]
    text = page.get_textpage()
    boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1) == "绿"]
    mm = 72 / 25.4
    assert min(box[0] for box in boxes) >= 27 * mm
    assert max(box[2] for box in boxes) <= (210 - 25) * mm
    assert max(box[3] for box in boxes) <= (297 - 36) * mm
    assert min(box[1] for box in boxes) >= 34 * mm


def _number_left(content, page):
    document = pypdfium2.PdfDocument(content)[page]
    text = document.get_textpage()
    found = text.search(f"{page + 1}")
    index = found.get_next()[0]
    return text.get_charbox(index)[0], document.get_width()


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages():
    content = pdf.render_pdf(f"<p>{'绿' * 28 * 40}</p>")
    odd, width = _number_left(content, 0)
    even, _ = _number_left(content, 1)
    assert odd > width / 2 > even
    assert "— 1 —" in _text(content, 0).replace("—1—", "— 1 —")


def _landscape(rows):
    body = "".join(f"<tr><td>{i}</td><td>{'某某制造' * 12}</td></tr>" for i in range(rows))
    return pdf.render_pdf(
        f'<body class="landscape"><table><thead><tr><th>序号</th><th>企业名称</th></tr></thead><tbody>{body}</tbody></table></body>'
    )


def test_landscape_tables_repeat_their_head_and_split_no_row():
    document = pypdfium2.PdfDocument(_landscape(40))
    texts = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    assert len(texts) > 1
    assert all(text.count("企业名称") == 1 for text in texts)
    assert sum(text.count("某某制造") for text in texts) == 40 * 12
    assert all(text.count("某某制造") % 12 == 0 for text in texts)


def test_landscape_page_numbers_stand_at_the_left_low_on_odd_high_on_even():
    document = pypdfium2.PdfDocument(_landscape(60))
    places = []
    for page in (document[0], document[1]):
        text = page.get_textpage()
        dash = next(i for i in range(text.count_chars()) if text.get_text_range(i, 1) == "—")
        box = text.get_charbox(dash)
        places.append((box[0] / page.get_width(), box[1] / page.get_height()))
    assert places[0][0] < 0.12 and places[0][1] < 0.5
    assert places[1][0] < 0.12 and places[1][1] > 0.5


def test_titles_are_set_in_bold_where_the_machine_has_it():
    document = pikepdf.Pdf.open(io.BytesIO(pdf.render_pdf("<h1>标题</h1><p>文</p>")))
    names = sorted(str(font.BaseFont).split("+")[1] for font in document.pages[0].resources.Font.as_dict().values())
    expected = ["Noto-Serif-CJK-SC", "Noto-Serif-CJK-SC-Bold"] if fonts.current().has_bold else ["Noto-Serif-SC"]
    assert names == expected


def test_check_engine_passes_here_and_fails_without_harfbuzz_subset(monkeypatch):
    pdf.check_engine()
    monkeypatch.setattr(pdf, "harfbuzz_subset", None)
    with pytest.raises(pdf.SlowSubsetting, match="libharfbuzz-subset0"):
        pdf.check_engine()


def test_engine_key_follows_fonts_and_style_sheets(monkeypatch):
    before = pdf.engine_key()
    assert before == pdf.engine_key(("official.css",))
    pdf.engine_key.cache_clear()
    monkeypatch.setattr(fonts, "current", lambda: fonts.FontSet(fonts.discover().files[:1], False))
    try:
        assert pdf.engine_key() != before
    finally:
        pdf.engine_key.cache_clear()


def test_user_text_in_an_escaped_template_fetches_nothing(probe):
    template = engines["django"].from_string("<p>{{ name }}</p>")
    name = f'<img src="http://127.0.0.1:{probe.server_port}/x"><style>@import "x"</style>'
    content = pdf.render_pdf(template.render({"name": name}))
    assert probe.hits == 0
    assert "<img" in _text(content)
    assert (
        hashlib.sha256(content).hexdigest()
        == hashlib.sha256(pdf.render_pdf(template.render({"name": name}))).hexdigest()
    )
