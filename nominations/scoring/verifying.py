"""What the evaluator verified beside what the applicant's totals give, figure by figure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from greenportal.sheets import Sheet
from greenportal.sheets.computing import decimal_of
from greenportal.sheets.explaining import Explained
from greenportal.sheets.paths import rows_of
from nominations.scoring.comparing import Pair

#: Fields of the evaluator of a supply chain, by the figure that they check.
_FIELDS = {
    "low_risk_share": "low_risk_share_checked",
    "product_recovery_rate": "product_recovery_checked",
    "packaging_recovery_rate": "packaging_recovery_checked",
}


def verified(
    explained: Sequence[Explained], sheets: Mapping[str, Sheet], answers: Mapping[str, Mapping[str, Any]], category: str
) -> tuple[Pair, ...]:
    """Return a pair for each computed figure that the evaluator's sheet states too, the applicant's first.

    A row of `verified` bears the key of the computed field without underscores; a row of `verified_rows` names the
    table and what the figure is of, as the applicant wrote it.
    """
    third = answers.get(f"{category}_third", {})
    stated = _stated(third)
    names = {
        key: value
        for sheet_key in (f"{category}_self",)
        if sheet_key in sheets
        for key, value in _names(sheets[sheet_key], answers.get(sheet_key, {})).items()
    }
    found = []
    for figure in explained:
        key = figure.path.partition(".")[2]
        value = stated.get(names.get(figure.path, (key.replace("_", ""), "")))
        if key in _FIELDS:
            value = decimal_of(third.get(_FIELDS[key]))
        if value is not None:
            found.append(Pair(key, figure.label, figure.unit, figure.value, value))
    return tuple(found)


def _stated(third: Mapping[str, Any]) -> dict[tuple[str, str], Decimal | None]:
    found: dict[tuple[str, str], Decimal | None] = {}
    for row in third.get("verified") or ():
        found[str(row.get("_id")), ""] = decimal_of(row.get("value"))
    for row in third.get("verified_rows") or ():
        found[str(row.get("indicator")), _key(row.get("name"))] = decimal_of(row.get("value"))
    return found


def _names(sheet: Sheet, answers: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return path of a computed cell → (table, what the row is of)."""
    return {
        f"{sheet.key}.{table.key}[{row['_id']}].{column.key}": (table.key, _key(row.get("name")))
        for table in sheet.tables()
        if not table.fixed
        for row in rows_of(table, answers)
        for column in table.columns
        if column.formula
    }


def _key(name: object) -> str:
    return "".join(str(name or "").split())
