"""A nominee's own pages: cover, contents with page numbers, sheets as printed. Uploads are bound behind them.

The pages bear no version here: code, hash and running numbers are stamped when everything is merged.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise

from django.template.loader import render_to_string
from pikepdf import Pdf

from greenportal.documents import merge, pdf
from greenportal.sheets.printing import Printed
from nominations.packets.data import NomineePart
from nominations.packets.pages import spoken_day

#: Contents pages are at most this many before something is wrong with the data.
_TRIES = 6


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """A line of the 目录: name, first page in the bound volume (empty: laid beside), what is signed there."""

    name: str
    page: int | None
    pages: int
    signed: str


def nominee_pdf(part: NomineePart) -> bytes:
    """Return cover, contents and sheets of a nominee as one PDF, to stand before its uploads.

    The page numbers in the contents count the bound volume, uploads included. All sheets are laid out in one go:
    fonts are then embedded once, and their first pages are read from the bookmarks.
    """
    sheets = _render(part, "nominee_sheets", {}) if part.sheets else b""
    counts = _lengths(sheets, len(part.sheets)) if part.sheets else []
    length = 1
    for _ in range(_TRIES):
        rows = contents_rows(part, counts, first=2 + length)
        front = _render(part, "nominee_front", {"rows": rows, "dated": spoken_day(part.dated)})
        found = merge.page_count(front) - 1
        if found == length:
            return merge.join([front, sheets] if part.sheets else [front], title=part.subject)
        length = found
    raise RuntimeError("the contents do not settle on a length")


def _lengths(content: bytes, sheets: int) -> list[int]:
    """Return how many pages each sheet takes: from its title's bookmark to the next one's."""
    with Pdf.open(io.BytesIO(content)) as document:
        starts = [bookmark.page for bookmark in merge.bookmarks(document)]
        if len(starts) != sheets:
            raise RuntimeError(f"{len(starts)} titles found for {sheets} sheets")
        return [after - start for start, after in pairwise([*starts, len(document.pages)])]


def contents_rows(part: NomineePart, counts: list[int], *, first: int) -> list[ContentsRow]:
    """Return the lines of the 目录 when the first sheet begins on page `first` of the bound volume."""
    rows, page = [], first
    for sheet, count in zip(part.sheets, counts, strict=True):
        rows.append(ContentsRow(sheet_name(sheet), page, count, signed_on(sheet)))
        page += count
    for upload in part.uploads:
        rows.append(ContentsRow(upload.title, page if upload.bound else None, upload.pages, upload.signed))
        page += upload.pages if upload.bound else 0
    return rows


def sheet_name(sheet: Printed) -> str:
    """Return how a sheet is called in contents and lists."""
    return f"{sheet.attachment} {sheet.title}".strip()


def signed_on(sheet: Printed) -> str:
    """Return what is signed or sealed on a sheet, in few words; empty when nothing is."""
    words = [
        word
        for word, asked in (
            ("签字", any(not p.seal for p in sheet.signatures)),
            ("盖章", any(p.seal for p in sheet.signatures)),
        )
        if asked
    ]
    return "、".join(words)


def _render(part: NomineePart, template: str, context: dict[str, object]) -> bytes:
    html = render_to_string(
        f"documents/{template}.html", {"title": part.subject, "part": part, "draft": part.draft, **context}
    )
    return pdf.render_pdf(html, issued_at=part.issued_at)
