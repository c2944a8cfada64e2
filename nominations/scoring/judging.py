"""Requirement rows of a product standard: does the measured value meet the baseline, and does the report say so? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from greenportal.sheets import Field, FieldType
from greenportal.sheets.computing import decimal_of
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import normalise
from nominations.scoring.types import shown

WORDS = {"most": "不大于", "least": "不小于", "text": "定性"}
_BOUNDS = frozenset({"most", "least"})
_PAIR = ("baseline", "measured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One row. entered: what the report says; computed: what the figures say, None where a person must look."""

    label: str
    unit: str
    asked: str
    measured: str
    entered: bool | None
    computed: bool | None
    indicator: str = ""
    model: str = ""

    @property
    def contradicts(self) -> bool:
        """True when the report says the opposite of its own figures."""
        return self.entered is not None and self.computed is not None and self.entered is not self.computed


def judged(rows: Sequence[Mapping[str, Any]]) -> tuple[Judged, ...]:
    """Return the rows that bear an indicator, judged; qualitative ones and those that are no numbers stay open."""
    return tuple(_one(row) for row in rows if row.get("indicator"))


def _one(row: Mapping[str, Any]) -> Judged:
    direction = str(row.get("direction") or "")
    baseline, measured = (read(row, key) if direction in _BOUNDS else str(row.get(key) or "") for key in _PAIR)
    model = str(row.get("model") or "")
    return Judged(
        label=f"{row['indicator']}{f'（{model}）' if model else ''}",
        unit=str(row.get("unit") or ""),
        asked=f"{WORDS.get(direction, '')}{baseline}" if direction != "text" else baseline,
        measured=measured,
        entered={"yes": True, "no": False}.get(str(row.get("met") or "")),
        computed=_computed(direction, decimal_of(baseline), decimal_of(measured)),
        indicator=str(row["indicator"]),
        model=model,
    )


def read(row: Mapping[str, Any], key: str) -> str:
    """Return a text as the number that people mean (1,234; 十五; 85% where the row's unit is %), else as typed."""
    number = Field(key=key, label=key, type=FieldType.DECIMAL)
    return str(normalise(in_row(number, {"unit": str(row.get("unit") or "")}), str(row.get(key) or "")))


def _computed(direction: str, baseline: Decimal | None, measured: Decimal | None) -> bool | None:
    if baseline is None or measured is None or direction not in _BOUNDS:
        return None
    return measured <= baseline if direction == "most" else measured >= baseline


def told(row: Judged) -> str:
    """Return the arithmetic of a row: 15.6≤18."""
    measured = decimal_of(row.measured)
    return f"实测值{shown(measured, 4) if measured is not None else row.measured}，要求{row.asked}"
