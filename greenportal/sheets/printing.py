"""Answers as they are printed: texts and rows for `templates/documents/sheet.html`, summaries and differences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from greenportal.sheets import computing, units, values
from greenportal.sheets.paths import cell, rows_of
from greenportal.sheets.types import Answers, Field, FieldType, SealPlace, Sheet, Table

UNOFFICIAL_MARK = "非官方样式"
EMPTY = "未填写"


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One datum: its label and text; `text` is empty when nothing was filled in."""

    path: str
    label: str
    text: str
    unit: str
    number: bool


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """One cell of a printed table."""

    path: str
    label: str
    text: str
    number: bool


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A printed table; heads bear the units."""

    key: str
    label: str
    heads: tuple[PrintedCell, ...]
    rows: tuple[tuple[PrintedCell, ...], ...]


@dataclass(frozen=True, slots=True)
class PrintedCover:
    """A cover page: title, (label, text) per line, date as spoken (empty: dated when bound), footer.

    `paths`: the answers that stand on it; a section of nothing else need not be printed again.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    date: str
    footer: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A part of the printed form that applies to the answers."""

    key: str
    title: str
    rows: tuple[PrintedRow, ...]
    tables: tuple[PrintedTable, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A whole sheet ready for the page. `mark` is 非官方样式 while no officer confirmed a rebuilt form."""

    title: str
    attachment: str
    mark: str
    sections: tuple[PrintedSection, ...]
    declaration: str
    signatures: tuple[SealPlace, ...]
    sheet_sha256: str
    cover: PrintedCover | None = None


def printed(sheet: Sheet, answers: Answers, *, confirmed: bool = False) -> Printed:
    """Return the sheet as printed, formulas computed, every question of the parts that apply included.

    `confirmed`: an officer has confirmed a form that was rebuilt without its official original. Units bear the
    product's unit where the sheet states it; what another sheet states is put in by the caller (`units.stated`).
    """
    sheet = units.stated(sheet, units.words_of(sheet, answers))
    full = computing.compute(sheet, answers)
    sections = tuple(
        PrintedSection(
            key=section.key,
            title=section.title,
            rows=tuple(
                PrintedRow(
                    f"{sheet.key}.{field.key}",
                    field.label,
                    text_of(field, full.get(field.key)),
                    field.unit,
                    field.is_number,
                )
                for field in section.fields
                if computing.shown(sheet, full, field)
            ),
            tables=tuple(_table(sheet, table, full) for table in section.tables if computing.shown(sheet, full, table)),
        )
        for section in computing.visible_sections(sheet, full)
    )
    return Printed(
        title=sheet.title,
        attachment=sheet.attachment,
        mark="" if sheet.official or confirmed else UNOFFICIAL_MARK,
        sections=sections,
        declaration=sheet.declaration,
        signatures=sheet.signatures,
        sheet_sha256=sheet.sha256,
        cover=_cover(sheet, full),
    )


def _cover(sheet: Sheet, answers: Answers) -> PrintedCover | None:
    if sheet.cover is None:
        return None
    lines = tuple(
        (line.label, text_of(sheet.field(line.field), answers.get(line.field)) if line.field else line.text)
        for line in sheet.cover.lines
    )
    day = text_of(sheet.field(sheet.cover.date), answers.get(sheet.cover.date)) if sheet.cover.date else ""
    paths = tuple(f"{sheet.key}.{key}" for key in sorted(sheet.cover.fields))
    return PrintedCover(sheet.cover.title, lines, day, sheet.cover.footer, paths)


def _table(sheet: Sheet, table: Table, answers: Answers) -> PrintedTable:
    heads = tuple(
        PrintedCell(
            "", column.label, f"{column.label}（{column.unit}）" if column.unit else column.label, column.is_number
        )
        for column in table.columns
    )
    rows = tuple(
        tuple(
            PrintedCell(
                f"{sheet.key}.{cell(table.key, row['_id'], column.key)}",
                column.label,
                _cell_text(table, column, row),
                column.is_number,
            )
            for column in table.columns
        )
        for row in rows_of(table, answers)
    )
    return PrintedTable(table.key, table.label, heads, rows)


def _cell_text(table: Table, column: Field, row: dict[str, str]) -> str:
    if table.is_printed(row["_id"], column.key):
        return row[column.key]
    return text_of(column, row.get(column.key))


def text_of(field: Field, value: Any) -> str:
    """Return a canonical value as people read it, without unit; text that is not understood stays as typed.

    Numbers of up to three decimals bear them all, as money and scores do; where more are allowed, only those typed.
    No typed decimal is cut. Dates read 2022年9月5日.
    """
    if values.is_empty(value):
        return ""
    if field.is_list:
        return "、".join(field.label_of(str(item)) for item in value) if isinstance(value, list) else str(value)
    text = str(value)
    if field.is_number:
        return _figure(field, text)
    if field.type == FieldType.DATE:
        return _spoken_date(text)
    if field.type == FieldType.MONTH and len(text) == 7 and text[4] == "-" and text[5:].isdecimal():
        return f"{text[:4]}年{int(text[5:])}月"
    if field.type == FieldType.YESNO:
        return {"yes": "是", "no": "否"}.get(text, text)
    return field.label_of(text)


#: Up to so many decimals are written out to the last; more of them are a limit of precision, not a way of writing.
_WRITTEN_OUT = 3


def _figure(field: Field, text: str) -> str:
    number = computing.decimal_of(text)
    if number is None:
        return text
    shown = -int(number.normalize().as_tuple().exponent) if number else 0
    written = field.decimals if field.decimals <= _WRITTEN_OUT else 0
    return f"{number:.{max(written, shown, 0)}f}"


def _spoken_date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"
