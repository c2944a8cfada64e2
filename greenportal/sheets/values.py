"""From what people type to canonical values. Liberal, idempotent, and never changing what a number is worth.

Canonical: texts trimmed, NFC, with full-width letters and digits made half-width (punctuation stays as typed,
because forms are printed); decimals as plain strings without separators and trailing zeros; dates ISO; choices by
value; yes/no as "yes"/"no"; lists for multi choice. What cannot be understood is kept as typed, for the person to
see and mend: normalise never loses a word.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from greenportal.directory.validators import compact_uscc
from greenportal.sheets import numerals
from greenportal.sheets.types import Choice, Field, FieldType

_FOLD = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
#: Marks that nobody sees: NUL and other controls, byte order mark, zero width space, bidi overrides, soft hyphen.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"[\s\u3000\u200c\u200d]+")
_SYMBOLS = str.maketrans(
    {
        "．": ".",
        "，": ",",
        "－": "-",
        "−": "-",
        "＋": "+",
        "／": "/",
        "％": "%",
        "（": "(",
        "）": ")",
        "＠": "@",
        "：": ":",
    }
)
_YES = {"yes", "y", "是", "有", "true", "1", "√", "☑", "符合"}
_NO = {"no", "n", "否", "无", "没有", "false", "0", "×", "不是", "不符合"}


def clean(text: str) -> str:
    """Return `text` without invisible marks, in NFC, with full-width letters and digits folded, trimmed."""
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text.translate(_FOLD)).strip()


def code(text: str) -> str:
    """Return `text` as a code is meant: cleaned, symbols half-width, without any space."""
    return _SPACES.sub("", clean(text).translate(_SYMBOLS))


def normalise(field: Field, value: Any) -> Any:
    """Return the canonical value of `field` for what was typed (a text, or a list for multi choice).

    Idempotent. Texts that cannot be understood come back cleaned but otherwise as typed; `validate` names them.
    """
    if field.is_list:
        return _list(field, value)
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    if value is None:
        return ""
    if value is True or value is False:
        value = "yes" if value else "no"
    text = clean(str(value))
    return _BY_TYPE.get(field.type, _line)(field, text) if text else ""


def is_empty(value: Any) -> bool:
    """True for what counts as not filled in."""
    return value is None or value == "" or value == []


def fingerprint(value: Any) -> str:
    """Return the short hash of a canonical value, the same for every kind of empty: what a change is told from."""
    text = json.dumps(value or "", ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _line(_field: Field, text: str) -> str:
    return re.sub(r"[\n\t]+", " ", text)


def _long(_field: Field, text: str) -> str:
    return text


def _number(field: Field, text: str) -> str:
    raw = code(text)
    meant, printed = field.wording
    for unit in (field.unit, field.unit.replace(meant, printed) if meant else ""):
        behind = _SPACES.sub("", unit.translate(_SYMBOLS))
        if behind and raw.endswith(behind) and raw != behind:
            raw = raw[: -len(behind)]
            break
    return numerals.canonical(raw) or numerals.from_chinese(raw) or text


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")


def _date(_field: Field, text: str) -> str:
    raw = numerals.digits_in_date(code(text))
    found = _DATE.fullmatch(raw) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", raw)
    if not found:
        return text
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return text


def _month(_field: Field, text: str) -> str:
    raw = numerals.digits_in_date(code(text))
    found = _MONTH.fullmatch(raw) or re.fullmatch(r"(\d{4})(\d{2})", raw)
    if found and 1 <= int(found[2]) <= 12 and int(found[1]) > 0:
        return f"{found[1]}-{int(found[2]):02d}"
    return text


def _year(_field: Field, text: str) -> str:
    found = re.fullmatch(r"(\d{4})年?", numerals.digits_in_date(code(text)))
    return found[1] if found else text


def _choice(field: Field, text: str) -> str:
    return _option(field.choices, text) or text


def _option(choices: tuple[Choice, ...], text: str) -> str:
    wanted = code(text).casefold()
    for choice in choices:
        if text == choice.value:
            return choice.value
    for choice in choices:
        if wanted in {code(choice.label).casefold(), code(choice.value).casefold()}:
            return choice.value
    return ""


def _yesno(_field: Field, text: str) -> str:
    wanted = code(text).casefold()
    if wanted in _YES:
        return "yes"
    return "no" if wanted in _NO else text


def _uscc(_field: Field, text: str) -> str:
    compact = compact_uscc(text)
    return compact if compact.isascii() and compact.isalnum() else text


def _phone(_field: Field, text: str) -> str:
    raw = re.sub(r"[‐-―~]", "-", code(text)).replace("(", "").replace(")", "-")
    raw = re.sub(r"^(?:\+|00)86-?", "", raw)
    if re.fullmatch(r"1[3-9][\d-]{9,}", raw) and len(raw.replace("-", "")) == 11:
        return raw.replace("-", "")
    found = re.fullmatch(r"(01\d|02\d|0[3-9]\d{2})-?(\d{3,4})-?(\d{4})(?:(?:-|转)(\d{1,6}))?", raw)
    if found:
        return f"{found[1]}-{found[2]}{found[3]}" + (f"-{found[4]}" if found[4] else "")
    return raw if re.fullmatch(r"[\d-]+", raw) else text


def _email(_field: Field, text: str) -> str:
    raw = code(text).replace("。", ".")
    name, at, domain = raw.rpartition("@")
    return f"{name}{at}{domain.lower()}" if at and name else text


def _postcode(_field: Field, text: str) -> str:
    raw = code(text)
    return raw if raw.isdecimal() else text


def _industry(_field: Field, text: str) -> str:
    raw = code(text).upper()
    found = re.fullmatch(r"[A-T]?(\d{4})", raw)
    return found[1] if found else text


def _url(_field: Field, text: str) -> str:
    raw = code(text)
    if re.match(r"(?i)https?:", raw):
        scheme, _, rest = raw.partition(":")
        return f"{scheme.lower()}:{rest}"
    return f"https://{raw}" if re.fullmatch(r"(?i)www\.[^/]+(/.*)?", raw) else text


def _list(field: Field, value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else re.split(r"[、,，;；\n]", str(value or ""))
    single = _industry if field.type == FieldType.INDUSTRIES else _choice
    found = [single(field, text) for text in (clean(str(item)) for item in items) if text]
    unique = list(dict.fromkeys(found))
    order = {choice.value: index for index, choice in enumerate(field.choices)}
    return sorted(unique, key=lambda item: order.get(item, len(order))) if order else unique


_BY_TYPE: dict[FieldType, Callable[[Field, str], str]] = {
    FieldType.LONGTEXT: _long,
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
