"""What a sheet is made of. Frozen values; nothing here knows a database or a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

#: Answers of a sheet: field key → canonical string (multi choice, industries: list of strings),
#: table key → list of rows, each a mapping of column keys with its permanent `_id`.
Answers = Mapping[str, Any]


class FieldType(StrEnum):
    """How a value is typed, checked and printed."""

    TEXT = "text"
    LONGTEXT = "longtext"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    MONTH = "month"
    YEAR = "year"
    CHOICE = "choice"
    MULTICHOICE = "multichoice"
    YESNO = "yesno"
    USCC = "uscc"
    PHONE = "phone"
    EMAIL = "email"
    POSTCODE = "postcode"
    INDUSTRY = "industry"
    INDUSTRIES = "industries"
    URL = "url"


NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL})
LISTS = frozenset({FieldType.MULTICHOICE, FieldType.INDUSTRIES})


class Required(StrEnum):
    """hard: cannot be handed in without; soft: may, and the gap is shown to every reader; no: optional."""

    HARD = "hard"
    SOFT = "soft"
    NO = "no"


class Level(StrEnum):
    """error: typed but cannot be used; missing: hard and empty; soft: asked for and empty."""

    ERROR = "error"
    MISSING = "missing"
    SOFT = "soft"


class SheetError(Exception):
    """A definition that cannot be used: which file, which line (1-based, 0 unknown), where in it, and why."""

    def __init__(self, file: str, line: int, where: str, reason: str) -> None:
        super().__init__(f"{file}:{line}: {where}: {reason}" if where else f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Choice:
    """One option: what is stored and what is shown and printed."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One datum of a form, or one column of a table.

    unit: as printed beside the value; decimals: most digits after the point; min/max: limits, inclusive;
    max_length: characters; formula: computed, never typed; show_if: expression over the sheet's answers;
    who: the party that alone may write it, one of WRITERS, empty for whoever fills the sheet;
    step: what a number must be a multiple of; max_from: column of the same row whose printed number is its limit;
    wording: the stated unit of the product and the word printed for it (`sheets.units`): a number is read with either;
    copy: may be taken over from an earlier filing; reuse: name of the datum where another sheet or the
    directory holds the same (asked once, then prefilled).
    """

    key: str
    label: str
    type: FieldType = FieldType.TEXT
    required: Required = Required.HARD
    unit: str = ""
    wording: tuple[str, str] = ("", "")
    decimals: int = 0
    min: Decimal | None = None
    max: Decimal | None = None
    step: Decimal | None = None
    max_from: str = ""
    max_length: int = 0
    choices: tuple[Choice, ...] = ()
    formula: str = ""
    show_if: str = ""
    help: str = ""
    copy: bool = True
    reuse: str = ""
    source: str = ""
    confidence: str = ""
    who: str = ""

    @property
    def is_number(self) -> bool:
        """True when the value is a decimal string."""
        return self.type in NUMBERS

    @property
    def is_list(self) -> bool:
        """True when the value is a list of strings."""
        return self.type in LISTS

    def label_of(self, value: str) -> str:
        """Return the label of a choice, or the value itself."""
        return next((choice.label for choice in self.choices if choice.value == value), value)


#: Formula of a column whose printed rows name the figures that stand in them: `FixedRow.shows`.
SHOWN = "shown"

#: Parties that a field may be kept for; the owner of a filing says who belongs to them.
WRITERS = {"district": "区市县主管部门", "portal": "系统"}


@dataclass(frozen=True, slots=True)
class FixedRow:
    """A printed row: its permanent id and the texts that stand in it and cannot be changed.

    shows: column with the formula `shown` → computed fields, or `table.column`, whose figures stand there.
    """

    id: str
    values: Mapping[str, str]
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of columns: either the fixed rows as printed, or between min_rows and max_rows free ones."""

    key: str
    label: str
    columns: tuple[Field, ...]
    fixed: tuple[FixedRow, ...] = ()
    min_rows: int = 0
    max_rows: int = 200
    show_if: str = ""
    help: str = ""
    source: str = ""
    confidence: str = ""

    def column(self, key: str) -> Field:
        """Return the column of that key; KeyError when there is none."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)

    def fixed_row(self, row_id: str) -> FixedRow | None:
        """Return the printed row of that id, or None for a free one."""
        return next((row for row in self.fixed if row.id == row_id), None)

    def is_printed(self, row_id: str, column: str) -> bool:
        """True when that cell is part of the form and not an answer."""
        row = self.fixed_row(row_id)
        return row is not None and column in row.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part that is filled in and confirmed as one. `after`: the section that must be done first."""

    key: str
    title: str
    fields: tuple[Field, ...] = ()
    tables: tuple[Table, ...] = ()
    intro: str = ""
    show_if: str = ""
    after: str = ""

    def item_keys(self) -> list[str]:
        """Return the keys of its fields and tables, in printed order."""
        return [*(field.key for field in self.fields), *(table.key for table in self.tables)]


@dataclass(frozen=True, slots=True)
class SealPlace:
    """A place of the printed page where somebody signs or seals."""

    label: str
    seal: bool
    date: bool


@dataclass(frozen=True, slots=True)
class CoverLine:
    """A line of a cover page: its label, and the field or the printed text that stands there."""

    label: str
    field: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover page of a report: its title, lines, the field of its date (empty: dated when bound), its footer."""

    title: str
    lines: tuple[CoverLine, ...]
    date: str = ""
    footer: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """Keys of the fields that stand on the cover."""
        return frozenset({line.field for line in self.lines if line.field} | ({self.date} if self.date else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One official form. `official` is false where we do not hold the original: it is then marked 非官方样式.

    `definition` is the JSON-safe content that `from_json` reads back; `sha256` is its hash.
    """

    key: str
    title: str
    official: bool
    sections: tuple[Section, ...]
    attachment: str = ""
    source: str = ""
    confidence: str = ""
    note: str = ""
    declaration: str = ""
    signatures: tuple[SealPlace, ...] = ()
    cover: Cover | None = None
    definition: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    sha256: str = ""

    def fields(self) -> Iterator[Field]:
        """Yield every field outside tables, in printed order."""
        for section in self.sections:
            yield from section.fields

    def tables(self) -> Iterator[Table]:
        """Yield every table, in printed order."""
        for section in self.sections:
            yield from section.tables

    def field(self, key: str) -> Field:
        """Return the field of that key; KeyError when there is none."""
        for found in self.fields():
            if found.key == key:
                return found
        raise KeyError(key)

    def table(self, key: str) -> Table:
        """Return the table of that key; KeyError when there is none."""
        for found in self.tables():
            if found.key == key:
                return found
        raise KeyError(key)

    def section(self, key: str) -> Section:
        """Return the section of that key; KeyError when there is none."""
        for found in self.sections:
            if found.key == key:
                return found
        raise KeyError(key)

    def section_of(self, path: str) -> Section | None:
        """Return the section that holds a path (`key` or `table[row].column`, with or without `sheet.`)."""
        name = path.removeprefix(f"{self.key}.").partition("[")[0]
        for section in self.sections:
            if name in section.item_keys():
                return section
        return None


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer that its owner chose at another page: what stands here then, where it is chosen, what a change is told.

    where: name of that page's choice as people read it; url: its address.
    """

    value: str
    where: str
    url: str
    told: str

    @property
    def hint(self) -> str:
        """Return what stands at the locked place: where its content comes from."""
        return f"按“{self.where}”中的选择填入，不在本表修改"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend. path: `sheet.field` or `sheet.table[row id].column`; message says what to do."""

    path: str
    label: str
    message: str
    level: Level


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two sets of answers, as printed texts."""

    path: str
    label: str
    before: str
    after: str
