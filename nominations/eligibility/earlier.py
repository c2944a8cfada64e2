"""Figures of this year's nomination beside those of last year's of the same subject. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from greenportal.sheets import Sheet
from greenportal.sheets.computing import decimal_of
from nominations.eligibility.facts import YearFigure

Part = tuple[str, Sheet, Mapping[str, Any]]
#: Points, shares and ratios have checks of their own; only totals slip their unit or jump.
_NO_TOTALS = frozenset({"%", "分"})


def year_figures(now: Sequence[Part], before: Sequence[Part]) -> tuple[YearFigure, ...]:
    """Return the totals that both years state in the same unit, and a product's measured values by indicator and model.

    Sheets are matched by key and fields by their permanent keys; what only one of the years asks is left out.
    """
    former = {key: (sheet, answers) for key, sheet, answers in before}
    return tuple(
        figure for key, sheet, answers in now if key in former for figure in _pairs(sheet, answers, *former[key])
    )


def _pairs(sheet: Sheet, answers: Mapping[str, Any], old: Sheet, before: Mapping[str, Any]) -> Iterator[YearFigure]:
    units = {field.key: field.unit for field in old.fields() if field.is_number}
    for field in sheet.fields():
        if not field.is_number or field.formula or field.unit in _NO_TOTALS or units.get(field.key) != field.unit:
            continue
        value, last = decimal_of(answers.get(field.key)), decimal_of(before.get(field.key))
        if value is not None and last is not None:
            yield YearFigure(label=field.label, unit=field.unit, value=value, before=last)
    measured = _measured(before)
    for (indicator, model, unit), value in _measured(answers).items():
        if (last := measured.get((indicator, model, unit))) is not None:
            label = f"{indicator}（{model}）实测值" if model else f"{indicator}实测值"
            yield YearFigure(label=label, unit=unit, value=value, before=last)


def _measured(answers: Mapping[str, Any]) -> dict[tuple[str, str, str], Decimal]:
    """Return the measured values of a product by indicator, model and unit; rows that stand twice are left out."""
    found: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in answers.get("requirements") or ():
        value = decimal_of(row.get("measured"))
        if value is not None and row.get("indicator"):
            key = (str(row["indicator"]), str(row.get("model") or ""), str(row.get("unit") or ""))
            found.setdefault(key, []).append(value)
    return {key: values[0] for key, values in found.items() if len(values) == 1 and key[2] not in _NO_TOTALS}
