"""The product's unit, where somebody stated it, in the place of the words 产品单位 that forms print. Pure.

Definitions, fingerprints and comparisons keep the printed words; only what people see and type bears the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from greenportal.sheets.types import Answers, Field, FixedRow, Section, Sheet, Table
from greenportal.sheets.values import clean

#: Key of the field whose answer is the unit of a product; its label is the word that other units print for it.
UNIT_KEY = "product_unit"
#: A unit is short: what is longer is an explanation, and the form's own words stay.
_LONGEST = 12


def words_of(sheet: Sheet, answers: Answers) -> dict[str, str]:
    """Return printed word → stated unit; empty where the form does not ask it or nobody stated it."""
    field = next((item for item in sheet.fields() if item.key == UNIT_KEY), None)
    unit = clean(str(answers.get(UNIT_KEY) or "")) if field else ""
    return {field.label: unit} if field and 0 < len(unit) <= _LONGEST and "/" not in unit else {}


def stated(sheet: Sheet, words: Mapping[str, str]) -> Sheet:
    """Return the sheet with these words in its units, of fields, columns and printed rows; itself where none stands."""
    if not words:
        return sheet
    sections = tuple(_section(section, words) for section in sheet.sections)
    return sheet if sections == sheet.sections else replace(sheet, sections=sections)


def _worded(unit: str, words: Mapping[str, str]) -> str:
    for word, meant in words.items():
        unit = unit.replace(word, meant)
    return unit


def _field(field: Field, words: Mapping[str, str], *, rows: bool = False) -> Field:
    """Return the field with its unit worded; rows: the units stand in its printed rows, and some are worded."""
    unit = _worded(field.unit, words)
    if unit == field.unit and not (rows and field.is_number and not unit):
        return field
    return replace(field, unit=unit, wording=next((meant, word) for word, meant in words.items()))


def _row(row: FixedRow, words: Mapping[str, str]) -> FixedRow:
    unit = row.values.get("unit", "")
    values: dict[str, Any] = {**row.values, "unit": _worded(unit, words)}
    return row if values["unit"] == unit else replace(row, values=values)


def _table(table: Table, words: Mapping[str, str]) -> Table:
    fixed = tuple(_row(row, words) for row in table.fixed)
    columns = tuple(_field(column, words, rows=fixed != table.fixed) for column in table.columns)
    return table if (columns, fixed) == (table.columns, table.fixed) else replace(table, columns=columns, fixed=fixed)


def _section(section: Section, words: Mapping[str, str]) -> Section:
    fields = tuple(_field(field, words) for field in section.fields)
    tables = tuple(_table(table, words) for table in section.tables)
    if (fields, tables) == (section.fields, section.tables):
        return section
    return replace(section, fields=fields, tables=tables)
