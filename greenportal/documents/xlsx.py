"""Excel forms as Chinese offices print them (research 1.6), on openpyxl; big lists by streaming.

Text is written as text: no cell becomes a formula or an error whatever was typed into it, and nothing is changed on
the way. Same rows, same bytes: dates inside the file come from `issued_at` or are left at a fixed day.
"""

from __future__ import annotations

import io
import math
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooter, HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from greenportal.documents import zips

Kind = Literal["text", "code", "int", "decimal", "date", "choice"]
Value = str | int | Decimal | date | None

META_SHEET = "_meta"
LISTS_SHEET = "_lists"
MAX_CELL = 32_767
#: Rows of the title block, before the header.
SEAL_ROW_HEIGHT = 40
_RISKY_START = ("=", "+", "-", "@", "\t", "\r")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
_THIN = Side(style="thin", color="FF000000")
GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
HEADER_FILL = PatternFill("solid", fgColor="FFF2F2F2")
INPUT_FILL = PatternFill("solid", fgColor="FFFFFBE6")
SONG, HEI = "宋体", "黑体"


class CellTooLong(ValueError):
    """A text does not fit into one cell of Excel (32,767 characters)."""


class RowCountMismatch(RuntimeError):
    """A list has other rows than its source said: the file is not offered."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `label` as printed; `unit` goes under it; `width` in characters of Excel; `group`: merged head above.

    percent: the cell takes percentages as numbers (85 for 85%). It has no format of its own, so that Excel marks a typed
    85%, which it stores as 0.85; in a cell with decimals it would silently leave 0.85.

    kind "code" is text that only looks like a number (信用代码, phones): format @, never scientific notation.
    """

    key: str
    label: str
    width: float = 14
    kind: Kind = "text"
    unit: str = ""
    decimals: int | None = None
    choices: tuple[str, ...] = ()
    locked: bool = False
    group: str = ""
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Values by column key, and the identity that comes back with an import."""

    values: Mapping[str, Value]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One worksheet: mark (附件1), title, unit line with room for a seal, header, rows, signature line, notes.

    With blank rows it is a template to be filled in and read back: its notes stand above the header.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    mark: str = ""
    unit_line: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    blank_rows: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """What the hidden sheet says: which template, for whom, and which row of a sheet is which record.

    `rows` maps (sheet name, row number of Excel) to the record's id.
    """

    template: str
    version: str
    round: str = ""
    filer: str = ""
    checksum: str = ""
    rows: Mapping[tuple[str, int], str] = field(default_factory=dict)


def identity_from(rows: Iterable[Sequence[object]]) -> Identity | None:
    """Rebuild the identity from the rows of the hidden sheet as a reader gives them; None when it is not ours."""
    plain: dict[str, str] = {}
    ids: dict[tuple[str, int], str] = {}
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row] + ["", "", "", ""]
        if cells[0] == "row" and cells[2].partition(".")[0].isdigit():
            ids[(cells[1], int(cells[2].partition(".")[0]))] = cells[3]
        elif cells[0]:
            plain[cells[0]] = cells[1]
    if "template" not in plain or "version" not in plain:
        return None
    known = {key: plain.get(key, "") for key in ("template", "version", "round", "filer", "checksum")}
    return Identity(**known, rows=ids)


def clean(text: str) -> str:
    """Return `text` without the control characters that XML cannot hold. Raises `CellTooLong`."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    if len(text) > MAX_CELL:
        raise CellTooLong(f"text of {len(text)} characters does not fit into a cell")
    return text


def _number_format(column: Column) -> str:
    if column.kind in {"code", "text", "choice"}:
        return "@"
    if column.kind == "date":
        return "yyyy-mm-dd"
    # More than three decimals limit precision and are no way of writing: 4050 is not shown as 4050.000000.
    if column.percent or (column.decimals or 0) > 3:
        return "General"
    return "0" if not column.decimals else "0." + "0" * column.decimals


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return a cell that can be written. Raises TypeError inside a merged range."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError(f"{cell.coordinate} lies inside a merged range")
    return cell


def put_text(cell: Cell, text: str) -> None:
    """Write `text` as text, whatever it begins with: never a formula. Raises `CellTooLong`."""
    # The file format reads _x0041_ as A: an underscore that begins such a mark is written as its own mark.
    cell.value = _ESCAPE.sub("_x005F_", clean(text))
    cell.data_type = "s"
    if text.startswith(_RISKY_START):
        cell.quotePrefix = True


def put(cell: Cell, value: Value, column: Column) -> None:
    """Write `value` into `cell` by the column's kind. A numeric column takes canonical strings; else text stays text."""
    cell.number_format = _number_format(column)
    if value is None or value == "":
        return
    if isinstance(value, str) and column.kind in {"int", "decimal"}:
        if re.fullmatch(r"-?\d+(\.\d+)?", value):
            cell.value = Decimal(value)
            return
    elif isinstance(value, int | Decimal | date) and column.kind not in {"text", "code", "choice"}:
        cell.value = value
        return
    put_text(cell, str(value))


def display_width(text: str) -> int:
    """Return the width of the longest line in half-width characters: Han and full-width count two."""
    return max(
        (sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line) for line in text.split("\n")),
        default=0,
    )


def _height(row: Row, columns: Sequence[Column]) -> float:
    return height_for(
        ("" if (value := row.values.get(column.key)) is None else str(value), column.width) for column in columns
    )


def height_for(cells: Iterable[tuple[str, float]]) -> float:
    """Return the height in points of a row of wrapped (text, column width) cells."""
    lines = 1
    for text, width in cells:
        wrapped = sum(max(1, math.ceil(display_width(line) / max(1.0, width - 1))) for line in text.split("\n"))
        lines = max(lines, wrapped)
    return min(400.0, max(24.0, 15.0 * lines + 8))


def set_page(
    sheet: Worksheet, *, width: int, head: tuple[int, int], orientation: Literal["portrait", "landscape"] = "landscape"
) -> None:
    """Set the page as offices print it: A4, one page wide, rows `head` repeated and frozen, page numbers."""
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = orientation
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    sheet.page_margins = PageMargins(left=0.6, right=0.6, top=0.8, bottom=0.7, header=0.3, footer=0.35)
    sheet.print_title_rows = f"{head[0]}:{head[1]}"
    sheet.print_area = f"A1:{get_column_letter(width)}{sheet.max_row}"
    sheet.HeaderFooter = HeaderFooter(oddFooter=HeaderFooterItem(center=_HeaderFooterPart("第 &P 页 共 &N 页")))
    sheet.freeze_panes = f"A{head[1] + 1}"


def protect(sheet: Worksheet) -> None:
    """Lock all but input cells against slips (no password: it is no secret); widths and heights stay free."""
    sheet.protection.enable()
    sheet.protection.formatColumns = sheet.protection.formatRows = False


class TableBook:
    """A workbook of printed forms. `protected` locks all but input cells; `identity` becomes the hidden sheet."""

    def __init__(self, *, identity: Identity | None = None, protected: bool = False) -> None:
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._identity = identity
        self._protected = protected
        self._ids: list[tuple[str, int, str]] = []
        self._lists: list[tuple[str, ...]] = []

    def add(self, table: Table) -> None:
        """Append `table` as a worksheet. Raises ValueError for a name Excel refuses, `CellTooLong` for a text."""
        if not 0 < len(table.name) <= 31 or re.search(r"[\[\]:*?/\\]", table.name):
            raise ValueError(f"not a worksheet name: {table.name!r}")
        sheet = self._book.create_sheet(table.name)
        row = self._title_block(sheet, table)
        header = row
        row = self._header(sheet, table, row)
        first = row
        row = self._rows(sheet, table, row)
        self._validations(sheet, table, first, row - 1)
        self._foot(sheet, table, row)
        self._page(sheet, table, header, first)

    def _title_block(self, sheet: Worksheet, table: Table) -> int:
        last, row = len(table.columns), 1
        if table.mark:
            self._line(sheet, row, 1, last, table.mark, Font(name=HEI, size=14), "left", 24)
            row += 1
        self._line(sheet, row, 1, last, table.title, Font(name=HEI, size=18), "center", 36)
        row += 1
        if table.unit_line:
            pieces = table.unit_line if len(table.unit_line) <= last else ("    ".join(table.unit_line),)
            edges = [round(index * last / len(pieces)) for index in range(len(pieces) + 1)]
            for index, piece in enumerate(pieces):
                left, right = edges[index] + 1, edges[index + 1]
                self._line(sheet, row, left, right, piece, Font(name=SONG, size=11), "left", SEAL_ROW_HEIGHT)
            row += 1
        return self._notes(sheet, table, row) if table.blank_rows else row

    def _notes(self, sheet: Worksheet, table: Table, row: int) -> int:
        """Above the header of a template, where its reader looks first and nobody takes them for a filled row."""
        for note in table.notes:
            self._line(sheet, row, 1, len(table.columns), note, Font(name=SONG, size=10), "left", 20)
            row += 1
        return row

    def _line(
        self, sheet: Worksheet, row: int, left: int, right: int, text: str, font: Font, align: str, height: float
    ) -> None:
        if right > left:
            sheet.merge_cells(start_row=row, end_row=row, start_column=left, end_column=right)
        cell = cell_at(sheet, row, left)
        put_text(cell, text)
        cell.font = font
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=align != "center")
        sheet.row_dimensions[row].height = height

    def _header(self, sheet: Worksheet, table: Table, row: int) -> int:
        deep = any(column.group for column in table.columns)
        for index, column in enumerate(table.columns, 1):
            label = f"{column.label}\n（{column.unit}）" if column.unit else column.label
            if deep and not column.group:
                sheet.merge_cells(start_row=row, end_row=row + 1, start_column=index, end_column=index)
            put_text(cell_at(sheet, row if not (deep and column.group) else row + 1, index), label)
            sheet.column_dimensions[get_column_letter(index)].width = column.width
        if deep:
            self._group_heads(sheet, table, row)
        for line in range(row, row + 1 + deep):
            sheet.row_dimensions[line].height = 34
            for index in range(1, len(table.columns) + 1):
                cell = sheet.cell(line, index)
                cell.font, cell.border, cell.fill = Font(name=HEI, size=11), GRID, HEADER_FILL
                cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        return row + 1 + deep

    def _group_heads(self, sheet: Worksheet, table: Table, row: int) -> None:
        start = 0
        while start < len(table.columns):
            end = start
            while end + 1 < len(table.columns) and table.columns[end + 1].group == table.columns[start].group:
                end += 1
            if table.columns[start].group:
                if end > start:
                    sheet.merge_cells(start_row=row, end_row=row, start_column=start + 1, end_column=end + 1)
                put_text(cell_at(sheet, row, start + 1), table.columns[start].group)
            start = end + 1

    def _rows(self, sheet: Worksheet, table: Table, row: int) -> int:
        looks = [self._look(sheet, column) for column in table.columns]
        for record in [*table.rows, *(Row({}) for _ in range(table.blank_rows))]:
            for index, (column, look) in enumerate(zip(table.columns, looks, strict=True), 1):
                cell = cell_at(sheet, row, index)
                cell._style = copy(look._style)  # type: ignore[attr-defined]  # how openpyxl's manual copies a look
                put(cell, record.values.get(column.key), column)
            sheet.row_dimensions[row].height = _height(record, table.columns)
            if record.id:
                self._ids.append((table.name, row, record.id))
            row += 1
        return row

    def _look(self, sheet: Worksheet, column: Column) -> Cell:
        """Return a cell outside the sheet with the look of a column: styles are looked up once, not for each cell."""
        cell = Cell(sheet, row=1, column=1)
        cell.font, cell.border = Font(name=SONG, size=11), GRID
        right = column.kind in {"int", "decimal"} and column.decimals is not None
        centre = column.kind in {"code", "date", "choice", "int"} and not right
        cell.alignment = Alignment(
            horizontal="right" if right else "center" if centre else "left", vertical="center", wrap_text=True
        )
        if self._protected and not column.locked:
            cell.protection = Protection(locked=False)
            cell.fill = INPUT_FILL
        return cell

    def _validations(self, sheet: Worksheet, table: Table, first: int, last: int) -> None:
        for index, column in enumerate(table.columns, 1):
            if not column.choices or last < first:
                continue
            if column.choices not in self._lists:
                self._lists.append(column.choices)
            letter = get_column_letter(self._lists.index(column.choices) + 1)
            rule = DataValidation(
                type="list",
                formula1=f"{LISTS_SHEET}!${letter}$1:${letter}${len(column.choices)}",
                allow_blank=True,
                showErrorMessage=True,
                errorTitle=column.label[:30],
                error=f"从下拉列表中选择“{column.label}”。"[:200],
            )
            rule.add(f"{get_column_letter(index)}{first}:{get_column_letter(index)}{last}")
            sheet.add_data_validation(rule)

    def _foot(self, sheet: Worksheet, table: Table, row: int) -> None:
        last = len(table.columns)
        if table.foot:
            pieces = table.foot if len(table.foot) <= last else ("    ".join(table.foot),)
            edges = [round(index * last / len(pieces)) for index in range(len(pieces) + 1)]
            for index, piece in enumerate(pieces):
                font = Font(name=SONG, size=11)
                self._line(sheet, row, edges[index] + 1, edges[index + 1], piece, font, "left", 30)
            row += 1
        if not table.blank_rows:
            self._notes(sheet, table, row)

    def _page(self, sheet: Worksheet, table: Table, header: int, first: int) -> None:
        set_page(sheet, width=len(table.columns), head=(header, first - 1))
        if self._protected:
            protect(sheet)

    def _hidden(self) -> None:
        if self._lists:
            sheet = self._book.create_sheet(LISTS_SHEET)
            sheet.sheet_state = "hidden"
            for index, choices in enumerate(self._lists, 1):
                for row, choice in enumerate(choices, 1):
                    put_text(cell_at(sheet, row, index), choice)
        if self._identity:
            sheet = self._book.create_sheet(META_SHEET)
            sheet.sheet_state = "veryHidden"
            sheet.protection.enable()
            plain = {key: getattr(self._identity, key) for key in ("template", "version", "round", "filer", "checksum")}
            lines = [(key, value, "", "") for key, value in plain.items()]
            lines += [("row", name, str(row), record) for name, row, record in self._ids]
            for number, line in enumerate(lines, 1):
                for index, text in enumerate(line, 1):
                    put_text(cell_at(sheet, number, index), text)

    def to_bytes(self, *, issued_at: datetime | None = None, title: str = "") -> bytes:
        """Return the finished workbook. Call once. `issued_at` is the date that the file bears inside."""
        if not self._book.worksheets:
            raise ValueError("a workbook needs a worksheet")
        self._hidden()
        return to_bytes(self._book, issued_at=issued_at, title=title)


def to_bytes(book: Workbook, *, issued_at: datetime | None = None, title: str = "") -> bytes:
    """Return the file of `book`, the same bytes for the same content."""
    book.properties.title = title or None
    raw, out = io.BytesIO(), io.BytesIO()
    _save(book, raw)
    zips.repack(raw, out, {"docProps/core.xml": _dated(issued_at)})
    return out.getvalue()


def _save(book: Workbook, target: io.BytesIO | str) -> None:
    book.properties.creator = "greenportal"
    book.save(target)


class _dated:  # noqa: N801 - used as a function with one argument bound
    """Puts fixed dates into docProps/core.xml, which openpyxl always fills with the present."""

    def __init__(self, issued_at: datetime | None) -> None:
        moment = (issued_at or _EPOCH).astimezone(UTC)
        self._stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()

    def __call__(self, core: bytes) -> bytes:
        return re.sub(
            rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms)", rb"\g<1>" + self._stamp + rb"\g<3>", core
        )


def write_table(table: Table, *, identity: Identity | None = None, issued_at: datetime | None = None) -> bytes:
    """Return a workbook of one printed form."""
    book = TableBook(identity=identity)
    book.add(table)
    return book.to_bytes(issued_at=issued_at, title=table.title)


def write_list(
    output: Path,
    *,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Value]],
    expected: int | None = None,
    issued_at: datetime | None = None,
) -> int:
    """Stream a plain list (one header row, no form) to `output`; return the rows written. Memory does not grow.

    Raises `RowCountMismatch` when `expected` rows did not come; `output` then does not appear.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    with ExitStack() as unfinished:
        unfinished.callback(_abandon, sheet)
        sheet.append([_list_cell(sheet, Column(c.key, c.label), _label(c), bold=True) for c in columns])
        count = 0
        for row in rows:
            sheet.append([_list_cell(sheet, column, row.get(column.key)) for column in columns])
            count += 1
        if expected is not None and count != expected:
            raise RowCountMismatch(f"{count} rows written, {expected} expected")
        unfinished.pop_all()
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".xlsx-") as folder:
        raw, final = Path(folder) / "raw.xlsx", Path(folder) / "final.xlsx"
        _save(book, str(raw))
        zips.repack(raw, final, {"docProps/core.xml": _dated(issued_at)})
        final.replace(output)
    return count


def _abandon(sheet: Any) -> None:
    """Close and remove the temporary file of a streamed sheet that will not be saved."""
    sheet.close()
    sheet._writer.cleanup()


def _label(column: Column) -> str:
    return f"{column.label}（{column.unit}）" if column.unit else column.label


def _list_cell(sheet: Worksheet, column: Column, value: Value, *, bold: bool = False) -> Cell:
    cell = WriteOnlyCell(sheet)
    put(cell, value, column)
    if bold:
        cell.font = Font(name=HEI, bold=True)
    return cell
