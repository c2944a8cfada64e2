"""What a unit should look at again before it files its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamic_mgmt.judgement import TableFacts, own_hints
from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.selectors.catalogue import indicators, newest_book
from dynamic_mgmt.selectors.figures import current
from dynamic_mgmt.table_states import EDITABLE
from greenportal.rounds.selectors import rulebook_at


def own_facts(table: DynamicTable, answers: Mapping[str, Any]) -> TableFacts:
    """Return what is judged of a table's own numbers: answers with formulas computed, limits, the year before."""
    book, _ = rulebook_at(table.period.round_id)
    limits = book.dynamic_limits or newest_book().dynamic_limits
    year = table.period.data_year - 1
    before = current([table.unit_id], years=[year]).get(table.unit_id, {}).get(year, {})
    return TableFacts(
        answers=answers,
        indicators=indicators(table.category, book=book),
        limits={key: item.value for key, item in limits.items()},
        recorded={key: figure.value for key, figure in before.items()},
    )


def hints_of(table: DynamicTable, answers: Mapping[str, Any]) -> list[str]:
    """Return sentences about the table's own numbers; none once it is filed. Constant queries.

    Peers, incidents and what officers found are not among them.
    """
    return own_hints(own_facts(table, answers)) if table.state in EDITABLE else []
