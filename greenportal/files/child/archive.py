"""Looking at a ZIP container (xlsx, docx) without believing its headers."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from greenportal.files.child.refusal import Refusal

MEBIBYTE = 1024 * 1024
MAX_ENTRIES = 200
MAX_TOTAL = 100 * MEBIBYTE
MAX_SINGLE = 60 * MEBIBYTE
MAX_RATIO = 100
#: A small entry may compress better than MAX_RATIO without harm (an empty sheet of one repeated row).
RATIO_FROM = MEBIBYTE
CHUNK = 256 * 1024
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
#: Markup that makes a reader fetch or expand something; no office program writes it.
ENTITIES = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
MAIN_PARTS = {
    "xlsx": b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "docx": b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
}
ARCHIVE_MAGICS = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08")
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check(path: Path, kind: str) -> None:
    """Refuse the container at `path` unless it is a plain, honest workbook or document.

    kind: xlsx or docx. Order: container → declared sizes → names → what office parts it holds →
    every byte of every entry, counted while it is unpacked. Raises Refusal.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
        if head == OLE_MAGIC:
            _refuse_ole(stream)
        if not head.startswith(b"PK\x03\x04"):
            raise Refusal("mismatch")
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
                _check_entries(entries)
                _check_names([entry.filename for entry in entries])
                _check_container(stream, archive, entries)
                for entry in entries:
                    _count_entry(stream, entry)
                _check_parts(archive, kind)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, struct.error, zlib.error, NotImplementedError) as exc:
            raise Refusal("damaged") from exc


def _refuse_ole(stream: BinaryIO) -> None:
    """An OLE container is either an encrypted office file or an old .xls/.doc with a new name."""
    stream.seek(0)
    body = stream.read(16 * MEBIBYTE)
    raise Refusal("password" if "EncryptedPackage".encode("utf-16-le") in body else "mismatch")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise Refusal("too_complex")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refusal("password")
    if sum(entry.file_size for entry in entries) > MAX_TOTAL:
        raise Refusal("unpacks_too_big", limit_mb=MAX_TOTAL // MEBIBYTE)
    for entry in entries:
        if entry.file_size > MAX_SINGLE or _over_ratio(entry.file_size, entry.compress_size):
            raise Refusal("unpacks_too_big", limit_mb=MAX_TOTAL // MEBIBYTE)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refusal("damaged")


def _over_ratio(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)


def _check_names(names: list[str]) -> None:
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in parts or (parts[0][1:2] == ":"):
            raise Refusal("unsafe")
    folded = [name.casefold() for name in names]
    if len(set(folded)) != len(folded):
        raise Refusal("damaged")
    if any("vbaproject" in name or "/activex/" in name for name in folded):
        raise Refusal("macro")
    if any("externallinks/" in name for name in folded):
        raise Refusal("external_links")


def _check_container(stream: BinaryIO, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Entries must start at byte 0, must not overlap, and nothing may follow the directory."""
    if not entries or stream.seek(0, 2) != archive.start_dir + _directory_size(stream, archive):
        raise Refusal("damaged")
    end = 0
    for entry in sorted(entries, key=lambda item: item.header_offset):
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refusal("unsafe")
        start, data_start = _local(stream, entry)
        if start < end or (end == 0 and start != 0):
            raise Refusal("damaged")
        end = data_start + entry.compress_size
    if end > archive.start_dir:
        raise Refusal("damaged")


def _directory_size(stream: BinaryIO, archive: zipfile.ZipFile) -> int:
    """Bytes from the start of the central directory to the end of the record that closes the file."""
    stream.seek(archive.start_dir)
    tail = stream.read(MEBIBYTE)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Refusal("damaged")
    comment = struct.unpack("<H", tail[end + 20 : end + 22])[0]
    return end + 22 + int(comment)


def _local(stream: BinaryIO, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Return (header offset, data offset) after comparing the local header with the directory."""
    stream.seek(entry.header_offset)
    raw = stream.read(LOCAL_HEADER.size)
    if len(raw) < LOCAL_HEADER.size:
        raise Refusal("damaged")
    magic, _, flags, method, _, _, _, _, _, name_length, extra_length = LOCAL_HEADER.unpack(raw)
    if magic != b"PK\x03\x04" or method != entry.compress_type:
        raise Refusal("damaged")
    if flags & 0x1:
        raise Refusal("password")
    name = stream.read(name_length)
    if name != entry.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace"):
        raise Refusal("damaged")
    return entry.header_offset, entry.header_offset + LOCAL_HEADER.size + name_length + extra_length


def _count_entry(stream: BinaryIO, entry: zipfile.ZipInfo) -> None:
    """Unpack one entry in pieces and refuse at the first byte beyond what its header declared."""
    _, offset = _local(stream, entry)
    stream.seek(offset)
    left, real, tail, first = entry.compress_size, 0, b"", True
    inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    markup = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    while left > 0:
        packed = stream.read(min(CHUNK, left))
        if not packed:
            raise Refusal("damaged")
        left -= len(packed)
        while packed:
            piece = inflate.decompress(packed, CHUNK) if inflate else packed
            packed = inflate.unconsumed_tail if inflate else b""
            real += len(piece)
            if real > entry.file_size:
                raise Refusal("unpacks_too_big", limit_mb=MAX_TOTAL // MEBIBYTE)
            _look(tail + piece, markup=markup, first=first, name=entry.filename)
            tail, first = piece[-len(EICAR) :], False
    if real != entry.file_size:
        raise Refusal("damaged")


def _look(window: bytes, *, markup: bool, first: bool, name: str) -> None:
    if EICAR in window:
        raise Refusal("infected")
    if markup and any(word in window for word in ENTITIES):
        raise Refusal("unsafe")
    if first and window.startswith(ARCHIVE_MAGICS) and "/embeddings/" not in name.lower():
        raise Refusal("too_complex")


def _check_parts(archive: zipfile.ZipFile, kind: str) -> None:
    names = set(archive.namelist())
    if "[Content_Types].xml" not in names:
        raise Refusal("mismatch")
    types = archive.read("[Content_Types].xml")
    if b"macroEnabled" in types:
        raise Refusal("macro")
    if MAIN_PARTS[kind] not in types:
        raise Refusal("mismatch")
    for name in sorted(name for name in names if name.endswith(".rels")):
        for relation in archive.read(name).split(b"<Relationship ")[1:]:
            text = relation.split(b">", 1)[0]
            if b'TargetMode="External"' in text and b"/hyperlink" not in text:
                raise Refusal("external_links")
