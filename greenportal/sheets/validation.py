"""Are the answers usable, and what is still missing? Messages say what to do; being eligible is another matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from greenportal.directory.validators import validate_industry_code, validate_uscc
from greenportal.findings.types import Invalid
from greenportal.sheets import computing, values
from greenportal.sheets.paths import cell, cell_label, rows_of
from greenportal.sheets.types import Answers, Field, FieldType, Level, Problem, Required, Section, Sheet, Table

YEARS = (1900, 2100)
#: Units that are signs; every other one begins with a letter.
_SIGNS = frozenset("%％‰℃°")
#: Messages repeat the unit of a row, which may be typed; the longest printed one, tCO2e/产品单位, has ten characters.
_LONGEST_UNIT = 40


def validate(sheet: Sheet, answers: Answers, *, section: str | None = None) -> list[Problem]:
    """Return what is to be mended, in printed order: of one section, or of all that apply.

    Levels: error (typed but unusable), missing (hard and empty), soft (asked for and empty). A part whose
    condition does not hold is never asked for.
    """
    parts = [part for part in computing.visible_sections(sheet, answers) if section in (None, part.key)]
    return [problem for part in parts for problem in _section_problems(sheet, part, answers)]


def _section_problems(sheet: Sheet, section: Section, answers: Answers) -> Iterator[Problem]:
    for field in section.fields:
        if not field.formula and computing.shown(sheet, answers, field):
            yield from _one(f"{sheet.key}.{field.key}", field.label, field, answers.get(field.key))
    for table in section.tables:
        if computing.shown(sheet, answers, table):
            yield from _table_problems(sheet, table, answers)


def _one(path: str, label: str, field: Field, value: Any) -> Iterator[Problem]:
    if values.is_empty(value):
        if field.required != Required.NO:
            level = Level.MISSING if field.required == Required.HARD else Level.SOFT
            yield Problem(path, label, missing_message(field, label), level)
        return
    message = check(field, value, label)
    if message:
        yield Problem(path, label, message, Level.ERROR)


def _table_problems(sheet: Sheet, table: Table, answers: Answers) -> Iterator[Problem]:
    rows = rows_of(table, answers)
    filled = [row for row in rows if any(row.get(column.key) for column in table.columns)]
    path = f"{sheet.key}.{table.key}"
    if not table.fixed and len(filled) < table.min_rows:
        yield Problem(path, table.label, f"填写{table.label}，至少{table.min_rows}行", Level.MISSING)
    if len(rows) > table.max_rows and not table.fixed:
        yield Problem(path, table.label, f"{table.label}最多{table.max_rows}行，删去多余的行", Level.ERROR)
    for number, row in enumerate(rows, start=1):
        if not table.fixed and row not in filled:
            continue
        for column in table.columns:
            if column.formula or table.is_printed(row["_id"], column.key):
                continue
            if computing.column_shown(sheet, answers, table, column, row):
                label = cell_label(table, number, column)
                path = f"{sheet.key}.{cell(table.key, row['_id'], column.key)}"
                yield from _one(path, label, in_row(column, row), row.get(column.key))


def limited(column: Field, row: Mapping[str, str]) -> Field:
    """Return the column with the limit that its row prints (`max_from`); as it is where none can be read."""
    most = computing.decimal_of(row.get(column.max_from)) if column.max_from else None
    return column if most is None else replace(column, max=most)


def in_row(column: Field, row: Mapping[str, str]) -> Field:
    """Return the column as it is meant in this row: with the unit that the row names, and the limit that it prints.

    The unit goes to numbers without one of their own, so that `85%` is read where the row says %. What is no unit
    to be written behind a number (a dash, a power of ten, a text that is longer than any unit) is left out.
    """
    unit = row.get("unit") or ""
    is_unit = len(unit) <= _LONGEST_UNIT and (unit[:1].isalpha() or unit[:1] in _SIGNS)
    if column.is_number and not column.unit and not column.formula and is_unit:
        column = replace(column, unit=unit)
    return limited(column, row)


def missing_message(field: Field, label: str = "") -> str:
    """Return what to do about an empty field: 填写工厂名称, 选择单位性质."""
    label = label or field.label
    if field.type == FieldType.USCC:
        return f"填写{label}（18位）"
    verb = "选择" if field.type in {FieldType.CHOICE, FieldType.MULTICHOICE, FieldType.YESNO} else "填写"
    return f"{verb}{label}"


def check(field: Field, value: Any, label: str = "") -> str:
    """Return what is wrong with a canonical, non-empty value, or "": one sentence that says what to write."""
    label = label or field.label
    if field.is_list:
        return _check_list(field, value, label)
    if not isinstance(value, str):
        return f"{label}只能填写一项内容"
    if len(value) > field.max_length and field.type in {FieldType.TEXT, FieldType.LONGTEXT}:
        return f"{label}最多{field.max_length}字，现有{len(value)}字，删去{len(value) - field.max_length}字"
    specific = _CHECKS.get(field.type)
    return specific(field, value, label) if specific else ""


def _check_list(field: Field, value: Any, label: str) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return f"选择{label}"
    check_one = _industry if field.type == FieldType.INDUSTRIES else _choice
    return next((message for message in (check_one(field, item, label) for item in value) if message), "")


def _number(field: Field, value: str, label: str) -> str:
    number = computing.decimal_of(value)
    unit = f"（{field.unit}）" if field.unit else ""
    if number is None:
        return f"{label}{unit}只填数字，如 {'1200' if not field.decimals else '1200.5'}"
    if field.type == FieldType.INTEGER and number != number.to_integral_value():
        return f"{label}{unit}填写整数"
    if field.type == FieldType.DECIMAL and _decimals(number) > field.decimals:
        return f"{label}{unit}最多保留{field.decimals}位小数" if field.decimals else f"{label}{unit}填写整数"
    if field.min is not None and number < field.min:
        return f"{label}{unit}不小于{_plain(field.min)}"
    if field.max is not None and number > field.max:
        return f"{label}{unit}不大于{_plain(field.max)}"
    if field.step is not None and number % field.step:
        return f"{label}{unit}按{_plain(field.step)}的整倍数填写"
    return ""


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _date(_field: Field, value: str, label: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return f"{label}按年月日填写，如 2022-09-05"
    return "" if day.isoformat() == value and YEARS[0] <= day.year <= YEARS[1] else f"核对{label}的年份"


def _month(_field: Field, value: str, label: str) -> str:
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", value, re.ASCII)
    if not found:
        return f"{label}按年月填写，如 2022-09"
    return "" if YEARS[0] <= int(found[1]) <= YEARS[1] else f"核对{label}的年份"


def _year(_field: Field, value: str, label: str) -> str:
    if not re.fullmatch(r"\d{4}", value, re.ASCII):
        return f"{label}填写四位年份，如 2022"
    return "" if YEARS[0] <= int(value) <= YEARS[1] else f"核对{label}的年份"


def _choice(field: Field, value: str, label: str) -> str:
    known = {choice.value for choice in field.choices}
    return "" if value in known else f"{label}从列出的选项中选择：{'、'.join(choice.label for choice in field.choices)}"


def _yesno(_field: Field, value: str, label: str) -> str:
    return "" if value in {"yes", "no"} else f"{label}选择“是”或“否”"


def _uscc(_field: Field, value: str, label: str) -> str:
    try:
        validate_uscc(value)
    except Invalid as refused:
        return f"{label}：{refused.message.rstrip('。')}"
    return ""


def _phone(_field: Field, value: str, label: str) -> str:
    shapes = (r"1[3-9]\d{9}", r"0\d{2,3}-\d{7,8}(-\d{1,6})?", r"(400|800)-?\d{3}-?\d{4}", r"\d{7,8}")
    usable = any(re.fullmatch(shape, value, re.ASCII) for shape in shapes)
    return "" if usable else f"{label}填写手机号，或带区号的固定电话，如 0411-80001234"


def _email(_field: Field, value: str, label: str) -> str:
    usable = len(value) <= 254 and re.fullmatch(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value
    )
    return "" if usable else f"{label}填写完整的电子邮箱，如 name@example.cn"


def _postcode(_field: Field, value: str, label: str) -> str:
    return "" if re.fullmatch(r"\d{6}", value, re.ASCII) else f"{label}填写6位数字"


def _industry(_field: Field, value: str, label: str) -> str:
    try:
        validate_industry_code(value)
    except Invalid as refused:
        return f"{label}：{refused.message.rstrip('。')}"
    return ""


def _url(_field: Field, value: str, label: str) -> str:
    usable = len(value) <= 500 and re.fullmatch(r"https?://[^\s/<>\"'@]+\.[^\s<>\"']+", value)
    return "" if usable else f"{label}填写完整网址，以 http:// 或 https:// 开头"


_CHECKS: dict[FieldType, Callable[[Field, str, str], str]] = {
    FieldType.INTEGER: _number,
    FieldType.DECIMAL: _number,
    FieldType.DATE: _date,
    FieldType.MONTH: _month,
    FieldType.YEAR: _year,
    FieldType.CHOICE: _choice,
    FieldType.YESNO: _yesno,
    FieldType.USCC: _uscc,
    FieldType.PHONE: _phone,
    FieldType.EMAIL: _email,
    FieldType.POSTCODE: _postcode,
    FieldType.INDUSTRY: _industry,
    FieldType.URL: _url,
}
