"""Which fonts documents are set in, what they can draw, and their fingerprint.

Two sources are looked at in order: fonts installed on the machine (Debian `fonts-noto-cjk`, whose bold is real) and the
wheel `pylopdf-fonts-zh-cn` (regular weights only). Fonts that the operator mounts in `DOCUMENT_FONT_DIR` (仿宋, 楷体,
小标宋 under their own licences) come first in the style sheets and are added to either.

The renderer sees these files and no others, so that a font somebody installs later cannot change old documents.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from xml.sax.saxutils import escape

import pylopdf_fonts_zh_cn
from django.conf import settings

from greenportal.documents.cmap import code_points

SYSTEM_DIRS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
#: What Debian and the Noto project call the Song and Hei faces that the style sheets name.
NOTO_FILES = (
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
)
BOLD_FILES = {"NotoSerifCJK-Bold.ttc", "NotoSansCJK-Bold.ttc"}
#: Optional faces for rare characters of names (Ext B–F), used where installed: Debian `fonts-hanazono`.
RARE_FILES = ("HanaMinA.ttf", "HanaMinB.ttf", "HanaMinC.otf")
SUFFIXES = {".ttf", ".otf", ".ttc"}
#: General categories that leave no mark on paper.
UNPRINTED = {"Cc", "Cf", "Zs", "Zl", "Zp"}
VARIATION_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_environment_lock = Lock()


class NoFonts(RuntimeError):
    """No font that draws Chinese was found: the message says what to install."""


class GlyphMissing(ValueError):
    """Characters that no configured font can draw. `characters` lists them sorted; the message is Chinese."""

    def __init__(self, characters: set[str]) -> None:
        self.characters = "".join(sorted(characters))
        super().__init__(
            f"现有字库没有以下字符，打印会缺字：{named(characters)}。改用规范汉字，或由系统管理员安装含有该字的字体后重试。"
        )


def named(characters: Iterable[str]) -> str:
    """Return how a message names characters that may not show: “𠀍”（U+2000D）, in a stable order."""
    return "、".join(f"“{char}”（U+{ord(char):04X}）" for char in sorted(set(characters)))


@dataclass(frozen=True, slots=True)
class FontSet:
    """The font files that documents may use, in a stable order."""

    files: tuple[Path, ...]
    has_bold: bool

    @property
    def key(self) -> str:
        """Return the SHA-256 over names and contents: part of the content key of every document."""
        return _fingerprint(self.files)


def _operator_files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _installed(names: tuple[str, ...], directories: tuple[Path, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for directory in directories:
        for path in sorted(directory.rglob("*")) if directory.is_dir() else []:
            if path.name in names:
                found.setdefault(path.name, path)
    return found


def discover(*, system_dirs: tuple[Path, ...] = SYSTEM_DIRS, operator_dir: Path | None = None) -> FontSet:
    """Return the fonts of this machine: the operator's, then Noto CJK, or the wheel's where Noto CJK is not complete.

    Raises `NoFonts` when neither is there.
    """
    noto = _installed(NOTO_FILES, system_dirs)
    rare = _installed(RARE_FILES, system_dirs)
    if {"NotoSerifCJK-Regular.ttc", "NotoSansCJK-Regular.ttc"} <= noto.keys():
        base = [noto[name] for name in NOTO_FILES if name in noto]
    else:
        base = [path for path in (pylopdf_fonts_zh_cn.serif_path(), pylopdf_fonts_zh_cn.sans_path()) if path.is_file()]
    if not base:
        raise NoFonts("没有可用的中文字体：安装 Debian 软件包 fonts-noto-cjk，或重新安装依赖 pylopdf-fonts-zh-cn。")
    operator = _operator_files(operator_dir or Path(settings.DOCUMENT_FONT_DIR))
    files = (*operator, *base, *(rare[name] for name in RARE_FILES if name in rare))
    return FontSet(files=files, has_bold=any(path.name in BOLD_FILES for path in base))


@lru_cache(maxsize=1)
def current() -> FontSet:
    """Return the font set of this process; found once, since it goes into every content key."""
    return discover()


@lru_cache(maxsize=8)
def _fingerprint(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            digest.update(f"{path.name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=8)
def coverage(fonts: FontSet) -> frozenset[int]:
    """Return the code points that some file of `fonts` draws.

    Bold files are left out: they draw what the regular ones draw.
    """
    points: set[int] = set()
    for path in fonts.files:
        if path.name not in BOLD_FILES:
            points |= code_points(path)
    return frozenset(points)


def missing_glyphs(text: str, *, fonts: FontSet | None = None) -> set[str]:
    """Return the characters of `text` that would print as an empty box. Spaces and format characters never do."""
    known = coverage(fonts or current())
    return {
        char
        for char in set(text)
        if ord(char) not in known
        and ord(char) not in VARIATION_SELECTORS
        and unicodedata.category(char) not in UNPRINTED
    }


def require_glyphs(source: str, *, is_html: bool = False) -> None:
    """Raise `GlyphMissing` unless every character can be drawn. In HTML, character references count as characters."""
    extra = "".join(html.unescape(entity) for entity in set(_ENTITY.findall(source))) if is_html else ""
    missing = missing_glyphs(source + extra)
    if missing:
        raise GlyphMissing(missing)


def fontconfig_xml(fonts: FontSet) -> str:
    """Return a fontconfig file that offers exactly `fonts`. Caches of the machine are used where they exist."""
    directories = sorted({str(path.parent) for path in fonts.files})
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">', "<fontconfig>"]
    lines += [f"<dir>{escape(directory)}</dir>" for directory in directories]
    lines += ["<selectfont><rejectfont><glob>/*.*</glob></rejectfont>"]
    lines += [f"<acceptfont><glob>{escape(str(path))}</glob></acceptfont>" for path in fonts.files]
    lines += ["</selectfont>", "<cachedir>/var/cache/fontconfig</cachedir>"]
    lines += ['<cachedir prefix="xdg">fontconfig</cachedir>', "</fontconfig>"]
    return "\n".join(lines)


@contextmanager
def only_these(fonts: FontSet) -> Iterator[None]:
    """Make fontconfig see `fonts` alone while the block loads a configuration; other code keeps the machine's fonts."""
    with _environment_lock, tempfile.TemporaryDirectory(prefix="greenportal-fonts-") as folder:
        config = Path(folder) / "fonts.conf"
        config.write_text(fontconfig_xml(fonts), encoding="utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(config)
        try:
            yield
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before
