"""What a table begins with: the register, last year's answers, figures already recorded. Constant query count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynamic_mgmt.models import DynamicTable, TablePeriod, TableReceipt
from dynamic_mgmt.selectors.catalogue import SUFFIXES, indicators
from dynamic_mgmt.selectors.figures import current
from greenportal.directory.models import Industry
from greenportal.rounds.bookcodec import canonical_decimal
from greenportal.rounds.booktypes import Rulebook
from greenportal.sheets import Answers, Sheet


def prefilled(
    tables: Sequence[DynamicTable], period: TablePeriod, sheets: Mapping[str, Sheet], *, book: Rulebook
) -> dict[int, dict[str, Any]]:
    """Return table → first answers. tables: with unit, organisation and authority loaded; sheets: by category. Three queries.

    book: the rulebook of the period's round, which says what its indicators are. Years before the data year come from recorded figures; what may be copied comes from the last filing.
    """
    units = [table.unit_id for table in tables]
    years = [period.data_year - back for back in range(1, len(SUFFIXES))]
    figures = current(units, years=years) if not period.periodic else {}
    earlier = _earlier(units, period)
    industries = set(
        Industry.objects.filter(pk__in={t.unit.industry_code for t in tables}).values_list("pk", flat=True)
    )
    return {
        table.pk: {
            **_copied(sheets[table.category], earlier.get(table.unit_id, {})),
            **_register(table, period, industries),
            **_figures(table, years, figures.get(table.unit_id, {}), book),
        }
        for table in tables
    }


def _register(table: DynamicTable, period: TablePeriod, industries: set[str]) -> dict[str, str]:
    unit = table.unit
    found = {
        "data_year": str(period.data_year),
        "listed_batch": f"第{unit.batch}批" if unit.batch.isdigit() else unit.batch,
        "listed_year": str(unit.list_year or ""),
        "listed_name": unit.name_as_listed,
        "current_name": unit.current_name,
        "uscc": unit.organisation.uscc if unit.organisation else unit.uscc,
        "district": table.authority.name,
        "industry": unit.industry_code if unit.industry_code in industries else "",
        "ownership": unit.organisation.ownership if unit.organisation else "",
        "product_models": unit.product_model,
        "renamed": "yes" if unit.renamed_to else "",
    }
    return {key: value for key, value in found.items() if value}


def _figures(table: DynamicTable, years: list[int], stored: dict[int, Any], book: Rulebook) -> dict[str, str]:
    found = {}
    for key, item in indicators(table.category, book=book).items():
        for suffix, year in zip(SUFFIXES[1:], years, strict=True):
            figure = stored.get(year, {}).get(key)
            if figure is not None and item.kind in {"total", "share", "score"}:
                found[f"{key}_{suffix}"] = canonical_decimal(figure.value)
    return found


def _copied(sheet: Sheet, before: Answers) -> dict[str, Any]:
    return {f.key: before[f.key] for f in sheet.fields() if f.copy and not f.formula and before.get(f.key)}


def _earlier(units: Sequence[int], period: TablePeriod) -> dict[int, Answers]:
    """Return unit → the answers of its last yearly filing before this period. One query."""
    rows = (
        TableReceipt.objects.filter(
            table__unit_id__in=units, table__period__periodic=False, table__period__data_year__lt=period.data_year
        )
        .select_related("table", "filing_version")
        .order_by("table__unit_id", "-table__period__data_year", "-pk")
        .distinct("table__unit_id")
    )
    return {row.table.unit_id: row.filing_version.answers for row in rows}
