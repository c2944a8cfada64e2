"""Renames and major changes: who sees them, whose name they change, what waits for a re-check."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from dynamic_mgmt.models import ListedUnit, UnitChange, UnitName
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.states import ChangeState
from greenportal.accounts.actors import Actor


def visible_to(actor: Actor) -> QuerySet[UnitChange]:
    """Return the changes of the units that the actor may see."""
    rows = UnitChange.objects.select_related("unit", "document", "proposed_by", "decided_by", "recheck_by")
    if actor.is_city or actor.is_system:
        return rows
    return rows.filter(Exists(units_visible_to(actor).filter(pk=OuterRef("unit_id"))))


def bearers(unit: ListedUnit) -> QuerySet[ListedUnit]:
    """Return the memberships that a rename of `unit` renames: those of the same legal person under the same name.

    The legal person is known by the confirmed link, else by code; without both only the row itself is sure.
    A park or a second works of the legal person bears another name and keeps it.
    """
    key = unit.renamed_key or unit.name_key
    same = Q(pk=unit.pk)
    if unit.organisation_id is not None:
        same |= Q(organisation_id=unit.organisation_id)
    elif unit.uscc:
        same |= Q(uscc=unit.uscc, organisation=None)
    named = Q(renamed_key=key) | Q(renamed_key="", name_key=key)
    return ListedUnit.objects.filter(same & named)


def history_of(unit_id: int) -> QuerySet[UnitName]:
    """Return the steps of a unit's name with their proof, oldest first."""
    return UnitName.objects.filter(unit_id=unit_id).select_related("change", "change__document")


def open_rechecks(unit_ids: Iterable[int]) -> dict[int, tuple[UnitChange, ...]]:
    """Return for each unit the confirmed changes that wait for a re-check (通知 三). One query."""
    found: dict[int, list[UnitChange]] = {pk: [] for pk in unit_ids}
    for change in UnitChange.objects.filter(unit_id__in=found, state=ChangeState.RECHECK).order_by("id"):
        found[change.unit_id].append(change)
    return {pk: tuple(rows) for pk, rows in found.items()}
