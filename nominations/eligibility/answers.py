"""Shorthand in which rules answer: a Finding from the rulebook's entry, a sentence and the data used.

Also the few comparisons that several rules share: dates against a look-back window, three-valued and.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.rounds.rulebook import RuleSpec, Window
from greenportal.sheets.numerals import rounded

EMPTY: Mapping[str, Any] = {}


def met(spec: RuleSpec, because: str, **data: Any) -> Finding:
    """符合: what was asked is so."""
    return Finding(spec.id, Outcome.MET, spec.severity, spec.clause, because, spec.title, "", data)


def not_met(spec: RuleSpec, because: str, *, todo: str = "", **data: Any) -> Finding:
    """不符合: what was asked is not so. A rule whose source is unsure says that it only reminds."""
    if spec.lowered:
        because += "（本条依据尚未与官方原文核对，仅作提醒）"
    return Finding(spec.id, Outcome.NOT_MET, spec.severity, spec.clause, because, spec.title, todo or spec.todo, data)


def manual(spec: RuleSpec, because: str, *, todo: str = "", severity: Severity | None = None, **data: Any) -> Finding:
    """待人工核实: something is unknown, contradictory or not held by us."""
    level = severity or spec.severity
    return Finding(spec.id, Outcome.MANUAL, level, spec.clause, because, spec.title, todo or spec.todo, data)


def not_applicable(spec: RuleSpec, because: str, **data: Any) -> Finding:
    """不适用: the clause does not concern this nomination."""
    return Finding(spec.id, Outcome.NOT_APPLICABLE, spec.severity, spec.clause, because, spec.title, "", data)


def yes_no(spec: RuleSpec, value: bool | None, *, good: str, bad: str, unknown: str) -> Finding:
    """Answer a question whose good answer is yes; None is unknown."""
    if value is None:
        return manual(spec, unknown)
    return met(spec, good, value=True) if value else not_met(spec, bad, value=False)


class Place(Enum):
    """Where a date lies beside a look-back window."""

    BEFORE = "before"
    DOUBTFUL = "doubtful"
    INSIDE = "inside"
    AFTER_END = "after_end"
    FUTURE = "future"


def place(day: date, window: Window, as_of: date) -> Place:
    """Say where `day` lies: both edges of the window belong to it; what is after `as_of` has not happened."""
    if day > as_of:
        return Place.FUTURE
    if day > window.end:
        return Place.AFTER_END
    if day >= window.start:
        return Place.INSIDE
    if window.doubtful_from and day >= window.doubtful_from:
        return Place.DOUBTFUL
    return Place.BEFORE


def every(values: Iterable[bool | None]) -> bool | None:
    """Three-valued and: False beats unknown, unknown beats True."""
    known = True
    for value in values:
        if value is False:
            return False
        known = known and value is not None
    return True if known else None


def spoken(day: date) -> str:
    """Return 2022年10月15日."""
    return f"{day.year}年{day.month}月{day.day}日"


def number(value: Decimal) -> str:
    """Return a quantity as people write it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(value: Decimal) -> Decimal:
    """Return a computed quantity with four decimals; with four digits that count where those would make it zero."""
    small = value and abs(value) < Decimal("0.0001")
    return rounded(value, 3 - value.adjusted() if small else 4)


def unit_key(unit: str) -> str:
    """Return a unit for comparison: width, case, spaces and middle dots folded (㎡ = m2)."""
    folded = unicodedata.normalize("NFKC", unit).lower().replace(" ", "")
    return folded.replace("·", "").replace("⋅", "").replace("•", "").replace("（", "(").replace("）", ")")


def at_least_as_good(value: Decimal, yardstick: Decimal, *, higher_is_better: bool) -> bool:
    """达到或优于: equal counts."""
    return value >= yardstick if higher_is_better else value <= yardstick
