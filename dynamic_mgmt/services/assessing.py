"""The rules run over a filed table; what they found is kept on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from dynamic_mgmt.judgement import Peer, TableFacts, findings_of
from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.selectors.evidence import standing
from dynamic_mgmt.selectors.figures import peers
from dynamic_mgmt.selectors.hints import own_facts
from dynamic_mgmt.selectors.incidents import IncidentFact, of_units
from dynamic_mgmt.selectors.tables import last_result
from dynamic_mgmt.table_states import JUDGED
from greenportal import clock
from greenportal.rounds.bookdynamic import DynamicIndicator
from greenportal.rounds.selectors import rulebook_at


def facts_of(
    table: DynamicTable, answers: Mapping[str, Any], *, late_reason: str = "", refused_reason: str = ""
) -> TableFacts:
    """Return all that is judged about one table as known now. Eleven queries."""
    own, told = own_facts(table, answers), heard(table)
    return replace(
        own,
        peers=_peers(table, answers, own.indicators),
        incidents=tuple(_sentence(fact) for fact in told),
        grave_incidents=frozenset(_sentence(fact) for fact in told if is_grave(fact)),
        visit_result=last_result(table),
        late_reason=late_reason,
        refused_reason=refused_reason,
        evidence=frozenset(standing(table.pk).values_list("group", flat=True)),
    )


def heard(table: DynamicTable) -> list[IncidentFact]:
    """Return the incidents of the rulebook's 近三年 that stand now against the unit.

    What happened before even the widest reading of 近三年 speaks no more; incidents after the window's end are of this year.
    """
    book, _ = rulebook_at(table.period.round_id)
    window = book.windows.get("three_years")
    since = (window.doubtful_from or window.start) if window else date.min
    return [
        fact
        for fact in of_units([table.unit_id], as_of=clock.now()).get(table.unit_id, ())
        if fact.happened_on >= since
    ]


def _sentence(fact: IncidentFact) -> str:
    verified = "市局已核实" if fact.verified else "市局尚未核实"
    return f"{fact.happened_on}发生{fact.kind_words}（{fact.severity_words}，{fact.source_words}，{verified}）。"


#: Accidents for which units leave every list where they are 重大 or worse (domain notes §2.4); a proposal, never more.
_ACCIDENTS = frozenset({"safety", "data", "quality", "environment"})


def is_grave(fact: IncidentFact) -> bool:
    """Return whether an incident is a verified accident graded 重大 or 特别重大."""
    return fact.verified and fact.kind in _ACCIDENTS and fact.severity in {"major", "extreme"}


def _peers(table: DynamicTable, answers: Mapping[str, Any], known: Mapping[str, DynamicIndicator]) -> dict[str, Peer]:
    """Return the peers in the city, in the unit of measure that this table uses: factories of the same class of industry,
    else all of the category.
    """
    unit = table.unit
    if table.category == "factory" and not unit.industry_code:
        return {}
    found = peers(
        category=table.category,
        industry_code=unit.industry_code if table.category == "factory" else "",
        level=unit.level,
        as_of=clock.now(),
        indicators=[key for key, item in known.items() if item.is_key],
        without=[unit.pk],
    )
    product = str(answers.get("product_unit") or "产品单位")
    result = {}
    for key, groups in found.items():
        measure = known[key].unit.replace("产品单位", product)
        group = next((g for g in groups if g.unit_of_measure == measure), None)
        if group is not None:
            result[key] = Peer(measure, group.median, group.count)
    return result


def first_late_reason(table: DynamicTable) -> str:
    """Return why a table was filed late at first, "" where it was filed in time. One query where it was late."""
    if not table.late:
        return ""
    return table.receipts.filter(late=True).order_by("pk").values_list("reason", flat=True).first() or ""


def assess(table: DynamicTable, answers: Mapping[str, Any], *, late_reason: str = "", refused_reason: str = "") -> None:
    """Run the rules over a locked table and keep what they found."""
    facts = facts_of(table, answers, late_reason=late_reason, refused_reason=refused_reason)
    table.findings = [finding.as_json() for finding in findings_of(facts)]
    table.save(update_fields=["findings"])


def reassess(table: DynamicTable) -> None:
    """Run the rules again over a locked table that was filed or refused: the answers as received, all else as of now."""
    moves = table.changes.filter(action__in=("file", "file_late", "file_again", "refuse")).order_by("-pk")
    last = moves.values_list("action", "reason").first()
    if last is not None and last[0] == "refuse":
        assess(table, {}, refused_reason=last[1])
        return
    receipt = table.receipts.select_related("filing_version").order_by("-pk").first()
    if receipt is not None:
        assess(table, receipt.filing_version.answers, late_reason=first_late_reason(table))


def reassess_tables(*, organisation_id: int | None, unit_id: int | None) -> int:
    """Run the rules again over every judged and undecided table of a legal person or a unit; returns how many.

    One transaction a table, so that no officer waits for more than one. Idempotent.
    """
    mine = Q(pk__in=[])
    if organisation_id is not None:
        mine |= Q(unit__organisation_id=organisation_id)
    if unit_id is not None:
        mine |= Q(unit_id=unit_id)
    made = 0
    for pk in DynamicTable.objects.filter(mine, state__in=JUDGED).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            table = DynamicTable.objects.select_for_update(no_key=True).filter(pk=pk, state__in=JUDGED).first()
            if table is not None:
                reassess(table)
                made += 1
    return made
