"""A nominee's own pages: cover, contents, sheets as printed, index of proofs. Uploads are bound behind them.

The pages bear no version here: code, hash and running numbers are stamped when everything is merged.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise

from django.template.loader import render_to_string
from pikepdf import Pdf

from greenportal.documents import formpages, merge, pdf
from greenportal.sheets.printing import Printed
from nominations.packets import evidence
from nominations.packets.data import NomineePart
from nominations.packets.pages import spoken_day

#: Contents and index settle on their lengths within this many tries, or something is wrong with the data.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """A line of the 目录: name, first page in the bound volume (empty: laid beside), what is signed there."""

    name: str
    page: int | None
    pages: int
    signed: str


def nominee_pdf(part: NomineePart) -> bytes:
    """Return cover, contents, sheets and 证明材料索引 of a nominee as one tagged PDF, to stand before its uploads.

    Page numbers count the bound volume, uploads included. Sheets are laid out in parts of at most
    `formpages.PART_PAGES` pages; their first pages are read from the bookmarks.
    """
    sheets, counts = _sheets(part)
    first = 2
    index: list[bytes] = []
    for _ in range(_TRIES):
        start, length = first, sum(merge.page_count(content) for content in index)
        bound = evidence.placed(part.uploads, first=start + 1 + sum(counts) + length)
        found = evidence.proofs(part.sheets, bound)
        index = [_render(part, "nominee_evidence", {"proofs": found})] if found else []
        settled = length == sum(merge.page_count(content) for content in index)
        rows = contents_rows(part, counts, first=start + 1, index=length)
        front = _render(part, "nominee_front", {"rows": rows, "dated": spoken_day(part.dated)})
        first = merge.page_count(front)
        if settled and first == start:
            return merge.join([front, *sheets, *index], title=part.subject)
    raise RuntimeError("contents and index do not settle on a length")


def _sheets(part: NomineePart) -> tuple[list[bytes], list[int]]:
    """Return the rendered parts of the sheets, and how many pages each sheet takes."""
    planned: float = formpages.PLANNED_PAGES
    while True:
        cut = formpages.parts(part.sheets, planned=planned)
        made = [_render(part, "nominee_sheets", {"sheets": pieces, "dated": spoken_day(part.dated)}) for pieces in cut]
        if all(merge.page_count(content) <= formpages.PART_PAGES for content in made) or planned < 1:
            return made, _lengths(made, len(part.sheets))
        planned /= 2


def _lengths(contents: list[bytes], sheets: int) -> list[int]:
    """Return how many pages each sheet takes: from its bookmark to the next one's."""
    starts, before = [], 0
    for content in contents:
        with Pdf.open(io.BytesIO(content)) as document:
            starts += [before + bookmark.page for bookmark in merge.bookmarks(document)]
            before += len(document.pages)
    if len(starts) != sheets:
        raise RuntimeError(f"{len(starts)} titles found for {sheets} sheets")
    return [after - start for start, after in pairwise([*starts, before])]


def contents_rows(part: NomineePart, counts: list[int], *, first: int, index: int = 0) -> list[ContentsRow]:
    """Return the lines of the 目录 when the first sheet begins on page `first` of the bound volume.

    `index`: pages of the 证明材料索引 between sheets and uploads, 0 when there is none.
    """
    rows, page = [], first
    for sheet, count in zip(part.sheets, counts, strict=True):
        rows.append(ContentsRow(sheet_name(sheet), page, count, signed_on(sheet)))
        page += count
    if index:
        rows.append(ContentsRow("证明材料索引", page, index, ""))
    for item in evidence.placed(part.uploads, first=page + index):
        upload = item.upload
        name = f"A{item.number:02d} {upload.title}" if upload.bound else upload.title
        rows.append(ContentsRow(name, item.first if upload.bound else None, upload.pages, upload.signed))
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
    return pdf.render_pdf(html, issued_at=part.issued_at, tagged=True)
