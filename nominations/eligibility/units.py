"""Units as people write them: which are the same, and how many of one are another. Pure."""

from __future__ import annotations

from decimal import Decimal

from nominations.eligibility.answers import unit_key

_SAME = {"t": "吨", "公吨": "吨", "kg": "千克", "公斤": "千克", "千瓦时": "kwh", "度": "kwh", "tce": "吨标准煤"}
_SAME |= {"公斤标准煤": "千克标准煤", "kgce": "千克标准煤", "m3": "立方米"}
#: Unit → (greater unit, how many of that one it is).
_PARTS = {"千克": ("吨", Decimal("0.001")), "千克标准煤": ("吨标准煤", Decimal("0.001"))}
_TIMES = {"万": Decimal(10) ** 4, "亿": Decimal(10) ** 8}


def folded(unit: str) -> str:
    """Return a unit in one way of writing: t, 公吨 and 吨 alike."""
    plain = unit_key(unit)
    return _SAME.get(plain, plain)


def scaled(unit: str) -> tuple[str, Decimal]:
    """Return the base unit and how many of it one `unit` is: 万吨 → (吨, 10000), kg/台 → (吨/台, 0.001)."""
    first, slash, second = unit_key(unit).partition("/")
    times = _TIMES.get(first[:1]) if len(first) > 1 else None
    base = folded(first[1:] if times else first)
    base, part = _PARTS.get(base, (base, Decimal(1)))
    return f"{base}{slash}{folded(second)}", part * (times or 1)


def factor(old: str, new: str) -> Decimal | None:
    """Return how many of `new` one `old` is; None where they measure other things or nobody can tell."""
    if folded(old) == folded(new):
        return Decimal(1)
    (base, times), (wanted, parts) = scaled(old), scaled(new)
    return times / parts if base == wanted else None
