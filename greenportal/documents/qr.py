"""QR codes: drawn on the pages that we make, read back from what returns sealed, rotated, photographed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import segno
import zxingcpp
from PIL import Image, ImageOps

#: Scans are tried at these resolutions in turn; 150 dpi is what office scanners send.
RESOLUTIONS = (150, 220, 300)
#: No raster is larger than this on its long side: a page of ten metres must not eat the memory.
LONGEST_SIDE = 5000
#: Channels in the order tried. A red seal is white in the red channel, so the code under it is clean there.
#: "ink" is the red channel cut at a share of the paper's brightness: JPEG smears a seal's red into black modules.
CHANNELS = ("R", "ink", "L", "B", "contrast")
PAPER_SHARE = 0.45
_PDF_MAGIC = b"%PDF-"


@dataclass(frozen=True, slots=True)
class PageCodes:
    """The texts of the QR codes of one page (1-based), without repeats."""

    page: int
    texts: tuple[str, ...]


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="q", boost_error=True)


def matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the dark modules of the code for `text`, row by row, without quiet zone. At least a quarter may be lost."""
    return tuple(tuple(bool(module) for module in row) for row in _code(text).matrix)


def svg(text: str) -> bytes:
    """Return the code as an SVG of one unit per module, quiet zone of four included."""
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=4, xmldecl=False, svgns=True, nl=False)
    return out.getvalue()


def png(text: str, *, scale: int = 8) -> bytes:
    """Return the code as a PNG, `scale` pixels per module."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=4, scale=scale)
    return out.getvalue()


def _paper(channel: Image.Image) -> int:
    """Return the brightness that nine of ten pixels stay under or reach: the paper, in light or in shade."""
    counts, seen = channel.histogram(), 0
    for level, count in enumerate(counts):
        seen += count
        if seen >= 0.9 * sum(counts):
            return level
    return 255


def _channel(image: Image.Image, name: str) -> Image.Image:
    if name in {"R", "B"}:
        return image.getchannel(name)
    if name == "ink":
        red = image.getchannel("R")
        cut = PAPER_SHARE * _paper(red)
        return red.point([0 if level <= cut else 255 for level in range(256)])
    gray = image.convert("L")
    return ImageOps.autocontrast(gray, cutoff=2) if name == "contrast" else gray


def _decode(image: Image.Image) -> tuple[str, ...]:
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return tuple(dict.fromkeys(code.text for code in found if code.text))


def _read_image(image: Image.Image, channels: Sequence[str]) -> tuple[str, ...]:
    for name in channels:
        if texts := _decode(_channel(image, name)):
            return texts
    return ()


def _bounded(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image).convert("RGB")
    if max(image.size) > LONGEST_SIDE:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image


def _read_page(page: pypdfium2.PdfPage, channels: Sequence[str]) -> tuple[str, ...]:
    longest = max(page.get_size()) or 1.0
    tried: set[float] = set()
    for dpi in RESOLUTIONS:
        scale = min(dpi / 72, LONGEST_SIDE / longest)
        if scale in tried:
            continue
        tried.add(scale)
        bitmap = page.render(scale=scale)
        image = bitmap.to_pil().convert("RGB")
        bitmap.close()
        if texts := _read_image(image, channels):
            return texts
    return ()


def scan(path: Path, *, max_pages: int = 800, channels: Sequence[str] = CHANNELS) -> Iterator[PageCodes]:
    """Yield the codes of each page of a PDF, or of the one page of an image (phone picture: turned by its EXIF).

    Lazy: a caller that has seen enough stops. Run it in the jailed child for files from outside.
    Raises `pypdfium2.PdfiumError` or `PIL.UnidentifiedImageError` for files that are neither.
    """
    with path.open("rb") as stream:
        head = stream.read(1024)
    if _PDF_MAGIC not in head:
        with Image.open(path) as picture:
            yield PageCodes(1, _read_image(_bounded(picture), channels))
        return
    document = pypdfium2.PdfDocument(path)
    try:
        for index in range(min(len(document), max_pages)):
            page = document[index]
            yield PageCodes(index + 1, _read_page(page, channels))
            page.close()
    finally:
        document.close()


def read(path: Path) -> list[str]:
    """Return the distinct texts of all QR codes of a PDF or picture, in order of pages."""
    return list(dict.fromkeys(text for page in scan(path) for text in page.texts))
