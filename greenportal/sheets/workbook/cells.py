"""Between canonical values and cells. What Excel did to a value on its way is either undone exactly or named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from greenportal.documents.xlsx import MAX_CELL, Column, Kind, Value
from greenportal.sheets import numerals, values
from greenportal.sheets.types import Field, FieldType
from greenportal.sheets.validation import check

#: Excel keeps fifteen digits of a number.
EXACT_DIGITS = 15
_LIMIT = 10**EXACT_DIGITS
#: Excel counts a 29 February 1900 that never was.
_FIRST_DAY = date(1900, 3, 1)
ERRORS = frozenset({"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!"})
_AS_TEXT = "先把单元格格式设为“文本”，再重新填写"

#: Codes: digits by which nothing is counted. The shortest number that cannot have lost a leading zero, or 0 when a
#: number can never be the code itself.
_CODES = {FieldType.USCC: 0, FieldType.PHONE: 7, FieldType.POSTCODE: 6, FieldType.INDUSTRY: 4, FieldType.INDUSTRIES: 4}


@dataclass(frozen=True, slots=True)
class Unusable(Exception):
    """A cell that cannot be taken as it stands; the message says how to mend it."""

    message: str


def column_of(field: Field, *, kind: Kind | None = None) -> Column:
    """Return how a field's cells are formatted."""
    kinds: dict[FieldType, Kind] = {
        FieldType.INTEGER: "int",
        FieldType.DECIMAL: "decimal",
        FieldType.YEAR: "int",
        FieldType.DATE: "date",
        FieldType.CHOICE: "choice",
        FieldType.YESNO: "choice",
    }
    chosen = kind or kinds.get(field.type, "text")
    return Column(field.key, field.label, kind=chosen, decimals=field.decimals, percent=field.unit == "%")


def options(field: Field) -> tuple[str, ...]:
    """Return the texts of the drop-down list of a field, () when it has none."""
    if field.type == FieldType.YESNO:
        return ("是", "否")
    return tuple(_shown(field, choice.value) for choice in field.choices) if field.type == FieldType.CHOICE else ()


def to_cell(field: Field, value: Any) -> tuple[Value, Column]:
    """Return what is written for a canonical value, and its format. What Excel could not hold exactly is text."""
    if values.is_empty(value):
        return None, column_of(field)
    if field.is_list:
        return _list_text(field, value), column_of(field, kind="text")
    text = str(value)
    if field.is_number or field.type == FieldType.YEAR:
        exact = numerals.canonical(text) == text and len(text.strip("-0.").replace(".", "")) <= EXACT_DIGITS
        exact = exact and abs(Decimal(text)) < _LIMIT
        return text, column_of(field, kind=None if exact else "text")
    if field.type == FieldType.DATE:
        day = _day(text)
        return (day, column_of(field)) if day else (text, column_of(field, kind="text"))
    if field.type == FieldType.YESNO:
        return {"yes": "是", "no": "否"}.get(text, text), column_of(field)
    return _shown(field, text), column_of(field)


def holds(field: Field, value: Any) -> bool:
    """True when the value comes back from its cell as it is; else it can only be changed on the web page."""
    written, _ = to_cell(field, value)
    if isinstance(written, str) and len(written) > MAX_CELL:
        return False
    return not isinstance(written, str) or values.normalise(field, _as_typed(field, written)) == value


def from_cell(field: Field, seen: object, label: str) -> Any:
    """Return the canonical value of a cell as the reader gave it. Raises Unusable; "" or [] for an empty cell."""
    if seen is None or (isinstance(seen, str) and not seen.strip()):
        return values.normalise(field, "")
    if isinstance(seen, bool):
        seen = ("yes" if seen else "no") if field.type == FieldType.YESNO else str(seen).upper()
    elif isinstance(seen, datetime | date):
        seen = _from_date(field, seen, label)
    elif isinstance(seen, int | float):
        seen = _from_number(field, seen, label)
    text = str(seen)
    if text.strip() in ERRORS:
        raise Unusable(f"{label}显示为{text.strip()}，是公式出错。改填内容本身")
    return values.normalise(field, _as_typed(field, text))


def usable(field: Field, value: Any, label: str) -> str:
    """Return what is wrong with a value read, or "": the sheet's own check, with a hint at a percent sign."""
    if values.is_empty(value):
        return ""
    wrong = check(field, value, label)
    if wrong and field.is_number and isinstance(value, str):
        bare = values.code(value)
        number = numerals.canonical(bare.removesuffix("%")) if bare.endswith("%") else ""
        if number:
            plain = numerals.canonical(f"{Decimal(number) / 100:f}")
            unit = f"单位是{field.unit}" if field.unit else "不带百分号"
            return f"{label}{unit}，{number}%请写成{plain}"
    return wrong


def shown_text(seen: object) -> str:
    """Return a cell as a message quotes it."""
    if seen is None:
        return ""
    if isinstance(seen, bool):
        return str(seen).upper()
    if isinstance(seen, datetime | date):
        return f"{seen:%Y-%m-%d}"
    if isinstance(seen, float):
        return f"{seen:.{EXACT_DIGITS}g}"
    return str(seen)


def _from_date(field: Field, seen: date, label: str) -> str:
    if field.type == FieldType.DATE:
        return f"{seen:%Y-%m-%d}"
    if field.type == FieldType.MONTH:
        return f"{seen:%Y-%m}"
    raise Unusable(f"{label}被表格软件变成了日期（{seen:%Y-%m-%d}）。{_AS_TEXT}")


def _from_number(field: Field, seen: float, label: str) -> str:
    if not math.isfinite(seen):
        raise Unusable(f"{label}不是数值，重新填写")
    big = abs(seen) >= _LIMIT
    text = f"{Decimal(f'{seen:.{EXACT_DIGITS}g}'):f}"
    shortest = _CODES.get(field.type)
    if shortest is not None:
        if shortest == 0 or big or len(text) < shortest or "." in text:
            lost = f"{label}成了数字（{shown_text(seen)}），末几位或开头的0可能已改变"
            raise Unusable(f"{lost}。{_AS_TEXT}")
    elif big:
        raise Unusable(f"{label}超过{EXACT_DIGITS}位数字（{shown_text(seen)}），末几位已改变。{_AS_TEXT}")
    return text


def _as_typed(field: Field, text: str) -> str | Sequence[str]:
    """Split several choices by line where every line is one of them: an option may hold a 、 itself."""
    if field.is_list and field.choices:
        lines = [line for line in text.split("\n") if line.strip()]
        known = {values.clean(name) for choice in field.choices for name in (choice.label, choice.value)}
        if lines and all(values.clean(line) in known for line in lines):
            return lines
    return text


def _list_text(field: Field, value: Any) -> str:
    items = [_shown(field, str(item)) for item in value] if isinstance(value, list) else [str(value)]
    return ("\n" if any(set(item) & set("、,，;；") for item in items) else "、").join(items)


def _shown(field: Field, value: str) -> str:
    """Return the label of a choice where it leads back to the value, else the value."""
    label = field.label_of(value)
    first = next((choice for choice in field.choices if label in {choice.label, choice.value}), None)
    return label if first is None or first.value == value else value


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and day >= _FIRST_DAY else None
