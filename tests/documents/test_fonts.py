import os
import shutil
import subprocess
import sys
from pathlib import Path

import pylopdf_fonts_zh_cn
import pytest

from greenportal.documents import fonts

RARE_NAMES = "喆堃昇䶮㛃𬭎"


def test_rare_characters_of_names_are_covered():
    assert fonts.missing_glyphs(RARE_NAMES) == set()


def test_characters_of_forms_are_covered():
    assert fonts.missing_glyphs("□√①㎡℃—…ⅢABCabc019％（）《》〔2022〕235号") == set()


def test_uncovered_characters_are_named():
    assert fonts.missing_glyphs("大连\ue863市𠀍") == {"\ue863", "𠀍"}


def test_spaces_controls_joiners_and_selectors_never_miss():
    assert fonts.missing_glyphs("大\n连\u200d 市\u3000\ufe0f\U000e0100\u202e") == set()


def test_gate_names_character_code_and_remedy():
    with pytest.raises(fonts.GlyphMissing) as caught:
        fonts.require_glyphs("王\ue863")
    assert str(caught.value) == (
        "现有字库没有以下字符，打印会缺字：“\ue863”（U+E863）。改用规范汉字，或由系统管理员安装含有该字的字体后重试。"
    )
    assert caught.value.characters == "\ue863"


def test_gate_reads_character_references_in_html_only():
    fonts.require_glyphs("&#xE863;")
    with pytest.raises(fonts.GlyphMissing):
        fonts.require_glyphs("<p>&#xE863;</p>", is_html=True)


def test_without_system_fonts_the_wheel_serves():
    found = fonts.discover(system_dirs=(), operator_dir=Path("/nonexistent"))
    assert found.files == (pylopdf_fonts_zh_cn.serif_path(), pylopdf_fonts_zh_cn.sans_path())
    assert not found.has_bold
    assert fonts.missing_glyphs(RARE_NAMES, fonts=found) == set()


def test_half_a_noto_family_does_not_serve(tmp_path):
    (tmp_path / "NotoSerifCJK-Regular.ttc").write_bytes(b"")
    found = fonts.discover(system_dirs=(tmp_path,), operator_dir=tmp_path / "none")
    assert found.files[0] == pylopdf_fonts_zh_cn.serif_path()


def test_noto_files_come_in_fixed_order_with_bold(tmp_path):
    for name in reversed(fonts.NOTO_FILES):
        (tmp_path / name).write_bytes(b"")
    found = fonts.discover(system_dirs=(tmp_path,), operator_dir=tmp_path / "none")
    assert [path.name for path in found.files] == list(fonts.NOTO_FILES)
    assert found.has_bold


def test_no_fonts_at_all_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(pylopdf_fonts_zh_cn, "serif_path", lambda: tmp_path / "a.otf")
    monkeypatch.setattr(pylopdf_fonts_zh_cn, "sans_path", lambda: tmp_path / "b.otf")
    with pytest.raises(fonts.NoFonts, match="fonts-noto-cjk"):
        fonts.discover(system_dirs=(), operator_dir=tmp_path)


def test_operator_fonts_come_first_and_change_the_key(tmp_path):
    plain = fonts.discover(system_dirs=(), operator_dir=tmp_path / "none")
    shutil.copy(pylopdf_fonts_zh_cn.sans_path(), tmp_path / "fang.otf")
    (tmp_path / "readme.txt").write_text("not a font")
    mounted = fonts.discover(system_dirs=(), operator_dir=tmp_path)
    assert mounted.files[0] == tmp_path / "fang.otf"
    assert len(mounted.files) == 3
    assert mounted.key != plain.key


def test_key_depends_on_content_not_place(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.otf").write_bytes(b"same")
    first, second = (fonts.FontSet((tmp_path / folder / "x.otf",), False) for folder in ("a", "b"))
    assert first.key == second.key
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "x.otf").write_bytes(b"other")
    assert fonts.FontSet((tmp_path / "c" / "x.otf",), False).key != first.key


@pytest.mark.parametrize("before", [None, "/etc/fonts/fonts.conf"])
def test_environment_is_restored_after_loading(monkeypatch, before):
    if before is None:
        monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    else:
        monkeypatch.setenv("FONTCONFIG_FILE", before)
    with fonts.only_these(fonts.current()):
        config = Path(os.environ["FONTCONFIG_FILE"])
        assert str(fonts.current().files[0]) in config.read_text()
    assert os.environ.get("FONTCONFIG_FILE") == before
    assert not config.exists()


WHEEL_ONLY = """
import re, sys
from greenportal.documents import fonts
fonts.SYSTEM_DIRS = ()
fonts.discover.__kwdefaults__["system_dirs"] = ()
from greenportal.documents import pdf
content = pdf.render_pdf("<p>大连市喆堃䶮𬭎</p>")
import io, pikepdf
names = set()
for page in pikepdf.Pdf.open(io.BytesIO(content)).pages:
    names |= {str(font.BaseFont).split("+")[1] for font in page.resources.Font.as_dict().values()}
print(sorted(names))
"""


def test_rendering_with_the_wheel_alone_uses_no_other_font():
    done = subprocess.run([sys.executable, "-c", WHEEL_ONLY], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "['Noto-Serif-SC']"
