"""Between raw tables (TOML or stored JSON) and the rulebook's dataclasses, in both directions.

One generic reader driven by the field types: an unknown key, a missing key, a wrong type or an
unknown choice is refused with the path, and the path is turned into file and line by the caller.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from greenportal.findings.types import Severity
from greenportal.rounds import booktypes
from greenportal.rounds.booktypes import MAY_REFUSE, SOFT, DocumentSlot, Rulebook, RuleSpec
from greenportal.sheets import numerals

Path = tuple[str, ...]
#: Rows that bear the key of their group as a field.
_NAMED: dict[Any, str] = {RuleSpec: "id", DocumentSlot: "key"}


class Malformed(Exception):
    """A raw value that does not fit: where in the table, and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{'.'.join(path)}: {reason}")
        self.path = path
        self.reason = reason


_HINTS: dict[type[Any], dict[str, Any]] = {}


def _hints(cls: type[Any]) -> dict[str, Any]:
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


def build(cls: type[Any], raw: Any, path: Path = ()) -> Any:
    """Return an instance of the dataclass `cls` from a raw table; raises `Malformed`."""
    if not isinstance(raw, Mapping):
        raise Malformed(path, "应为一组键值")
    hints = _hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    for key in raw:
        if key not in fields:
            raise Malformed((*path, str(key)), f"不认识的键“{key}”")
    values: dict[str, Any] = {}
    for name, spec in fields.items():
        if name in raw:
            values[name] = _value(hints[name], raw[name], (*path, name))
        elif spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            raise Malformed(path, f"缺少键“{name}”")
    return cls(**values)


def _value(hint: Any, raw: Any, path: Path) -> Any:
    origin = typing.get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        if raw is None:
            return None
        inner = next(a for a in typing.get_args(hint) if a is not type(None))
        return _value(inner, raw, path)
    if origin is tuple:
        return _sequence(typing.get_args(hint)[0], raw, path)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(typing.get_args(hint)[1], raw, path)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, raw, path)
    return _scalar(hint, raw, path)


def _sequence(inner: Any, raw: Any, path: Path) -> tuple[Any, ...]:
    if not isinstance(raw, list | tuple):
        raise Malformed(path, "应为列表")
    return tuple(_value(inner, item, (*path, str(i))) for i, item in enumerate(raw))


def _mapping(inner: Any, raw: Any, path: Path) -> Mapping[str, Any]:
    """Read a keyed group: a TOML table of tables, or the stored list of rows that bear their `key`."""
    if isinstance(raw, list | tuple):
        raw = _keyed(raw, path)
    if not isinstance(raw, Mapping):
        raise Malformed(path, "应为一组键值")
    found: dict[str, Any] = {}
    for key, item in raw.items():
        if inner in _NAMED and isinstance(item, Mapping):
            item = {_NAMED[inner]: key, **item}
        found[str(key)] = _plain(item) if inner is Any else _value(inner, item, (*path, str(key)))
    return types.MappingProxyType(found)


def _keyed(rows: list[Any] | tuple[Any, ...], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping) or not isinstance(row.get("key"), str):
            raise Malformed((*path, str(index)), "缺少键“key”")
        found[row["key"]] = {name: value for name, value in row.items() if name != "key"}
    return found


def _plain(raw: Any) -> Any:
    """Return free parameters with numbers as Decimal-safe strings and lists as tuples."""
    if isinstance(raw, list | tuple):
        return tuple(_plain(item) for item in raw)
    return raw


def _scalar(hint: Any, raw: Any, path: Path) -> Any:
    if hint is bool or hint is str or hint is int:
        if type(raw) is not hint:
            raise Malformed(path, f"应为{ {bool: '是或否', str: '文字', int: '整数'}[hint] }")
        return raw
    if hint is Decimal:
        return _decimal(raw, path)
    if hint is datetime:
        return _instant(raw, path)
    if hint is date:
        return _day(raw, path)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(raw)
        except ValueError:
            allowed = "、".join(str(m.value) for m in hint)
            raise Malformed(path, f"“{raw}”不在可选值中（{allowed}）") from None
    raise Malformed(path, f"规则书不支持的类型 {hint!r}")


def _decimal(raw: Any, path: Path) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        raise Malformed(path, "应为数值")
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise Malformed(path, f"“{raw}”不是数值") from None
    if not value.is_finite():
        raise Malformed(path, f"“{raw}”不是有限的数值")
    if not numerals.holds(value):
        # A short text may mean more digits than a machine can hold: 1e1000000.
        raise Malformed(path, f"数值不超过{numerals.MAX_DIGITS}位数字")
    return value


def _instant(raw: Any, path: Path) -> datetime:
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw)
        except ValueError:
            raise Malformed(path, f"“{raw}”不是时间，应写作 2022-10-16T00:00:00+08:00") from None
    if not isinstance(raw, datetime) or raw.tzinfo is None:
        raise Malformed(path, "应为带时区的时间，例如 2022-10-16T00:00:00+08:00")
    return raw


def _day(raw: Any, path: Path) -> date:
    if isinstance(raw, str):
        try:
            raw = date.fromisoformat(raw)
        except ValueError:
            raise Malformed(path, f"“{raw}”不是日期，应写作 2022-10-15") from None
    if not isinstance(raw, date) or isinstance(raw, datetime):
        raise Malformed(path, "应为日期，例如 2022-10-15")
    return raw


def lower(book: Rulebook) -> Rulebook:
    """Return the book in which nothing unsure refuses: blockers become warnings, hard documents soft.

    What the file said is kept in `declared`, so that storing and reading again lowers the same way.
    """
    rules = {key: _lower_rule(spec) for key, spec in book.rules.items()}
    slots = {key: _lower_slot(slot) for key, slot in book.slots.items()}
    return dataclasses.replace(book, rules=types.MappingProxyType(rules), slots=types.MappingProxyType(slots))


def _lower_rule(spec: RuleSpec) -> RuleSpec:
    wanted = spec.declared or spec.severity
    if wanted != Severity.BLOCKER or spec.confidence in MAY_REFUSE:
        return dataclasses.replace(spec, severity=wanted, declared=None)
    return dataclasses.replace(spec, severity=Severity.WARNING, declared=wanted)


def _lower_slot(slot: DocumentSlot) -> DocumentSlot:
    wanted = slot.declared or slot.required
    if wanted != booktypes.HARD or slot.confidence in MAY_REFUSE:
        return dataclasses.replace(slot, required=wanted, declared="")
    return dataclasses.replace(slot, required=SOFT, declared=wanted)


def encode(value: Any) -> Any:
    """Return the JSON-safe form: decimals as canonical strings, instants and days ISO, enums by value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return canonical_decimal(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        if any(dataclasses.is_dataclass(item) for item in value.values()):
            # A list keeps the order of the file: PostgreSQL's jsonb does not keep the order of keys.
            return [{"key": key, **encode(item)} for key, item in value.items()]
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def canonical_decimal(value: Decimal) -> str:
    """Return one spelling per value: no exponent, no trailing zeros, no minus zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def encode_book(book: Rulebook) -> dict[str, Any]:
    """Return the stored form of a rulebook; what was lowered is written as declared."""
    raw: dict[str, Any] = encode(book)
    for spec in raw["rules"]:
        spec["severity"] = spec.pop("declared") or spec["severity"]
    for slot in raw["slots"]:
        slot["required"] = slot.pop("declared") or slot["required"]
    return raw


def canonical(raw: Any) -> bytes:
    """Return canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(book: Rulebook) -> str:
    """Return the SHA-256 of the canonical JSON form."""
    return hashlib.sha256(canonical(encode_book(book))).hexdigest()


__all__ = ["Malformed", "build", "canonical", "canonical_decimal", "digest", "encode", "encode_book", "lower"]
