"""What the register says of an organisation as of a day: for eligibility (通知 一) and for pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.db.models import Q

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.naming import name_key
from greenportal import clock
from greenportal.directory.models import Organisation

MatchedBy = Literal["organisation", "uscc", "name"]


@dataclass(frozen=True, slots=True)
class ListedFact:
    """One membership of a list that existed on the day asked about.

    matched_by says how the row was found: by the person-confirmed link, by code, or by the exact
    normalised name. `removed_on` is None while the unit was still listed that day. Dates that the
    source does not give are None.
    """

    listed_unit_id: int
    organisation_id: int
    category: str
    level: str
    batch: str
    list_year: int | None
    listed_on: date | None
    name_as_listed: str
    product_model: str
    removed_on: date | None
    removal_reason: str
    removal_document: str
    matched_by: MatchedBy
    source: str

    @property
    def active(self) -> bool:
        """Return whether the unit was on the list on the day asked about."""
        return self.removed_on is None


def register_facts(organisation_ids: Iterable[int], *, as_of: date | datetime) -> dict[int, tuple[ListedFact, ...]]:
    """Return for each organisation its listings as of a day, oldest first: two queries for any number.

    A row counts when it was published by that day; one without a publication date counts unless
    its list year lies after that day's. Name matching is exact on the normalised name, as listed
    or of today, and only on rows that are `matchable` (neither 公示 stage nor short names). Every id asked gets an entry.
    """
    day = clock.local(as_of).date() if isinstance(as_of, datetime) else as_of
    asked = {
        pk: (uscc, name_key(name))
        for pk, uscc, name in Organisation.objects.filter(pk__in=set(organisation_ids)).values_list(
            "id", "uscc", "name"
        )
    }
    by_code: dict[str, int] = {uscc: pk for pk, (uscc, _) in asked.items()}
    by_name: dict[str, list[int]] = {}
    for pk, (_, key) in asked.items():
        by_name.setdefault(key, []).append(pk)
    rows = ListedUnit.objects.filter(
        Q(organisation_id__in=asked)
        | Q(uscc__in=by_code)
        | Q(name_key__in=by_name, matchable=True)
        | Q(renamed_key__in=by_name, matchable=True)
    ).filter(Q(listed_on__lte=day) | Q(listed_on=None) & (Q(list_year=None) | Q(list_year__lte=day.year)))
    found: dict[int, list[ListedFact]] = {pk: [] for pk in asked}
    for row in rows.order_by("listed_on", "list_year", "id"):
        for pk, how in _matches(row, set(asked), by_code, by_name):
            found[pk].append(_fact(row, pk, how, day))
    return {pk: tuple(facts) for pk, facts in found.items()}


def _matches(
    row: ListedUnit, asked: set[int], by_code: dict[str, int], by_name: dict[str, list[int]]
) -> list[tuple[int, MatchedBy]]:
    """Return whom a row belongs to. A link beats a code, a code beats a name: each settles the matter."""
    if row.organisation_id is not None:
        return [(row.organisation_id, "organisation")] if row.organisation_id in asked else []
    if row.uscc:
        return [(by_code[row.uscc], "uscc")] if row.uscc in by_code else []
    if not row.matchable:
        return []
    named = {pk for key in (row.name_key, row.renamed_key) if key for pk in by_name.get(key, [])}
    return [(pk, "name") for pk in sorted(named)]


def _fact(row: ListedUnit, organisation_id: int, how: MatchedBy, day: date) -> ListedFact:
    removed = row.removed_on is not None and row.removed_on <= day
    return ListedFact(
        listed_unit_id=row.pk,
        organisation_id=organisation_id,
        category=row.category,
        level=row.level,
        batch=row.batch,
        list_year=row.list_year,
        listed_on=row.listed_on,
        name_as_listed=row.name_as_listed,
        product_model=row.product_model,
        removed_on=row.removed_on if removed else None,
        removal_reason=row.removal_reason if removed else "",
        removal_document=row.removal_document if removed else "",
        matched_by=how,
        source=row.source,
    )
