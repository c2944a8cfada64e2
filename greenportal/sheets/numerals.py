"""Numbers as people write them, to plain decimal strings. What has two readings is not read at all."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

MAX_DIGITS = 30
#: Digits that rounding may need: several figures of `MAX_DIGITS` multiplied, and decimals behind them.
_ROUNDING = 400
_PLAIN = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?|([+-]?)\.(\d+)")
_WESTERN = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}


def canonical(raw: str) -> str:
    """Return the plain decimal string of `raw`, or "" when it is not plainly a number.

    `1,234.50` → `1234.5`; `007` → `7`; `-0` → `0`. A separator that is not between thousands (`1,5`) is not read.
    """
    if not raw.isascii():
        raw = re.sub(r"(?<=\d)。(?=\d)", ".", raw)
    if "," in raw:
        if not _WESTERN.fullmatch(raw):
            return ""
        raw = raw.replace(",", "")
    found = _PLAIN.fullmatch(raw) if raw.isascii() else None
    if not found:
        return ""
    sign = found[1] or found[4] or ""
    whole = (found[2] or "0").lstrip("0") or "0"
    part = (found[3] or found[5] or "").rstrip("0")
    if len(whole) + len(part) > MAX_DIGITS:
        return ""
    number = f"{whole}.{part}" if part else whole
    return f"-{number}" if sign == "-" and number != "0" else number


def holds(value: Decimal) -> bool:
    """True when `value`, written without exponent, has no more digits than are read of what people type."""
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and max(len(digits) + exponent, 1) + max(-exponent, 0) <= MAX_DIGITS


def rounded(value: Decimal, places: int, how: str = ROUND_HALF_EVEN) -> Decimal:
    """Return `value` with `places` decimals, exactly, however many digits people typed (up to `MAX_DIGITS` each).

    The one place that rounds: Python's own context holds 28 digits and raises on what a form may hold.
    """
    with localcontext(prec=_ROUNDING):
        return value.quantize(Decimal(1).scaleb(-places), how)


def from_chinese(raw: str) -> str:
    """Return the decimal string of Chinese numerals, or "" when they have more than one reading or none.

    Read: 三百二十, 十五, 两万零五, 一二三, 三点一四. Not read: 三千五 (3500 or 3005), 12万, 若干.
    """
    whole, point, part = raw.partition("点")
    if point and (not part or any(char not in _DIGITS for char in part)):
        return ""
    number = _whole(whole)
    if number is None:
        return ""
    return canonical(f"{number}.{''.join(str(_DIGITS[char]) for char in part)}" if part else str(number))


def _whole(text: str) -> int | None:
    if not text:
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) <= MAX_DIGITS else None
    total = 0
    rest = text
    for unit in ("亿", "万"):
        if rest.count(unit) > 1:
            return None
        head, found, tail = rest.partition(unit)
        if found:
            section = 2 if head == "两" else _section(head)
            if not section or (tail and not _follows(tail, unit)):
                return None
            total += section * _LARGE[unit]
            rest = tail.removeprefix("零") if tail else ""
    if rest:
        section = _section(rest)
        if section is None:
            return None
        total += section
    return total


def _follows(tail: str, unit: str) -> bool:
    """True when what follows a large unit has one reading: 万五 has two (15000 or 10005), 万零五 and 万五千 one."""
    if tail.startswith("零"):
        return True
    return "千" in tail[:2] if unit == "万" else "万" in tail or "千" in tail[:2]


def _section(text: str) -> int | None:
    """Return the value of a group below 10,000, or None when it is not strictly formed."""
    total, last, index = 0, 10000, 0
    if text.startswith("十"):
        text = f"一{text}"
    after_zero = True
    while index < len(text):
        if text[index] == "零":
            after_zero, index = True, index + 1
            continue
        digit = 2 if text[index] == "两" else _DIGITS.get(text[index])
        if digit is None or digit == 0:
            return None
        unit = _SMALL.get(text[index + 1]) if index + 1 < len(text) else None
        if unit is None:
            if index + 1 != len(text) or text[index] == "两" or not (after_zero or last == 10):
                return None
            return total + digit
        if unit >= last:
            return None
        total, last, after_zero, index = total + digit * unit, unit, False, index + 2
    return total or None


def digits_in_date(raw: str) -> str:
    """Return `raw` with the Chinese numerals of a date as digits: 二〇二二年九月十五日 → 2022年9月15日."""
    found = re.fullmatch(
        r"([零〇○一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,2})月(?:([一二三四五六七八九十]{1,3})日)?)?", raw
    )
    if not found:
        return raw
    year = "".join(str(_DIGITS[char]) for char in found[1])
    month = _whole(found[2]) if found[2] else None
    day = _whole(found[3]) if found[3] else None
    if (found[2] and month is None) or (found[3] and day is None):
        return raw
    return f"{year}年" + (f"{month}月" if month else "") + (f"{day}日" if day else "")
