"""Reads which code points a font file maps: the `cmap` tables of OpenType fonts and collections, formats 4 and 12.

Enough for the question "can this be drawn", without loading a font library.
"""

from __future__ import annotations

import struct
from pathlib import Path


class NotAFont(ValueError):
    """The file is no OpenType font or collection."""


def _face_offsets(data: bytes) -> list[int]:
    if data[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", data, 8)
        return list(struct.unpack_from(f">{count}I", data, 12))
    if data[:4] in {b"OTTO", b"\0\1\0\0", b"true"}:
        return [0]
    raise NotAFont("neither an OpenType font nor a collection")


def _cmap_offset(data: bytes, face: int) -> int | None:
    (tables,) = struct.unpack_from(">H", data, face + 4)
    for tag, _, offset, _ in struct.iter_unpack(">4sIII", data[face + 12 : face + 12 + 16 * tables]):
        if tag == b"cmap":
            return int(offset)
    return None


def _format_4(data: bytes, at: int) -> set[int]:
    (double,) = struct.unpack_from(">H", data, at + 6)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + double)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * double)
    base = at + 16 + 3 * double
    offsets = struct.unpack_from(f">{count}H", data, base)
    points: set[int] = set()
    for index, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for point in range(start, min(end, 0xFFFE) + 1):
            glyph = point
            if offset:
                (glyph,) = struct.unpack_from(">H", data, base + 2 * index + offset + 2 * (point - start))
            if glyph and (glyph + delta) & 0xFFFF:
                points.add(point)
    return points


def _format_12(data: bytes, at: int) -> set[int]:
    (groups,) = struct.unpack_from(">I", data, at + 12)
    points: set[int] = set()
    for start, end, glyph in struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * groups]):
        points.update(range(start + (1 if glyph == 0 else 0), end + 1))
    return points


def code_points(path: Path) -> set[int]:
    """Return the code points that any face of the font file draws. Raises `NotAFont`."""
    data = path.read_bytes()
    points: set[int] = set()
    done: set[int] = set()
    try:
        for face in _face_offsets(data):
            cmap = _cmap_offset(data, face)
            if cmap is None:
                continue
            (tables,) = struct.unpack_from(">H", data, cmap + 2)
            for index in range(tables):
                (offset,) = struct.unpack_from(">I", data, cmap + 8 + 8 * index)
                at = cmap + offset
                (kind,) = struct.unpack_from(">H", data, at)
                if at in done or kind not in {4, 12}:
                    continue
                done.add(at)
                points |= _format_4(data, at) if kind == 4 else _format_12(data, at)
    except struct.error as error:
        raise NotAFont(f"damaged font: {path.name}") from error
    return points
