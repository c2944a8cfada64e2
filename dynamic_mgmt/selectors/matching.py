"""The queue of doubtful matches, and units found by the names that a published document prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from dynamic_mgmt.models import ListedUnit, MatchDoubt, UnitName
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.selectors.lists import SEE_ALL
from greenportal.accounts.actors import Actor


def doubts_visible_to(actor: Actor) -> QuerySet[MatchDoubt]:
    """Return the questions about matches: the city's business alone."""
    rows = MatchDoubt.objects.select_related("unit", "answer_unit", "answer_organisation", "decided_by")
    return rows if actor.role in SEE_ALL else rows.none()


def by_names(names: Iterable[str], *, category: str, level: str) -> dict[str, list[ListedUnit]]:
    """Return name → the units still on the list that bear it, today or formerly. Two queries for any number."""
    keys = {name: name_key(name) for name in names}
    wanted = set(keys.values())
    former = dict(UnitName.objects.filter(old_key__in=wanted).values_list("unit_id", "old_key"))
    rows = ListedUnit.objects.filter(category=category, level=level, removed_on=None).filter(
        Q(name_key__in=wanted) | Q(renamed_key__in=wanted) | Q(pk__in=former)
    )
    found: dict[str, list[ListedUnit]] = defaultdict(list)
    for unit in rows.order_by("pk"):
        for key in {unit.name_key, unit.renamed_key, former.get(unit.pk, "")} & wanted:
            found[key].append(unit)
    return {name: found.get(key, []) for name, key in keys.items()}
