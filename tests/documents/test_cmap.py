import struct

import pylopdf_fonts_zh_cn
import pytest

from greenportal.documents import cmap


def _font(*subtables, tag=b"\0\1\0\0"):
    """A file with nothing but a cmap of the given subtables."""
    head = struct.pack(">HH", 0, len(subtables))
    offset = 4 + 8 * len(subtables)
    records = b""
    for table in subtables:
        records += struct.pack(">HHI", 3, 1, offset)
        offset += len(table)
    table = head + records + b"".join(subtables)
    directory = tag + struct.pack(">HHHH", 1, 0, 0, 0) + struct.pack(">4sIII", b"cmap", 0, 28, len(table))
    return directory + table


def _format_4(segments):
    """Segments of (start, end, delta), closed by the one the format demands."""
    segments = [*segments, (0xFFFF, 0xFFFF, 1)]
    count = len(segments)
    body = struct.pack(">HHHH", count * 2, 0, 0, 0)
    body += struct.pack(f">{count}H", *(end for _, end, _ in segments)) + b"\0\0"
    body += struct.pack(f">{count}H", *(start for start, _, _ in segments))
    body += struct.pack(f">{count}H", *(delta for _, _, delta in segments))
    body += struct.pack(f">{count}H", *([0] * count))
    return struct.pack(">HHH", 4, 6 + len(body), 0) + body


def _format_12(groups):
    body = b"".join(struct.pack(">III", *group) for group in groups)
    return struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body


def _read(tmp_path, data):
    path = tmp_path / "x.ttf"
    path.write_bytes(data)
    return cmap.code_points(path)


def test_format_4_maps_ranges_and_leaves_out_glyph_zero(tmp_path):
    # Delta -0x41 sends 0x41 to glyph 0, which is the empty box.
    assert _read(tmp_path, _font(_format_4([(0x41, 0x44, 0x10000 - 0x41)]))) == {0x42, 0x43, 0x44}


def test_format_12_reaches_beyond_the_basic_plane(tmp_path):
    assert _read(tmp_path, _font(_format_12([(0x20000, 0x20002, 7)]))) == {0x20000, 0x20001, 0x20002}


def test_format_12_leaves_out_glyph_zero(tmp_path):
    assert _read(tmp_path, _font(_format_12([(0x20000, 0x20002, 0)]))) == {0x20001, 0x20002}


def test_several_tables_are_united_and_other_formats_passed_over(tmp_path):
    other = struct.pack(">HHH", 6, 6, 0)
    data = _font(_format_4([(0x41, 0x41, 5)]), other, _format_12([(0x4E00, 0x4E00, 9)]))
    assert _read(tmp_path, data) == {0x41, 0x4E00}


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\0\1\0\0", _font(_format_4([(1, 2, 3)]))[:-20]])
def test_what_is_no_font_is_refused(tmp_path, data):
    with pytest.raises(cmap.NotAFont):
        _read(tmp_path, data)


def test_shipped_song_covers_gbk():
    points = cmap.code_points(pylopdf_fonts_zh_cn.serif_path())
    gbk = {
        ord(bytes([high, low]).decode("gbk"))
        for high in range(0x81, 0xFE)
        for low in range(0x40, 0xFF)
        if _decodes(high, low)
    }
    han = {point for point in gbk if 0x4E00 <= point <= 0x9FA5}
    assert len(han) == 20902
    assert han - points == set()


def _decodes(high, low):
    try:
        bytes([high, low]).decode("gbk")
    except UnicodeDecodeError:
        return False
    return True
