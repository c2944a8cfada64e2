"""ZIP files that are the same bytes each time: fixed dates and rights, entries in the order given, streamed."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: The earliest date a ZIP can bear. Real dates stand in the manifest.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: What is compressed already and gains nothing from a second pass.
STORED_SUFFIXES = {".pdf", ".xlsx", ".docx", ".zip", ".jpg", ".jpeg", ".png"}
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: its path inside the ZIP and where its bytes are."""

    name: str
    source: bytes | Path


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of one entry: size in bytes and SHA-256, hex."""

    name: str
    size: int
    sha256: str


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = (
        zipfile.ZIP_STORED if PurePosixPath(name).suffix.lower() in STORED_SUFFIXES else zipfile.ZIP_DEFLATED
    )
    info.external_attr = 0o100644 << 16
    info.create_system = 3
    return info


def _check_name(name: str, seen: set[str]) -> None:
    path = PurePosixPath(name)
    if not name or "\\" in name or "\0" in name or path.is_absolute() or ".." in path.parts or name.endswith("/"):
        raise ValueError(f"not a plain path inside a ZIP: {name!r}")
    if name.casefold() in seen:
        raise ValueError(f"twice in one ZIP: {name!r}")
    seen.add(name.casefold())


def _copy(entry: Entry, archive: zipfile.ZipFile) -> Written:
    digest, size = hashlib.sha256(), 0
    stream = io.BytesIO(entry.source) if isinstance(entry.source, bytes) else entry.source.open("rb")
    with stream, archive.open(_member(entry.name), "w", force_zip64=True) as target:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return Written(entry.name, size, digest.hexdigest())


def write(entries: Iterable[Entry], output: Path) -> list[Written]:
    """Write `entries` to `output` and return what was written, in order. Memory stays at one chunk.

    The file appears under its name only when complete. Raises ValueError for a name that leaves the ZIP or comes twice.
    """
    partial = output.with_name(output.name + ".part")
    seen: set[str] = set()
    written = []
    try:
        with zipfile.ZipFile(partial, "w", allowZip64=True) as archive:
            for entry in entries:
                _check_name(entry.name, seen)
                written.append(_copy(entry, archive))
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    return written


def repack(source: Path | io.BytesIO, target: Path | io.BytesIO, edit: Mapping[str, Callable[[bytes], bytes]]) -> None:
    """Copy an office file (itself a ZIP) without its dates, passing the members named in `edit` through a function."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            info = _member(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name in edit:
                new.writestr(info, edit[name](old.read(name)))
                continue
            with old.open(name) as reader, new.open(info, "w") as writer:
                while chunk := reader.read(CHUNK):
                    writer.write(chunk)
