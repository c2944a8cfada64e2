"""Facts from JSON and findings to JSON: the stable door for tools that have no database.

The form is docs/reference/facts.schema.json, which `schema()` writes from the dataclasses themselves.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from greenportal.rounds import bookcodec
from greenportal.rounds.rulebook import Rulebook
from greenportal.sheets import numerals
from nominations.eligibility.engine import UnknownCategory, evaluate, facts_hash, summary
from nominations.eligibility.facts import NominationFacts

SCHEMA_ID = "https://greenportal.invalid/facts.schema.json"
CHOICES = {
    ("NominationFacts", "category"): ["factory", "product", "park", "supply_chain"],
    ("CreditQuery", "source"): ["creditchina", "gsxt", "zxgk"],
    ("IncidentRecord", "kind"): ["safety", "data", "quality", "environment", "tax", "dishonest", "other"],
    ("IncidentRecord", "source"): ["creditchina", "gsxt", "other"],
    ("Listing", "level"): ["national", "provincial", "city"],
    ("EngagementFacts", "state"): ["claimed", "confirmed", "disputed", "upheld", "void", "withdrawn"],
    ("Opinion", "opinion"): ["none", "no_objection", "objection"],
    ("ParkFacts", "level"): ["national", "provincial", "below"],
    ("StatedScore", "party"): ["self", "third"],
    ("RequirementAnswer", "party"): ["self", "third"],
}
_DECIMAL = {"type": ["string", "number"], "description": "decimal; a string keeps every digit"}
_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    date: {"type": "string", "format": "date"},
    Decimal: _DECIMAL,
}


class FactsError(ValueError):
    """Facts that cannot be read: where, and why (Chinese)."""


def read(text: str) -> tuple[str, list[NominationFacts]]:
    """Return (rulebook key or "", facts) of a JSON document; raises FactsError naming the place.

    The document is `{"rulebook": …, "as_of": …, "nominations": […]}`; `as_of` of the document is the
    default of each nomination.
    """
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise FactsError(f"第{error.lineno}行第{error.colno}列：不是JSON（{error.msg}）") from error
    if not isinstance(document, dict) or not isinstance(document.get("nominations"), list):
        raise FactsError("最外层应为对象，并有列表 nominations")
    if unknown := set(document) - {"$schema", "rulebook", "as_of", "nominations"}:
        raise FactsError(f"不认识的键：{'、'.join(sorted(unknown))}")
    rows = [_one(row, index, document.get("as_of")) for index, row in enumerate(document["nominations"])]
    return str(document.get("rulebook") or ""), rows


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > numerals.MAX_DIGITS:
        raise FactsError(f"数值不超过{numerals.MAX_DIGITS}位数字")
    return int(text)


def _one(raw: Any, index: int, as_of: Any) -> NominationFacts:
    if isinstance(raw, dict):
        raw = {"ref": str(index + 1), **({"as_of": as_of} if as_of else {}), **raw}
    try:
        found = bookcodec.build(NominationFacts, raw, ("nominations", str(index)))
    except bookcodec.Malformed as error:
        raise FactsError(str(error)) from error
    for place, value in _choices(found, f"nominations.{index}"):
        raise FactsError(f"{place}：“{value}”不在可选值中")
    return typing.cast("NominationFacts", found)


def _choices(value: Any, place: str) -> typing.Iterator[tuple[str, str]]:
    """Yield the places whose value is not one of the known choices."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _choices(item, f"{place}.{index}")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = getattr(value, field.name)
            allowed = CHOICES.get((type(value).__name__, field.name))
            if allowed and inner is not None and inner not in allowed:
                yield f"{place}.{field.name}", str(inner)
            yield from _choices(inner, f"{place}.{field.name}")


def result(facts: NominationFacts, book: Rulebook) -> dict[str, Any]:
    """Return the findings about one nomination as JSON; raises FactsError for an unknown category."""
    try:
        found = evaluate(facts, book)
    except UnknownCategory as error:
        raise FactsError(f"{facts.ref}：规则书{book.key}没有类别“{error}”") from error
    return {
        "ref": facts.ref,
        "category": facts.category,
        "as_of": facts.as_of.isoformat(),
        "facts_sha256": facts_hash(facts),
        "summary": summary(found),
        "findings": [finding.as_json() for finding in found],
    }


def results(rows: list[NominationFacts], book: Rulebook) -> dict[str, Any]:
    """Return the whole answer document: the rulebook used, and one result per nomination in order."""
    return {
        "rulebook": book.key,
        "rulebook_sha256": book.sha256,
        "results": [result(row, book) for row in rows],
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the facts document, written from the dataclasses."""
    definitions: dict[str, Any] = {}
    _define(NominationFacts, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Facts about nominations",
        "description": "Input of `manage.py precheck --facts`. null or an absent key always means: unknown.",
        "type": "object",
        "required": ["nominations"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string"},
            "rulebook": {"type": "string", "description": "key of a rulebook, for example 2022"},
            "as_of": {"type": "string", "format": "date", "description": "default of each nomination's as_of"},
            "nominations": {"type": "array", "items": {"$ref": "#/$defs/NominationFacts"}},
        },
        "$defs": definitions,
    }


def _define(cls: Any, definitions: dict[str, Any]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}
    hints = typing.get_type_hints(cls)
    properties = {f.name: _property(cls.__name__, f.name, hints[f.name], definitions) for f in fields(cls)}
    required = [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]
    definitions[cls.__name__] = {
        "type": "object",
        "description": " ".join((cls.__doc__ or "").split()),
        "additionalProperties": False,
        "required": [name for name in required if name not in {"ref", "as_of"}],
        "properties": properties,
    }


def _property(owner: str, name: str, hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if typing.get_origin(hint) is types.UnionType:
        inner = next(a for a in typing.get_args(hint) if a is not type(None))
        return {"anyOf": [_property(owner, name, inner, definitions), {"type": "null"}]}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _property(owner, name, typing.get_args(hint)[0], definitions)}
    if is_dataclass(hint):
        _define(hint, definitions)
        return {"$ref": f"#/$defs/{typing.cast('type', hint).__name__}"}
    if choices := CHOICES.get((owner, name)):
        return {"type": "string", "enum": choices}
    return dict(_SIMPLE[hint])
