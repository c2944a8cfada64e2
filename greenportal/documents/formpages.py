"""From a printed sheet to pages: what lies across, which answers share a line, how wide columns are, where to cut.

A table whose columns do not fit an upright page is set on landscape pages (GB/T 9704: 横排表格). A long table is cut
into pieces that are rendered apart and bound together, so that no rendering grows beyond `PART_PAGES` pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from greenportal.documents import columns
from greenportal.documents.xlsx import display_width
from greenportal.sheets.printing import Printed, PrintedCell, PrintedRow, PrintedSection, PrintedTable

#: No part is rendered beyond this many pages (research: 200 pages in one go take 650 MB).
PART_PAGES = 40
#: What a part is planned for by estimate; the rest is reserve for what the estimate misses.
PLANNED_PAGES = 26
#: Half-width characters of 10.5 pt in a row: upright 160 mm, across 225 mm, cell margins left out.
UPRIGHT_ROOM, ACROSS_ROOM = 84, 118
#: Characters that a column wants so that it can be read; beyond the room they go across.
NARROWEST, WIDEST, UNSQUEEZED, SHORT_HEAD = 6, 36, 18, 10
#: Height of a line of a table and of a row's margins, and of a page, in points.
LINE, MARGIN, UPRIGHT_PAGE, ACROSS_PAGE = 15.0, 8.0, 670.0, 430.0
#: Answers this short share a line, as on the printed forms.
PAIR_LABEL, PAIR_TEXT = 18, 26


@dataclass(frozen=True, slots=True)
class Line:
    """One line of answers: one question, or two short ones side by side."""

    rows: tuple[PrintedRow, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table or a piece of it: heads with the share of each column in percent."""

    label: str
    heads: tuple[tuple[PrintedCell, float], ...]
    rows: tuple[tuple[PrintedCell, ...], ...]
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """What is kept in order: a section's title (empty: already said), then its answers or one table."""

    title: str = ""
    lines: tuple[Line, ...] = ()
    grid: Grid | None = None
    across: bool = False
    height: float = 0.0

    @property
    def kept(self) -> bool:
        """True for a table so short that it is not broken over two pages."""
        return self.grid is not None and not self.grid.continued and self.height < UPRIGHT_PAGE / 3

    @property
    def paired(self) -> bool:
        """True when some line holds two answers: the whole block then has four columns."""
        return any(len(line.rows) > 1 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring blocks of one orientation."""

    across: bool
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """A sheet, or a piece of it: `first` bears cover and title, `last` declaration and places of signature."""

    sheet: Printed
    runs: tuple[Run, ...]
    first: bool = True
    last: bool = True


def parts(sheets: Sequence[Printed], *, planned: float = PLANNED_PAGES) -> list[tuple[Pages, ...]]:
    """Return the sheets cut into parts of about `planned` pages by estimate. Most nominations are one part."""
    done: list[tuple[Pages, ...]] = []
    current: list[Pages] = []
    room = planned
    for sheet in sheets:
        pieces = list(_pieces(blocks(sheet, planned=planned), planned))
        for index, (held, size) in enumerate(pieces):
            if current and size > room:
                done.append(tuple(current))
                current, room = [], planned
            current.append(Pages(sheet, runs(held), first=index == 0, last=index == len(pieces) - 1))
            room -= size
    if current:
        done.append(tuple(current))
    return done


def whole(sheet: Printed) -> Pages:
    """Return a sheet uncut."""
    return Pages(sheet, runs(blocks(sheet)))


def runs(found: Iterable[Block]) -> tuple[Run, ...]:
    """Return the blocks gathered by orientation, order kept."""
    return tuple(Run(across, tuple(group)) for across, group in groupby(found, key=lambda block: block.across))


def blocks(sheet: Printed, *, planned: float = PLANNED_PAGES) -> list[Block]:
    """Return what the sheet prints, in order. Sections that stand on the cover whole are left out."""
    on_cover = set(sheet.cover.paths) if sheet.cover else set()
    kept = [s for s in sheet.sections if s.tables or not {row.path for row in s.rows} <= on_cover or not s.rows]
    return _steady([block for section in kept for block in _of_section(section, len(kept) > 1, planned)])


def _steady(found: list[Block]) -> list[Block]:
    """Turn short tables between tables that lie across as well: a page is not turned for a few rows."""
    for index in range(1, len(found) - 1):
        block = found[index]
        between = found[index - 1].across and found[index + 1].across
        if block.grid and not block.across and between and block.height < ACROSS_PAGE / 2:
            found[index] = replace(block, across=True)
    return found


def _of_section(section: PrintedSection, titled: bool, planned: float) -> Iterator[Block]:
    title = section.title if titled else ""
    if section.rows or not section.tables:
        lines = paired(section.rows)
        yield Block(title, lines=lines, height=24 + sum(_line_height(line) for line in lines))
        title = ""
    for table in section.tables:
        for block in _of_table(table, planned):
            yield replace(block, title=title)
            title = ""


def paired(rows: Sequence[PrintedRow]) -> tuple[Line, ...]:
    """Return the answers as lines: neighbours that are short share one, long labels or texts stand alone.

    Pairs only where every label of the section is short, so that all lines have the same columns.
    """
    if any(display_width(_label(row)) > PAIR_LABEL for row in rows):
        return tuple(Line((row,)) for row in rows)
    lines: list[Line] = []
    waiting: PrintedRow | None = None
    for row in rows:
        if display_width(row.text) > PAIR_TEXT or "\n" in row.text:
            lines += [Line((waiting,))] if waiting else []
            lines.append(Line((row,)))
            waiting = None
        elif waiting:
            lines.append(Line((waiting, row)))
            waiting = None
        else:
            waiting = row
    return (*lines, Line((waiting,))) if waiting else tuple(lines)


def _label(row: PrintedRow) -> str:
    return f"{row.label}（{row.unit}）" if row.unit else row.label


def _line_height(line: Line) -> float:
    most = 1
    for row in line.rows:
        text = sum(_lines(part, 60 if len(line.rows) == 1 else 24) for part in row.text.split("\n"))
        most = max(most, text, _lines(_label(row), 26))
    return most * LINE + MARGIN


def _lines(text: str, width: int) -> int:
    return max(1, -(-display_width(text) // max(width, 1)))


def _of_table(table: PrintedTable, planned: float) -> Iterator[Block]:
    """Yield a table, cut where a piece would fill half a part."""
    natural = [_natural(table, index) for index in range(len(table.heads))]
    across = sum(natural) + len(natural) > UPRIGHT_ROOM
    room = (ACROSS_ROOM if across else UPRIGHT_ROOM) - len(natural)
    firm = [width <= UNSQUEEZED for width in natural]
    roomy = sum(natural) <= room
    widths = natural if roomy else columns.fitted(natural, firm, room=room, least=NARROWEST)
    heads = tuple(zip(table.heads, columns.shares(widths), strict=True))
    limit = planned / 2 * (ACROSS_PAGE if across else UPRIGHT_PAGE)
    taken: list[tuple[PrintedCell, ...]] = []
    height, continued = 60.0, False
    for row in table.rows:
        tall = max((_lines(cell.text, width) for cell, width in zip(row, widths, strict=True)), default=1)
        if taken and height + tall * LINE + MARGIN > limit:
            yield Block(grid=Grid(table.label, heads, tuple(taken), continued), across=across, height=height)
            taken, height, continued = [], 60.0, True
        taken.append(row)
        height += tall * LINE + MARGIN
    yield Block(grid=Grid(table.label, heads, tuple(taken), continued), across=across, height=height)


def _natural(table: PrintedTable, index: int) -> int:
    """Return the width at which a column reads well: its longest text on few lines, its head on two."""
    # Capital letters are wider than half of a Chinese character.
    texts = [
        display_width(text) + (sum(map(str.isupper, text)) + 1) // 2 for text in (r[index].text for r in table.rows)
    ]
    longest = max(texts, default=0)
    head = display_width(table.heads[index].text)
    # A short head stays on one line, a long one takes two.
    return max(NARROWEST, (head if head <= SHORT_HEAD else (head + 1) // 2) + 1, min(longest + 1, WIDEST))


def _pieces(found: Sequence[Block], planned: float) -> Iterator[tuple[list[Block], float]]:
    """Yield groups of blocks with their estimated pages, none beyond `planned` unless one block alone is."""
    group: list[Block] = []
    size = 1.0
    for block in found:
        pages = block.height / (ACROSS_PAGE if block.across else UPRIGHT_PAGE)
        turned = bool(group) and group[-1].across != block.across
        if group and size + pages + turned > planned:
            yield group, size
            group, size, turned = [], 1.0, False
        group.append(block)
        size += pages + turned
    yield group, size
