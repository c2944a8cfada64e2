"""证明材料索引: what the forms name as proof, and on which page of the bound volume it is found.

People write `自评价报告第12页`, `A02 第3-5页`, `环评批复 P7` or several of these in one cell. A document is known by its
number (A01 …), its title or its file name; pages are counted inside it. What names no document stays as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from greenportal.sheets.printing import Printed, PrintedCell
from nominations.packets.data import UploadedPart

_KEY = "evidence"
_SEPARATORS = re.compile(r"[；;。\n]")
_DASH = r"\s*(?:-|–|—|~|～|至|到)\s*"
_PAGES = re.compile(
    rf"第\s*(\d{{1,4}})(?:{_DASH}(\d{{1,4}}))?\s*页|(?<![A-Za-z])[Pp]{{1,2}}\.?\s*(\d{{1,4}})(?:{_DASH}[Pp]?(\d{{1,4}}))?"
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9])[Aa]\s?(\d{1,3})(?!\d)")
#: Words of the forms themselves, which name no document.
_HEADING = re.compile(r"(?:证明|佐证)材料索引")
#: Answers that say nothing of what a row is about, and how short a text is a mere number of the row.
_VERDICTS, _MERE = frozenset({"是", "否", "符合", "不符合"}), 4
#: Shorter titles would be found by accident inside other words.
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """A line of the index: form, item, what was written, pages in the volume (`第61页`), what to know about it."""

    sheet: str
    item: str
    written: str
    pages: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """An upload and where it lies: number among those bound (0: laid beside), first page of the volume."""

    upload: UploadedPart
    number: int
    first: int


def placed(uploads: Sequence[UploadedPart], *, first: int) -> tuple[Bound, ...]:
    """Return the uploads with numbers and first pages when the first bound one begins on page `first`."""
    found, number = [], 0
    for upload in uploads:
        if upload.bound:
            number += 1
            found.append(Bound(upload, number, first))
            first += upload.pages
        else:
            found.append(Bound(upload, 0, 0))
    return tuple(found)


def proofs(sheets: Sequence[Printed], bound: Sequence[Bound]) -> tuple[Proof, ...]:
    """Return a line for every proof that the sheets name, in printed order."""
    found = []
    for sheet in sheets:
        for item, written in _written(sheet):
            pages, note = resolve(written, bound)
            found.append(Proof(sheet.title, item, written, pages, note))
    return tuple(found)


def _written(sheet: Printed) -> Iterator[tuple[str, str]]:
    """Yield (item, text) of every filled field and column whose key ends in `evidence`."""
    for section in sheet.sections:
        for row in section.rows:
            if _is_proof(row.path) and row.text:
                yield row.label, row.text
        for table in section.tables:
            for line in table.rows:
                for cell in line:
                    if _is_proof(cell.path) and cell.text:
                        yield _item(table.label, line), cell.text


def _is_proof(path: str) -> bool:
    key = path.rpartition(".")[2]
    return key == _KEY or key.endswith(f"_{_KEY}")


def _item(table: str, line: Sequence[PrintedCell]) -> str:
    """Return what a row of a table is about: its first text, with the next one when the first is a mere number."""
    words = [cell.text for cell in line if cell.text and not _is_proof(cell.path) and cell.text not in _VERDICTS]
    short = " ".join(words[: 2 if words and len(words[0]) <= _MERE else 1]) or table
    return short if len(short) <= 40 else f"{short[:39]}…"


def resolve(written: str, bound: Sequence[Bound]) -> tuple[str, str]:
    """Return the pages of the volume that a text points at, and a note where it cannot be followed.

    Pages without a document belong to the one named before them; a document without pages is meant whole.
    """
    spans: list[tuple[int, int]] = []
    notes: list[str] = []
    last: Bound | None = None
    for segment in _SEPARATORS.split(_HEADING.sub("", written)):
        for named, pages in _mentions(segment, bound):
            last = named or last
            if last is None or (named is None and not pages):
                continue
            if not last.number:
                notes.append(f"{last.upload.title}另附")
            elif not pages:
                spans.append((last.first, last.first + last.upload.pages - 1))
            for low, high in pages if last.number else ():
                if 1 <= low <= high <= last.upload.pages:
                    spans.append((last.first + low - 1, last.first + high - 1))
                else:
                    notes.append(f"“{last.upload.title}”共{last.upload.pages}页，请核对页码")
    if not spans and not notes:
        notes.append("未写明材料名称和页码" if bound else "没有上传材料")
    return "、".join(_spoken(span) for span in dict.fromkeys(spans)), "；".join(dict.fromkeys(notes))


def _spoken(span: tuple[int, int]) -> str:
    low, high = span
    return f"第{low}页" if low == high else f"第{low}–{high}页"


def _mentions(segment: str, bound: Sequence[Bound]) -> Iterator[tuple[Bound | None, list[tuple[int, int]]]]:
    """Yield (document, pages after it up to the next document) in the order written."""
    places = _documents(segment, bound)
    starts = [start for start, _, _ in places]
    head = segment[: starts[0]] if starts else segment
    if pages := _page_spans(head):
        yield None, pages
    for index, (_, end, document) in enumerate(places):
        until = starts[index + 1] if index + 1 < len(places) else len(segment)
        yield document, _page_spans(segment[end:until])


def _documents(segment: str, bound: Sequence[Bound]) -> list[tuple[int, int, Bound]]:
    """Return (start, end, document) of every document named, the longest name first where names overlap."""
    found: list[tuple[int, int, Bound]] = []
    names = [(name, item) for item in bound for name in _names(item.upload)]
    for name, item in sorted(names, key=lambda pair: -len(pair[0])):
        for match in re.finditer(re.escape(name), segment):
            _add(found, match.start(), match.end(), item)
    for match in _NUMBER.finditer(segment):
        for item in bound:
            if item.number == int(match[1]):
                _add(found, match.start(), match.end(), item)
    return sorted(found, key=lambda place: place[0])


def _add(found: list[tuple[int, int, Bound]], start: int, end: int, item: Bound) -> None:
    if all(end <= low or start >= high for low, high, _ in found):
        found.append((start, end, item))


def _names(upload: UploadedPart) -> set[str]:
    """Return what people may call a document: its title, the parts of it, its file's name without ending."""
    slot, _, own = upload.title.partition("（")
    stem = upload.name.rpartition(".")[0] or upload.name
    return {name for name in (upload.title, slot, own.rstrip("）"), stem) if len(name) >= _SHORTEST}


def _page_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _PAGES.finditer(text):
        low = int(match[1] or match[3])
        spans.append((low, int(match[2] or match[4] or low)))
    return spans
