"""Figures of this year's nomination beside those of last year's of the same subject. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from greenportal.sheets import Field, Sheet, Table
from greenportal.sheets.computing import decimal_of
from greenportal.sheets.paths import rows_of
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import code, normalise
from nominations.eligibility.facts import YearFigure
from nominations.eligibility.units import factor
from nominations.scoring.judging import read

Part = tuple[str, Sheet, Mapping[str, Any]]
#: Points, shares and ratios of the forms have checks of their own; measured values are held in whatever unit they bear.
_NO_TOTALS = frozenset({"%", "分"})
#: Columns of points beside an indicator; the unit of their row is the indicator's.
_POINTS = frozenset({"max_score", "score"})
#: Years before the nomination's own, in tables of three years: last year's nomination holds them as its own.
_PAST_YEARS = frozenset({"y1", "y2"})
#: Table of the year before: of which year it speaks, both nominations say themselves.
_YEAR_BEFORE = "last_year"


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number as one year states it."""

    label: str
    unit: str
    value: Decimal


def year_figures(now: Sequence[Part], before: Sequence[Part]) -> tuple[YearFigure, ...]:
    """Return the numbers that both years state in the same unit or in one of which the other is a multiple.

    Sheets are matched by key, fields, columns and printed rows by their permanent keys, free rows by the words in
    them, a product's measured values by indicator and model; what only one of the years asks is left out. Numbers
    are read as everywhere: 1,234, 十五, with the unit written behind, 85% where the row says %.
    """
    former = {key: (sheet, answers) for key, sheet, answers in before}
    return tuple(
        figure for key, sheet, answers in now if key in former for figure in _pairs(sheet, answers, *former[key])
    )


def _pairs(sheet: Sheet, answers: Mapping[str, Any], old: Sheet, before: Mapping[str, Any]) -> Iterator[YearFigure]:
    held = _figures(old, before)
    for place, figure in _figures(sheet, answers).items():
        last = held.get(place)
        times = factor(last.unit, figure.unit) if last else None
        if last is None or times is None:
            continue
        told = f"（上年以{last.unit}填写，已换算）" if times != 1 else ""
        last_year = Decimal(f"{last.value * times:f}")
        yield YearFigure(label=f"{figure.label}{told}", unit=figure.unit, value=figure.value, before=last_year)


def _figures(sheet: Sheet, answers: Mapping[str, Any]) -> dict[tuple[str, ...], _Figure]:
    """Return the numbers of a sheet by the place that says in every year which they are."""
    found: dict[tuple[str, ...], _Figure] = {}
    for field in sheet.fields():
        value = _read(field, answers.get(field.key))
        if value is not None and not field.formula and field.unit not in _NO_TOTALS:
            found[(field.key,)] = _Figure(field.label, field.unit, value)
    for table in (table for table in sheet.tables() if table.key != _YEAR_BEFORE):
        found |= _in_table(table, answers)
    return found | _measured(answers)


def _read(field: Field, text: Any) -> Decimal | None:
    return decimal_of(normalise(field, str(text))) if field.is_number and text else None


def _in_table(table: Table, answers: Mapping[str, Any]) -> dict[tuple[str, ...], _Figure]:
    """Return the numbers of a table; rows that bear the same words twice are left out: which is which nobody can tell."""
    found: dict[tuple[str, ...], list[_Figure]] = {}
    for row in rows_of(table, answers):
        words = _words(table, row)
        fixed = table.fixed_row(row["_id"])
        name = row["_id"] if fixed else "｜".join(words)
        called = (fixed and row.get("item")) or "　".join(words) or row["_id"]
        for column in table.columns if name else ():
            meant = in_row(column, row)
            value = _read(meant, row.get(column.key))
            if value is None or column.formula or column.key in _POINTS | _PAST_YEARS:
                continue
            if code(meant.unit) in {"", *_NO_TOTALS}:
                continue
            label = f"{table.label}“{called}”{column.label}"
            found.setdefault((table.key, name, column.key), []).append(_Figure(label, meant.unit, value))
    return {place: figures[0] for place, figures in found.items() if len(figures) == 1}


def _words(table: Table, row: Mapping[str, str]) -> list[str]:
    """Return what names a row: its texts and choices, without its unit and its proofs."""
    texts = [
        c for c in table.columns if not c.is_number and c.key not in {"unit", "no"} and not c.key.endswith("evidence")
    ]
    return [code(c.label_of(str(row[c.key]))) for c in texts if row.get(c.key)][:3]


def _measured(answers: Mapping[str, Any]) -> dict[tuple[str, ...], _Figure]:
    """Return the measured values of a product by indicator and model; rows that stand twice are left out."""
    found: dict[tuple[str, ...], list[_Figure]] = {}
    for row in answers.get("requirements") or ():
        if not isinstance(row, Mapping) or not row.get("indicator"):
            continue
        unit, model, typed = (str(row.get(key) or "") for key in ("unit", "model", "measured"))
        # A share among the standard's values is a value like the others; its sign may stand behind the number alone.
        unit = unit or ("%" if code(typed).endswith("%") else "")
        value = decimal_of(read({**row, "unit": unit}, "measured"))
        if value is not None and unit != "分":
            label = f"{row['indicator']}（{model}）实测值" if model else f"{row['indicator']}实测值"
            place = ("requirements", code(str(row["indicator"])), code(model), "measured")
            found.setdefault(place, []).append(_Figure(label, unit, value))
    return {place: figures[0] for place, figures in found.items() if len(figures) == 1}
