"""What follows from the answers: formulas, and which parts of the form apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from greenportal.sheets import expressions, numerals
from greenportal.sheets.expressions import Value
from greenportal.sheets.paths import rows_of
from greenportal.sheets.types import SHOWN, Answers, Field, Section, Sheet, Table

Lookup = Callable[[str], Value]


def decimal_of(value: Any) -> Decimal | None:
    """Return the decimal of a canonical string, or None for what is empty or not a number."""
    text = str(value) if value is not None else ""
    return Decimal(text) if text and numerals.canonical(text) == text else None


def compute(sheet: Sheet, answers: Answers) -> dict[str, Any]:
    """Return the answers with every formula's result put in; what cannot be computed is an empty text.

    Columns are computed row by row first, then fields in the order they need each other.
    """
    result: dict[str, Any] = dict(answers)
    for table in sheet.tables():
        if any(column.formula for column in table.columns):
            result[table.key] = [_computed_row(sheet, table, row, result) for row in rows_of(table, result)]
    pending = {field.key: field for field in sheet.fields() if field.formula}
    while pending:
        ready = [key for key, field in pending.items() if not expressions.names(field.formula) & (set(pending) - {key})]
        for key in ready:
            field = pending.pop(key)
            result[key] = _rounded(field, expressions.evaluate(field.formula, lookup(sheet, result)))
    for table in sheet.tables():
        if any(row.shows for row in table.fixed):
            result[table.key] = [_showing(sheet, table, row, result) for row in rows_of(table, result)]
    return result


def _showing(sheet: Sheet, table: Table, row: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Return the row with the figures that it is printed to show, each with its unit and what it is of."""
    fixed = table.fixed_row(row["_id"])
    shows = fixed.shows if fixed else {}
    return {**row, **{key: "；".join(_figures(sheet, names, answers)) for key, names in shows.items()}}


def _figures(sheet: Sheet, names: tuple[str, ...], answers: Answers) -> Iterator[str]:
    for name in names:
        key, dot, column_key = name.partition(".")
        if not dot:
            if value := answers.get(key):
                title = f"{sheet.field(key).label} " if len(names) > 1 else ""
                yield f"{title}{value} {sheet.field(key).unit}".strip()
            continue
        table = sheet.table(key)
        column = table.column(column_key)
        for row in rows_of(table, answers):
            if value := row.get(column_key):
                of = next((row[c.key] for c in table.columns if not c.is_number and row.get(c.key)), "")
                yield f"{of} {value} {_unit(table, column, row)}".strip()


def _unit(table: Table, column: Field, row: Mapping[str, str]) -> str:
    """Return a column's unit with what the row itself states of it: 污染物单位/套 is kg/套 where 污染物单位 is kg."""
    word = next((other.label for other in table.columns if other.key == "unit"), "")
    return column.unit.replace(word, row["unit"]) if word and row.get("unit") else column.unit


def _computed_row(sheet: Sheet, table: Table, row: Mapping[str, str], answers: Answers) -> dict[str, str]:
    done = dict(row)
    pending = {column.key: column for column in table.columns if column.formula not in {"", SHOWN}}
    while pending:
        ready = [
            key for key, column in pending.items() if not expressions.names(column.formula) & (set(pending) - {key})
        ]
        for key in ready:
            column = pending.pop(key)
            done[key] = _rounded(column, expressions.evaluate(column.formula, lookup(sheet, answers, table, done)))
    return done


def _rounded(field: Field, value: Value) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        return ""
    try:
        rounded = numerals.rounded(value, field.decimals, ROUND_HALF_UP)
    except InvalidOperation:
        return ""
    return numerals.canonical(f"{rounded:f}")


def lookup(sheet: Sheet, answers: Answers, table: Table | None = None, row: Mapping[str, str] | None = None) -> Lookup:
    """Return how a name in an expression finds its value: column of the row, then field, then table."""
    fields = {field.key: field for field in sheet.fields()}
    columns = {column.key: column for column in table.columns} if table else {}

    def find(name: str) -> Value:
        if name in columns and row is not None:
            return _typed(columns[name], row.get(name))
        if name in fields:
            return _typed(fields[name], answers.get(name))
        key, dot, column = name.partition(".")
        rows = rows_of(sheet.table(key), answers)
        if not dot:
            return [row for row in rows if any(value for name, value in row.items() if name != "_id")]
        kind = sheet.table(key).column(column)
        return [value for value in (_typed(kind, item.get(column)) for item in rows) if value is not None]

    return find


def _typed(field: Field, value: Any) -> Value:
    if field.is_number:
        return decimal_of(value)
    if field.is_list:
        return list(value or [])
    return str(value) if value else None


def shown(sheet: Sheet, answers: Answers, item: Field | Table | Section) -> bool:
    """True when the condition of a field, table or section holds for the answers."""
    # Asked of every field on every page: a look-up is only made where there is a condition.
    return not item.show_if or expressions.truth(item.show_if, lookup(sheet, answers))


def column_shown(sheet: Sheet, answers: Answers, table: Table, column: Field, row: Mapping[str, str]) -> bool:
    """True when the column's condition holds in that row."""
    return not column.show_if or expressions.truth(column.show_if, lookup(sheet, answers, table, row))


def visible_sections(sheet: Sheet, answers: Answers) -> list[Section]:
    """Return the sections that apply to the answers, in printed order."""
    return [section for section in sheet.sections if shown(sheet, answers, section)]
