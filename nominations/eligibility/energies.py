"""The same energy per unit of product told twice: in the table of benchmarks and by the totals of the report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from greenportal.sheets.computing import decimal_of
from greenportal.sheets.numerals import rounded
from greenportal.sheets.values import code
from nominations.eligibility.facts import VerifiedFigure
from nominations.eligibility.units import folded
from nominations.scoring.types import shown

#: Units of energy in coal equivalent → how many of them are 1 tce.
_PER_TCE = {
    "tce": 1,
    "吨标准煤": 1,
    "kgce": 1000,
    "千克标准煤": 1000,
    "公斤标准煤": 1000,
    "gce": 10**6,
    "克标准煤": 10**6,
}
#: The kind of figure that both tables may hold; 可比 and 工序 ones are figures of their own.
_KIND, _OTHER_KINDS = "综合能耗", ("可比", "工序")
_STATED_BY = "能效水平对标表填写为"


def compared(report: Mapping[str, Any], energy: Mapping[str, Any]) -> Iterator[VerifiedFigure]:
    """Yield a pair for each product that both tables name once, where the units are those of coal per product unit.

    report: answers of a factory's self-evaluation, tce by its product unit; energy: of the table of benchmarks.
    """
    if energy.get("applies") != "yes":
        return
    totals = {_name(row, "name"): row for row in _once(report, "energy_products", "name")}
    per = folded(str(report.get("product_unit") or ""))
    for row in _once(energy, "entries", "product"):
        kind = str(row.get("indicator") or "")
        held = totals.get(_name(row, "product"))
        if held is None or _KIND not in kind or any(word in kind for word in _OTHER_KINDS):
            continue
        first, _, second = code(str(row.get("unit") or "")).partition("/")
        factor = _PER_TCE.get(first.lower())
        used, made, stated = (decimal_of(value) for value in (held.get("energy"), held.get("output"), row.get("value")))
        if factor is None or not per or folded(second) != per or used is None or not made or stated is None:
            continue
        times = f"×{factor}" if factor != 1 else ""
        yield VerifiedFigure(
            label=f"{row['product']}{kind}",
            unit=str(row["unit"]),
            computed=rounded(used / made * Decimal(factor), 6),
            verified=stated,
            arithmetic=f"{shown(used, 4)}÷{shown(made, 4)}{times}",
            stated_by=_STATED_BY,
        )


def _once(answers: Mapping[str, Any], table: str, key: str) -> list[Mapping[str, Any]]:
    """Return the rows whose name stands once: which of two is meant nobody could tell."""
    rows = [row for row in answers.get(table) or () if isinstance(row, Mapping) and _name(row, key)]
    counts = Counter(_name(row, key) for row in rows)
    return [row for row in rows if counts[_name(row, key)] == 1]


def _name(row: Mapping[str, Any], key: str) -> str:
    return code(str(row.get(key) or "")).casefold()
