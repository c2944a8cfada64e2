"""The steps an uploaded file passes before it is stored; each is one function and one kind of refusal."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from greenportal.accounts.identity import without_numbers
from greenportal.files import antivirus, blobs, conf, jail
from greenportal.files.messages import LABELS, SUFFIXES, UploadRefused, accepted, spoken_size
from greenportal.files.models import StoredFile

CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
}
#: Suffixes that make the last one a disguise: 报告.exe.pdf.
DISGUISES = frozenset(
    [
        ".exe",
        ".com",
        ".scr",
        ".bat",
        ".cmd",
        ".ps1",
        ".vbs",
        ".js",
        ".jse",
        ".wsf",
        ".hta",
        ".msi",
        ".jar",
        ".sh",
        ".php",
        ".jsp",
        ".asp",
        ".aspx",
        ".html",
        ".htm",
        ".svg",
        ".xhtml",
        ".lnk",
        ".dll",
        ".pif",
        ".cpl",
        ".xlsm",
        ".docm",
        ".zip",
        ".rar",
        ".7z",
        ".iso",
        ".pdf",
        ".xlsx",
        ".docx",
        ".xls",
        ".doc",
    ]
)
ORDER = ("pdf", "xlsx", "image", "docx")


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be stored. path: the bytes to serve; sha256: of the bytes that were uploaded."""

    path: Path
    name: str
    suffix: str
    content_type: str
    size: int
    sha256: str
    served_sha256: str
    pages: int | None
    scan: StoredFile.Scan
    author: str = ""
    creator: str = ""


@contextmanager
def examined(upload: UploadedFile[Any] | None, *, accept: Collection[str]) -> Iterator[Examined]:
    """Yield the upload after every check; temporary files are gone after the block. Raises UploadRefused.

    Order: presence → name → size → bytes to disk, hashed → structure in the jail → virus scan.
    """
    kinds = _kinds(accept)
    if upload is None or not (upload.name or "").strip():
        raise UploadRefused.of("none")
    name = clean_name(upload.name or "")
    kind, suffix = _kind_of(name, kinds)
    _check_size(upload.size or 0, kind)
    with blobs.scratch(suffix) as original, blobs.scratch(suffix) as cleaned:
        size, sha256 = _to_disk(upload, original)
        _check_size(size, kind)
        try:
            found = _structure(kind, suffix, original, cleaned)
        except UploadRefused as refusal:
            raise refusal.about(suffix=suffix, label=LABELS[kind]) from refusal
        scan = antivirus.scan(original)
        if scan == StoredFile.Scan.INFECTED:
            raise UploadRefused.of("infected")
        path = cleaned if found.rewritten else original
        yield Examined(
            path=path,
            name=name,
            suffix=suffix,
            content_type=CONTENT_TYPES[suffix],
            size=path.stat().st_size,
            sha256=sha256,
            served_sha256=blobs.digest(path) if found.rewritten else sha256,
            pages=found.pages,
            scan=scan,
            author=found.author,
            creator=found.creator,
        )


def clean_name(name: str) -> str:
    """Return the last part of a file name without control, bidi and separator characters, ≤ 120 characters.

    An identity number in it loses its middle: the name stands in rows, pages and the trail.
    """
    last = without_numbers(name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.translate(str.maketrans('<>:"|?*', "_______")).split()).strip(". ")
    pure = PurePosixPath(kept or "文件")
    return pure.stem[: 120 - len(pure.suffix)] + pure.suffix[:12]


def _kinds(accept: Collection[str]) -> tuple[str, ...]:
    unknown = set(accept) - set(ORDER)
    if unknown or not accept:
        raise ValueError(f"accept must be some of {ORDER}, got {sorted(accept)}")
    return tuple(kind for kind in ORDER if kind in accept)


def _kind_of(name: str, kinds: tuple[str, ...]) -> tuple[str, str]:
    """Return (kind, suffix) by the name alone; content is compared with it in the jail."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    suffix = suffixes[-1] if suffixes else ""
    kind = next((kind for kind in kinds if suffix in SUFFIXES[kind]), None)
    if kind is None:
        if suffix in {".xlsm", ".xlsb", ".docm", ".xltm"}:
            raise UploadRefused.of("macro")
        raise UploadRefused.of("extension", labels=accepted(kinds), suffix=suffix or "（无）")
    if any(earlier in DISGUISES for earlier in suffixes[:-1]):
        raise UploadRefused.of("double_extension", name=name)
    return kind, suffix


def _check_size(size: int, kind: str) -> None:
    limit = conf.values().limit(kind)
    if size == 0:
        raise UploadRefused.of("empty")
    if size > limit:
        raise UploadRefused.of("too_big", label=LABELS[kind], limit=spoken_size(limit), actual=spoken_size(size))


def _to_disk(upload: UploadedFile[Any], path: Path) -> tuple[int, str]:
    """Write the upload to `path` in pieces; return (bytes, SHA-256)."""
    size, digest = 0, hashlib.sha256()
    try:
        with path.open("wb") as write:
            for piece in upload.chunks():
                size += len(piece)
                digest.update(piece)
                write.write(piece)
    except OSError as exc:
        cause = "storage_full" if exc.errno in blobs.NO_SPACE else "retry"
        raise UploadRefused.of(cause) from exc
    if upload.size is not None and size != upload.size:
        raise UploadRefused.of("retry")
    return size, digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Structure:
    """What the jailed child saw: pages, whether `cleaned` holds the bytes to serve, who made a PDF."""

    pages: int | None = None
    rewritten: bool = False
    author: str = ""
    creator: str = ""


def _structure(kind: str, suffix: str, original: Path, cleaned: Path) -> _Structure:
    """Return what the jailed child saw of the file, once it is sound."""
    if kind == "pdf":
        facts = jail.inspect_pdf(original, cleaned=cleaned)
        return _Structure(facts.pages, facts.rewritten, facts.author, facts.creator)
    if kind == "xlsx":
        jail.inspect_workbook(original)
    elif kind == "docx":
        jail.inspect_docx(original)
    else:
        found, _, _ = jail.inspect_image(original)
        if found != CONTENT_TYPES[suffix].removeprefix("image/"):
            raise UploadRefused.of("mismatch")
    return _Structure()
