"""What is stamped on pages after they were made: running numbers, QR codes, small marks. Drawn in page space.

The glyphs come from one small PDF that the renderer sets once per process: its subset font is borrowed, so that
stamping a hundred pages costs no layout. QR codes are vector shapes, drawn once per file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Pdf

from greenportal.documents import qr
from greenportal.documents.pdf import render_pdf

#: All that a stamp may say: Latin, figures, and the words of our own marks.
LATIN = "".join(chr(code) for code in range(0x20, 0x7F))
WORDS = "第页共版本校验码附件材料草稿号报送推荐汇总表补正序份目录·—、：（）〔〕年月日"
ALPHABET = frozenset(LATIN + WORDS)

A4_WIDTH = 595.28
MM = 72 / 25.4
#: Side of the code with its quiet zone, and its distance from the upper right corner of the sheet.
CODE_SIDE = 22 * MM
CODE_INSET = 7 * MM
_BFCHAR = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]{4})>")


class UnknownMark(ValueError):
    """A stamp was asked to say something outside its alphabet."""


@dataclass(frozen=True, slots=True)
class PageStamp:
    """What one page gets. Empty parts are left out.

    number: centred at the foot; code and caption: QR at the upper right with two small lines under it;
    label: small, at the lower right. turned: the number stands at the left edge, where the foot of upright pages is
    once a page that lies across is bound (GB/T 9704).
    """

    number: str = ""
    code: str = ""
    caption: tuple[str, ...] = ()
    label: str = ""
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The visible page: size in points as displayed, the matrix from it to user space, the scale of marks."""

    width: float
    height: float
    matrix: tuple[float, float, float, float, float, float]
    scale: float


class StampFont:
    """The borrowed font inside one PDF: encodes text to glyph ids and measures it."""

    def __init__(self, target: Pdf) -> None:
        source = Pdf.open(io.BytesIO(_alphabet_pdf()))
        font = _font_with_most_glyphs(source)
        self.glyphs = {
            chr(int(code, 16)): int(glyph, 16) for glyph, code in _BFCHAR.findall(font.ToUnicode.read_bytes())
        }
        self.widths = _widths(font)
        self.resource = target.copy_foreign(font)

    def _glyph(self, char: str) -> int:
        if char not in self.glyphs:
            raise UnknownMark(f"a stamp cannot say {char!r}")
        return self.glyphs[char]

    def encode(self, text: str) -> str:
        """Return `text` as a PDF hex string of glyph ids."""
        return "<" + "".join(f"{self._glyph(char):04x}" for char in text) + ">"

    def width(self, text: str, size: float) -> float:
        """Return the length of `text` in points."""
        return sum(self.widths.get(self._glyph(char), 1000.0) for char in text) * size / 1000


@lru_cache(maxsize=1)
def _alphabet_pdf() -> bytes:
    spaced = " ".join(char.replace("&", "&amp;").replace("<", "&lt;") for char in sorted(ALPHABET - {" "}))
    return render_pdf(f'<html><body class="hei"><p class="hei">{spaced} </p></body></html>')


def _font_with_most_glyphs(source: Pdf) -> pikepdf.Object:
    fonts = [font for page in source.pages for font in page.resources.Font.as_dict().values()]
    return max(fonts, key=lambda font: len(_BFCHAR.findall(font.ToUnicode.read_bytes())))


def _widths(font: pikepdf.Object) -> dict[int, float]:
    widths: dict[int, float] = {}
    items = list(font.DescendantFonts[0].W.as_list())
    while items:
        first = int(items.pop(0))
        following = items.pop(0)
        if isinstance(following, Array):
            widths.update({first + offset: float(width) for offset, width in enumerate(following.as_list())})
        else:
            width = float(items.pop(0))
            widths.update(dict.fromkeys(range(first, int(following) + 1), width))
    return widths


def _box(page: Page) -> tuple[float, float, float, float]:
    media, crop = ([float(value) for value in box] for box in (page.mediabox, page.cropbox))
    left, right = sorted((media[0], media[2]))
    low, high = sorted((media[1], media[3]))
    crop_left, crop_right = sorted((crop[0], crop[2]))
    crop_low, crop_high = sorted((crop[1], crop[3]))
    inner = (max(left, crop_left), max(low, crop_low), min(right, crop_right), min(high, crop_high))
    if inner[2] - inner[0] > 1 and inner[3] - inner[1] > 1:
        return inner
    return (left, low, max(right, left + 1), max(high, low + 1))


def frame(page: Page) -> Frame:
    """Return the visible frame of `page`, whatever its boxes, offset and rotation. Marks grow with large sheets."""
    x0, y0, x1, y1 = _box(page)
    wide, high = x1 - x0, y1 - y0
    turn = int(page.rotation) % 360
    matrix = {
        0: (1.0, 0.0, 0.0, 1.0, x0, y0),
        90: (0.0, 1.0, -1.0, 0.0, x1, y0),
        180: (-1.0, 0.0, 0.0, -1.0, x1, y1),
        270: (0.0, -1.0, 1.0, 0.0, x0, y1),
    }[turn]
    width, height = (high, wide) if turn in {90, 270} else (wide, high)
    scale = min(8.0, max(0.25, min(width, height) / A4_WIDTH))
    return Frame(width, height, matrix, scale)


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)


def code_form(target: Pdf, text: str) -> pikepdf.Object:
    """Return the QR code of `text` as a form of 1 × 1 with a white ground and quiet zone."""
    modules = qr.matrix(text)
    side = len(modules) + 8
    parts = [f"{_numbers((1 / side, 0, 0, 1 / side, 0, 0))} cm 1 g 0 0 {side} {side} re f 0 g"]
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate([*line, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                # A hair more than one unit high, so that no viewer shows seams between rows.
                parts.append(f"{start + 4} {_numbers((side - 5 - row - 0.01,))} {column - start} 1.02 re")
                start = None
    parts.append("f")
    form = target.make_stream("\n".join(parts).encode())
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 1, 1])
    form.Resources = Dictionary()
    return target.make_indirect(form)


def _text(font: StampFont, text: str, *, x: float, y: float, size: float, gray: float = 0.2) -> str:
    return f"BT {gray} g /GPFont {size:.2f} Tf {_numbers((x, y))} Td {font.encode(text)} Tj ET"


def _on_white(font: StampFont, text: str, *, x: float, y: float, size: float) -> list[str]:
    width = font.width(text, size)
    ground = _numbers((x - size * 0.4, y - size * 0.35, width + size * 0.8, size * 1.35))
    return [f"1 g {ground} re f", _text(font, text, x=x, y=y, size=size)]


def content(stamp: PageStamp, frame: Frame, font: StampFont) -> bytes:
    """Return the drawing operators of `stamp` for a page of `frame`."""
    unit = frame.scale
    parts = ["/Artifact BMC", "q", f"{_numbers(frame.matrix)} cm"]
    if stamp.number:
        parts += _number(stamp, frame, font)
    if stamp.label:
        size = 6.5 * unit
        x = frame.width - 10 * MM * unit - font.width(stamp.label, size)
        parts += _on_white(font, stamp.label, x=x, y=5 * MM * unit, size=size)
    if stamp.code:
        side, inset = CODE_SIDE * unit, CODE_INSET * unit
        x, y = frame.width - inset - side, frame.height - inset - side
        parts.append(f"q {_numbers((side, 0, 0, side, x, y))} cm /GPCode Do Q")
        size = 6 * unit
        for line, text in enumerate(stamp.caption):
            start = x + (side - font.width(text, size)) / 2
            parts.append(_text(font, text, x=start, y=y - (line + 0.6) * size * 1.25, size=size))
    parts += ["Q", "EMC"]
    return "\n".join(parts).encode()


def _number(stamp: PageStamp, frame: Frame, font: StampFont) -> list[str]:
    """Return the running number: at the foot, or along the left edge of a page that lies across."""
    size, away = 9 * frame.scale, 10 * MM * frame.scale
    width = font.width(stamp.number, size)
    if not stamp.turned:
        return _on_white(font, stamp.number, x=(frame.width - width) / 2, y=away, size=size)
    turn = _numbers((0, -1, 1, 0, away, (frame.height + width) / 2))
    return [f"q {turn} cm", *_on_white(font, stamp.number, x=0, y=0, size=size), "Q"]


def lies_across(page: Page) -> bool:
    """True when the page, as displayed, is wider than high."""
    shown = frame(page)
    return shown.width > shown.height


def _own_copy(resource: object) -> Dictionary:
    """Return a copy that this page may change: resources are often shared between pages, or inherited."""
    return copy(resource) if isinstance(resource, Dictionary) else Dictionary()


def apply(page: Page, stamp: PageStamp, font: StampFont, codes: dict[str, pikepdf.Object], target: Pdf) -> None:
    """Draw `stamp` over `page` of `target`. What the page left in the graphics state is shut off before.

    `codes` keeps the QR forms of this file, so that a code is stored once.
    """
    resources = _own_copy(page.resources)
    fonts = _own_copy(resources.get("/Font"))
    fonts.GPFont = font.resource
    resources.Font = fonts
    if stamp.code:
        if stamp.code not in codes:
            codes[stamp.code] = code_form(target, stamp.code)
        forms = _own_copy(resources.get("/XObject"))
        forms.GPCode = codes[stamp.code]
        resources.XObject = forms
    page.obj.Resources = resources
    page.contents_add(target.make_stream(b"q\n"), prepend=True)
    page.contents_add(target.make_stream(b"\nQ\n" + content(stamp, frame(page), font)))
