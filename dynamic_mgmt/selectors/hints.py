"""What a unit should look at again before it files its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamic_mgmt.judgement import TableFacts, own_hints
from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.selectors.catalogue import indicators, newest_book, sheet_for
from dynamic_mgmt.selectors.figures import current
from dynamic_mgmt.table_states import EDITABLE
from greenportal.rounds.bookdynamic import DynamicIndicator
from greenportal.rounds.selectors import rulebook_at


def own_facts(table: DynamicTable, answers: Mapping[str, Any]) -> TableFacts:
    """Return what is judged of a table's own numbers: answers with formulas computed, limits, the year before.

    Of a period of 定期报送: the indicators of its sheet, beside last year's ratios; part of a year's total is no jump.
    """
    book, _ = rulebook_at(table.period.round_id)
    known = indicators(table.category, book=book)
    if table.period.periodic:
        asked = {f.key for f in sheet_for(book, table.category, periodic=True).fields()}
        known = {key: item for key, item in known.items() if f"{key}_y0" in asked}
    limits = book.dynamic_limits or newest_book().dynamic_limits
    year = table.period.data_year - 1
    before = current([table.unit_id], years=[year]).get(table.unit_id, {}).get(year, {})
    return TableFacts(
        answers=answers,
        indicators=known,
        limits={key: item.value for key, item in limits.items()},
        recorded={key: figure.value for key, figure in before.items() if _comparable(table, known, key)},
        asks_evidence=not table.period.periodic,
    )


def _comparable(table: DynamicTable, known: Mapping[str, DynamicIndicator], key: str) -> bool:
    return key in known and not (table.period.periodic and known[key].kind == "total")


def hints_of(table: DynamicTable, answers: Mapping[str, Any]) -> list[str]:
    """Return sentences about the table's own numbers; none once it is filed. Constant queries.

    Peers, incidents and what officers found are not among them.
    """
    return own_hints(own_facts(table, answers)) if table.state in EDITABLE else []
