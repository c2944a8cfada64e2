"""What a workbook of sheets is made from and what reading one gives. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from greenportal.sheets.types import Answers, Settled, Sheet

#: Fingerprint by path of every value that a workbook was filled with; rows stand there as `table[row]`.
Base = Mapping[str, str]


class WorkbookRefused(Exception):
    """Nothing of this workbook can be read; the message says in Chinese what to do."""


class Page(Protocol):
    """One worksheet as the limited reader gives it: row 1 is `rows[0]`, hidden rows and columns are there."""

    @property
    def name(self) -> str:
        """Return the worksheet's name."""

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """Return the cells by row."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose answers stand in a workbook. `ref` is the caller's name for them (the filing's id), unique per sheet.

    definition: sha256 of the sheet; version: of the filing when it was downloaded; title: as people read it.
    """

    ref: str
    sheet_key: str
    definition: str
    title: str = ""
    scope: str = ""
    scope_id: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A comment at a cell. `open`: still to be mended, which the cell shows by its colour."""

    text: str
    open: bool = True


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong at one cell and how to mend it. path is inside the sheet, "" where no place is meant.

    value: the cell as it was seen; `cell` is empty for what concerns a whole worksheet.
    """

    worksheet: str
    cell: str
    label: str
    message: str
    path: str = ""
    value: str = ""

    @property
    def place(self) -> str:
        """Return the cell as people name it: 填报!D7."""
        return f"{self.worksheet}!{self.cell}" if self.cell else self.worksheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The answers of one sheet to be drawn.

    readonly: parties (`Field.who`) whose fields the reader of the workbook may not write; locked: nothing may be
    written; notes: path → comments; base: what changes are told from, the answers themselves when None;
    settled: fields outside tables whose content was chosen elsewhere, locked; raw: texts shown instead of a value, as somebody typed them; blank_rows: free rows to fill in.
    """

    sheet: Sheet
    mark: Mark
    answers: Answers
    readonly: frozenset[str] = frozenset()
    locked: bool = False
    notes: Mapping[str, Sequence[Note]] = field(default_factory=dict)
    base: Base | None = None
    raw: Mapping[str, str] = field(default_factory=dict)
    settled: Mapping[str, Settled] = field(default_factory=dict)
    blank_rows: int = 10


@dataclass(frozen=True, slots=True)
class CellRef:
    """Where something stood: name of the worksheet and address (D7)."""

    worksheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class FilingRead:
    """What came back for one filing.

    edits: path → normalised value of each place that differs from `base`; `table[row]` → None for a row taken
    away. places: path → cell. problems: cells that cannot be used; their values are not among the edits.
    """

    mark: Mark
    base: Base
    edits: Mapping[str, Any]
    places: Mapping[str, CellRef]
    problems: tuple[CellProblem, ...]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A row of a list that somebody added: no filing yet. values: field key → normalised value."""

    sheet_key: str
    place: CellRef
    title: str
    values: Mapping[str, Any]
    problems: tuple[CellProblem, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole workbook read. layout: `form` or `list`; problems: those of no single filing."""

    layout: str
    nonce: str
    filings: tuple[FilingRead, ...]
    new: tuple[NewRecord, ...]
    problems: tuple[CellProblem, ...]

    @property
    def all_problems(self) -> list[CellProblem]:
        """Return every problem, those of filings and new rows included."""
        mine = [problem for read in self.filings for problem in read.problems]
        added = [problem for record in self.new for problem in record.problems]
        return [*self.problems, *mine, *added]
