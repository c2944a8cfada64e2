"""Puts PDFs together: stamped file by file, then assembled with bookmarks. Deterministic, memory bounded by one file.

Uploaded files keep their pages as they are (size, rotation, quality); actions in them are dropped.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import AccessMode, Dictionary, Name, ObjectStreamMode, OutlineItem, Page, Pdf

from greenportal.documents.stamping import PageStamp, StampFont, apply, lies_across
from greenportal.documents.tagging import Tags, untag

#: Actions that may stay in an uploaded page: moving inside the file, and plain links.
HARMLESS_ACTIONS = {Name.GoTo, Name.URI, Name.Named}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the whole. `code`: text of the QR on each page, for pages that we made; `label`: small mark."""

    title: str
    source: Path | bytes
    code: str = ""
    label: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all pages have in common. numbers: 第 x 页 共 y 页; caption: lines under each QR code."""

    numbers: bool = True
    caption: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedPart:
    """Where a part lies in the whole: first page (1-based) and number of pages."""

    title: str
    first_page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A bookmark of a file: its words, the page (0-based) it points at, what lies under it."""

    title: str
    page: int
    children: tuple[Bookmark, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The finished file: pages, bytes, SHA-256, and its parts in order."""

    path: Path
    pages: int
    size: int
    sha256: str
    parts: tuple[MergedPart, ...]


def _open(source: Path | bytes) -> Pdf:
    if isinstance(source, bytes):
        return Pdf.open(io.BytesIO(source))
    # Reading through Python keeps the file out of the address space: 100 uploads must not be mapped at once.
    return Pdf.open(source, access_mode=AccessMode.stream)


def page_count(source: Path | bytes) -> int:
    """Return the number of pages. Raises `pikepdf.PdfError` for what is no PDF."""
    with _open(source) as pdf:
        return len(pdf.pages)


def bookmarks(pdf: Pdf) -> tuple[Bookmark, ...]:
    """Return the bookmarks of a file that point at its pages; others are passed over with what lies under them."""
    places = {page.obj.objgen: index for index, page in enumerate(pdf.pages)}

    def read(items: Sequence[OutlineItem]) -> tuple[Bookmark, ...]:
        found = []
        for item in items:
            target = item.destination if item.action is None else item.action.get("/D")
            page = places.get(target[0].objgen) if isinstance(target, pikepdf.Array) and len(target) else None
            if page is not None:
                found.append(Bookmark(item.title, page, read(item.children)))
        return tuple(found)

    with pdf.open_outline(strict=False) as outline:
        return read(outline.root)


def _items(found: Sequence[Bookmark], *, shift: int) -> list[OutlineItem]:
    items = []
    for bookmark in found:
        item = OutlineItem(bookmark.title, bookmark.page + shift)
        item.children.extend(_items(bookmark.children, shift=shift))
        items.append(item)
    return items


def join(contents: Sequence[bytes], *, title: str = "") -> bytes:
    """Return documents of ours as one, unstamped, with the bookmarks and tags of each in place. Deterministic."""
    with ExitStack() as stack:
        whole = stack.enter_context(Pdf.new())
        tags = Tags(whole)
        found: list[OutlineItem] = []
        for content in contents:
            part = stack.enter_context(_open(content))
            first = len(whole.pages)
            found += _items(bookmarks(part), shift=first)
            whole.pages.extend(part.pages)
            tags.take(part, first=first)
            if "/Lang" in part.Root:
                whole.Root.Lang = str(part.Root.Lang)
        tags.finish()
        if "/StructTreeRoot" in whole.Root:
            whole.Root.MarkInfo = Dictionary(Marked=True)
        with whole.open_outline() as outline:
            outline.root.extend(found)
        if title:
            whole.docinfo["/Title"] = title
        out = io.BytesIO()
        whole.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate)
        return out.getvalue()


def _discard(holder: pikepdf.Object, *keys: str) -> None:
    for key in keys:
        if key in holder:
            del holder[key]


def _drop_actions(page: Page) -> None:
    _discard(page.obj, "/AA")
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    for annotation in annotations.as_list():
        if not isinstance(annotation, pikepdf.Dictionary):
            continue
        _discard(annotation, "/AA")
        action = annotation.get("/A")
        if isinstance(action, pikepdf.Dictionary) and action.get("/S") not in HARMLESS_ACTIONS:
            _discard(annotation, "/A")


def _save(pdf: Pdf, target: Path) -> None:
    pdf.save(target, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate, compress_streams=True)


def _stamp_file(part: Part, stamp: Stamp | None, *, first: int, total: int, target: Path) -> tuple[Bookmark, ...]:
    """Write `part` stamped to `target`; return its own bookmarks where it is a document of ours."""
    with _open(part.source) as pdf:
        inner = bookmarks(pdf) if part.code else ()
        font = StampFont(pdf) if stamp else None
        codes: dict[str, pikepdf.Object] = {}
        for offset, page in enumerate(pdf.pages):
            _drop_actions(page)
            if not part.code:
                untag(page.obj)
            if stamp and font:
                number = f"第 {first + offset} 页 共 {total} 页" if stamp.numbers else ""
                label = f"{part.label}-{offset + 1}" if part.label else ""
                caption = stamp.caption if part.code else ()
                # A page of ours that lies across bears its number where upright pages have it once bound.
                turned = bool(part.code) and not part.label and lies_across(page)
                mark = PageStamp(number=number, code=part.code, caption=caption, label=label, turned=turned)
                apply(page, mark, font, codes, pdf)
        _discard(pdf.Root, "/OpenAction", "/AA", "/Names", "/AcroForm", "/Outlines", "/Metadata", "/MarkInfo")
        if not part.code:
            _discard(pdf.Root, "/StructTreeRoot")
        _save(pdf, target)
        return inner


def _bookmarks(
    pdf: Pdf, parts: Sequence[Part], places: Sequence[MergedPart], inner: Sequence[tuple[Bookmark, ...]]
) -> None:
    with pdf.open_outline() as outline:
        branch: list[tuple[int, OutlineItem]] = []
        for part, place, own in zip(parts, places, inner, strict=True):
            item = OutlineItem(part.title, place.first_page - 1)
            item.children.extend(_items(own, shift=place.first_page - 1))
            while branch and branch[-1][0] >= part.level:
                branch.pop()
            (branch[-1][1].children if branch else outline.root).append(item)
            branch.append((part.level, item))


def _assemble(
    files: Sequence[Path],
    parts: Sequence[Part],
    places: Sequence[MergedPart],
    inner: Sequence[tuple[Bookmark, ...]],
    *,
    title: str,
    to: Path,
) -> None:
    with ExitStack() as stack:
        whole = stack.enter_context(Pdf.new())
        tags = Tags(whole)
        for file, part, place in zip(files, parts, places, strict=True):
            source = stack.enter_context(_open(file))
            whole.pages.extend(source.pages)
            if part.code:
                tags.take(source, first=place.first_page - 1)
                if "/Lang" in source.Root:
                    whole.Root.Lang = str(source.Root.Lang)
        tags.finish()
        _bookmarks(whole, parts, places, inner)
        whole.Root.PageMode = Name.UseOutlines
        whole.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        if title:
            whole.docinfo["/Title"] = title
        _save(whole, to)


def merge(
    parts: Sequence[Part],
    *,
    output: Path,
    stamp: Stamp | None,
    title: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Merged:
    """Write `parts` as one PDF to `output` and say where each lies. Same parts and stamp: same bytes.

    `progress(done, total)` is called after each part, so that a job can report and be cancelled by raising.
    Raises ValueError without parts and `pikepdf.PdfError` for a part that is no PDF; `output` then does not appear.
    """
    if not parts:
        raise ValueError("nothing to merge")
    counts = [page_count(part.source) for part in parts]
    total = sum(counts)
    places: list[MergedPart] = []
    first = 1
    for part, count in zip(parts, counts, strict=True):
        places.append(MergedPart(part.title, first, count))
        first += count
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".merge-") as folder:
        files = [Path(folder) / f"{index:05d}.pdf" for index in range(len(parts))]
        inner = []
        for index, (part, place) in enumerate(zip(parts, places, strict=True)):
            inner.append(_stamp_file(part, stamp, first=place.first_page, total=total, target=files[index]))
            if progress:
                progress(index + 1, len(parts))
        whole = Path(folder) / "whole.pdf"
        _assemble(files, parts, places, inner, title=title, to=whole)
        whole.replace(output)
    with output.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Merged(output, total, output.stat().st_size, digest, tuple(places))


def stamp_bytes(content: bytes, *, code: str, caption: tuple[str, ...] = ()) -> bytes:
    """Return a document of ours with the QR code on every page and nothing else added. Keeps its own bookmarks."""
    with Pdf.open(io.BytesIO(content)) as pdf:
        font = StampFont(pdf)
        codes: dict[str, pikepdf.Object] = {}
        for page in pdf.pages:
            apply(page, PageStamp(code=code, caption=caption), font, codes, pdf)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate)
        return out.getvalue()
