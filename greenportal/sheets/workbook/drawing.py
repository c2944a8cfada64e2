"""How worksheets look: heads, input cells, locked cells, comments, drop-down lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from greenportal.documents import xlsx
from greenportal.documents.xlsx import GRID, HEADER_FILL, HEI, INPUT_FILL, LISTS_SHEET, SONG, put, put_text
from greenportal.sheets.types import WRITERS, Field, FieldType, Required
from greenportal.sheets.workbook.cells import options
from greenportal.sheets.workbook.types import Note

MARKER = "gp|"
TITLE_ROW, NOTE_ROW = 2, 3
_BAD_FILL = PatternFill("solid", fgColor="FFFBE0DD")
_LOCKED_FILL = PatternFill("solid", fgColor="FFEDEDED")
_PLAIN = PatternFill()
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
#: Made once: a style object costs openpyxl more than the text that wears it.
_TEXT, _BOLD, _SMALL, _TITLE = (
    Font(name=SONG, size=11),
    Font(name=HEI, size=11),
    Font(name=SONG, size=10),
    Font(name=HEI, size=16),
)
_ALIGNED = {side: Alignment(horizontal=side, vertical="center", wrap_text=True) for side in ("left", "center", "right")}
_OPEN, _SHUT = Protection(locked=False), Protection(locked=True)
_AUTHOR = "填报系统"

#: What a cell of each type asks for, where neither help nor list says it.
_HINTS = {
    FieldType.DATE: "如 2022-09-05",
    FieldType.MONTH: "如 2022-09",
    FieldType.YEAR: "四位年份",
    FieldType.USCC: "18位，单元格为文本格式",
    FieldType.INDUSTRY: "国民经济行业分类四位代码",
    FieldType.INDUSTRIES: "国民经济行业分类四位代码，多个用“、”分隔",
    FieldType.URL: "以 http:// 或 https:// 开头",
}


@dataclass(slots=True)
class Book:
    """A workbook being drawn, with the drop-down lists that its sheets share."""

    book: Workbook = field(default_factory=Workbook)
    lists: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book.remove(self.book.worksheets[0])

    def sheet(self, wanted: str) -> Worksheet:
        """Add a worksheet named as near to `wanted` as Excel allows."""
        base = " ".join(wanted.translate(_FORBIDDEN).split())[:31] or "表"
        name, number = base, 1
        taken = {title.casefold() for title in self.book.sheetnames}
        while name.casefold() in taken or name.startswith("_"):
            number += 1
            name = f"{base[:27]}（{number}）"
        made: Worksheet = self.book.create_sheet(name)
        return made

    def choices(self, sheet: Worksheet, label: str, texts: Sequence[str], cells: Iterable[str]) -> None:
        """Give cells (`D7`, `D7:D20`) a drop-down list of `texts`."""
        where = list(cells)
        if not texts or not where:
            return
        known = tuple(texts)
        if known not in self.lists:
            self.lists.append(known)
        letter = get_column_letter(self.lists.index(known) + 1)
        rule = DataValidation(
            type="list",
            formula1=f"{LISTS_SHEET}!${letter}$1:${letter}${len(known)}",
            allow_blank=True,
            showErrorMessage=True,
            errorTitle=label[:30],
            error=f"从下拉列表中选择“{label}”。"[:200],
        )
        for cell in where:
            rule.add(cell)
        sheet.add_data_validation(rule)

    def finish(self) -> None:
        """Add the hidden worksheet of lists."""
        if self.lists:
            sheet = self.book.create_sheet(LISTS_SHEET)
            sheet.sheet_state = "hidden"
            for index, texts in enumerate(self.lists, 1):
                for row, text in enumerate(texts, 1):
                    put_text(xlsx.cell_at(sheet, row, index), text)


def head(sheet: Worksheet, title: str, lines: Sequence[str], widths: Sequence[float], keys: Sequence[str]) -> None:
    """Draw the hidden row of keys, the title and the lines of instructions. Column 2 (keys of rows) is hidden."""
    last = len(widths)
    for index, (width, key) in enumerate(zip(widths, keys, strict=True), 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
        if key:
            put_text(xlsx.cell_at(sheet, 1, index), key)
    sheet.row_dimensions[1].hidden = True
    sheet.column_dimensions["B"].hidden = True
    total = sum(width for index, width in enumerate(widths, 1) if index != 2)
    styles = [(title, _TITLE, "center"), ("\n".join(lines), _SMALL, "left")]
    for row, (text, font, align) in enumerate(styles, TITLE_ROW):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
        cell = xlsx.cell_at(sheet, row, 1)
        put_text(cell, text)
        cell.font = font
        cell.alignment = _ALIGNED[align]
        sheet.row_dimensions[row].height = xlsx.height_for([(text, total)]) + (8 if row == TITLE_ROW else 0)


def aligned(side: str) -> Alignment:
    """Return the alignment of a cell that wraps: left, center or right."""
    return _ALIGNED[side]


def heading(sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[float]) -> None:
    """Draw a head row; texts wrap."""
    for index, text in enumerate(texts, 1):
        cell = xlsx.cell_at(sheet, row, index)
        if text:
            put_text(cell, text)
        cell.font, cell.border, cell.fill = _BOLD, GRID, HEADER_FILL
        cell.alignment = _ALIGNED["center"]
    cells = [(text, width) for index, (text, width) in enumerate(zip(texts, widths, strict=True), 1) if index != 2]
    sheet.row_dimensions[row].height = max(30.0, xlsx.height_for(cells))


def text_cell(sheet: Worksheet, row: int, column: int, text: str, *, align: str = "left", bold: bool = False) -> None:
    """Draw a locked text."""
    cell = xlsx.cell_at(sheet, row, column)
    if text:
        put_text(cell, text)
    cell.number_format = "@"
    cell.font, cell.border = _BOLD if bold else _TEXT, GRID
    cell.alignment = _ALIGNED[align]


def value_cell(
    cell: Cell,
    value: xlsx.Value,
    column: xlsx.Column,
    *,
    locked: bool,
    notes: Sequence[Note] = (),
    raw: str | None = None,
) -> None:
    """Draw an answer with its comments; locked ones are grey, those with an open comment red."""
    if raw is None:
        put(cell, value, column)
    else:
        cell.number_format = "@"
        put_text(cell, raw)
    number = column.kind in {"int", "decimal"}
    cell.font, cell.border = _TEXT, GRID
    cell.alignment = _ALIGNED["right" if number else "left"]
    cell.fill = _LOCKED_FILL if locked else INPUT_FILL
    cell.protection = _SHUT if locked else _OPEN
    comment(cell, notes)


def comment(cell: Cell, notes: Sequence[Note]) -> None:
    """Put comments at a cell; one that is still open makes it red."""
    if not notes:
        return
    if any(note.open for note in notes):
        cell.fill = _BAD_FILL
    text = xlsx.clean("\n".join(note.text for note in notes))
    lines = sum(1 + xlsx.display_width(line) // 40 for line in text.split("\n"))
    cell.comment = Comment(text, _AUTHOR, width=300, height=min(400, 20 * lines + 24))


def head_label(field: Field) -> str:
    """Return a column head: label, unit, and who fills it or whether it may be left out."""
    parts = [field.label]
    if field.unit:
        parts.append(f"（{field.unit}）")
    if field.formula:
        parts.append("（自动计算）")
    elif field.who:
        parts.append(f"（由{WRITERS[field.who]}填写）")
    elif field.required != Required.HARD:
        parts.append("（选填）" if field.required == Required.NO else "（暂缺可先报）")
    return "\n".join(parts)


def help_text(field: Field, fields: Mapping[str, Field]) -> str:
    """Return what the help column says of a field: must it be filled, how, when. fields: those of the sheet, by key."""
    if field.formula:
        return "由系统计算，不需填写"
    must = {Required.HARD: "必填", Required.SOFT: "暂缺可先报，会注明缺项", Required.NO: "选填"}[field.required]
    parts = [f"由{WRITERS[field.who]}填写" if field.who else must]
    if field.is_list and field.choices:
        parts.append(f"可多选，用“、”分隔：{'、'.join(choice.label for choice in field.choices)}")
    elif options(field):
        parts.append("从下拉列表选择")
    elif field.is_number and field.decimals:
        parts.append(f"最多{field.decimals}位小数")
    elif field.type == FieldType.LONGTEXT:
        parts.append(f"最多{field.max_length}字")
    parts.append(field.help or _HINTS.get(field.type, ""))
    if field.show_if:
        parts.append(_condition(field.show_if, fields))
    return "；".join(part for part in parts if part)


def _condition(source: str, fields: Mapping[str, Field]) -> str:
    """Say a plain `field == 'value'` in words; other conditions are told on the web page."""
    name, _, value = source.partition("==")
    asked, wanted = fields.get(name.strip()), value.strip()
    if asked is not None and len(wanted) > 1 and wanted[0] == wanted[-1] == "'" and "'" not in wanted[1:-1]:
        answer = {"yes": "是", "no": "否"}.get(wanted[1:-1]) or asked.label_of(wanted[1:-1])
        return f"“{asked.label}”为“{answer}”时填写"
    return "不适用时留空"
