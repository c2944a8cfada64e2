"""Reading a photograph or a scan."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

from PIL import Image

from greenportal.files.child.refusal import Refusal

MAX_PIXELS = 40_000_000
#: Beginnings of other files and of scripts that must not ride behind a picture.
STOWAWAYS = (b"PK\x03\x04", b"%PDF-", b"<html", b"<script", b"<?php", b"<svg", b"MZ\x90\x00")
MAGICS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}


def inspect(path: Path) -> dict[str, Any]:
    """Return {"format", "width", "height"}; decodes the whole picture once. Raises Refusal."""
    with path.open("rb") as stream:
        head = stream.read(8)
    expected = next((name for magic, name in MAGICS.items() if head.startswith(magic)), None)
    if expected is None:
        raise Refusal("mismatch")
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path, formats=[expected]) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise Refusal("too_many_pixels", limit=MAX_PIXELS // 10_000, width=width, height=height)
        if getattr(picture, "n_frames", 1) > 10:
            raise Refusal("too_complex")
        picture.load()
    _check_tail(path, expected)
    return {"format": expected.lower(), "width": width, "height": height}


def _check_tail(path: Path, kind: str) -> None:
    """Nothing may follow a PNG; behind a JPEG cameras leave data, but no other kind of file."""
    body = path.read_bytes()
    end = _png_end(body) if kind == "PNG" else body.rfind(b"\xff\xd9") + 2
    tail = body[end:]
    if (kind == "PNG" and tail.strip(b"\0")) or any(word in body.lower() for word in map(bytes.lower, STOWAWAYS[3:5])):
        raise Refusal("unsafe")
    if any(word in tail for word in STOWAWAYS):
        raise Refusal("unsafe")


def _png_end(body: bytes) -> int:
    offset = 8
    while offset + 12 <= len(body):
        length, name = struct.unpack(">I4s", body[offset : offset + 8])
        offset += 12 + int(length)
        if name == b"IEND":
            return offset
    raise Refusal("damaged")
