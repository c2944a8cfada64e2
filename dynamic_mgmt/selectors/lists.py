"""The register as a list with filters that stand in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from dynamic_mgmt.constants import HOME_CITY, HOME_PROVINCE, NOT_FINAL
from dynamic_mgmt.models import ListedUnit, RemovalProposal, UnitName
from dynamic_mgmt.naming import name_key
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Subject

SEE_ALL = frozenset({Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM})


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader asked for; empty values do not filter. state: active | removed; managed: none (`unplaced`).

    year is that of the list, published that of publication: they differ from national batch 6 on.
    """

    q: str = ""
    category: str = ""
    level: str = ""
    batch: str = ""
    year: int | None = None
    published: int | None = None
    state: str = ""
    province: str = ""
    managed: str = ""


def visible_to(actor: Actor) -> QuerySet[ListedUnit]:
    """Return the rows that the actor may see.

    City: all. District: units linked to its subjects or put under it. Applicant: those linked to it.
    The public register of later issues has its own selector.
    """
    rows = ListedUnit.objects.select_related("organisation", "authority")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(
            Q(authority_id=actor.authority_id)
            | Exists(Subject.objects.filter(organisation=OuterRef("organisation"), authority_id=actor.authority_id))
        )
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(organisation_id=actor.organisation_id)
    return rows.none()


def filtered(rows: QuerySet[ListedUnit], filters: Filters) -> QuerySet[ListedUnit]:
    """Return `rows` narrowed by `filters`; `q` looks in the old and the new name, the code and the product model."""
    if filters.q:
        key = name_key(filters.q)
        rows = rows.filter(
            Q(name_key__contains=key)
            | Q(renamed_key__contains=key)
            | Exists(UnitName.objects.filter(unit=OuterRef("pk"), old_key__contains=key))
            | Q(uscc__istartswith=filters.q.strip())
            | Q(product_model__icontains=filters.q.strip())
        )
    exact = {"category": filters.category, "level": filters.level, "batch": filters.batch}
    rows = rows.filter(**{key: value for key, value in exact.items() if value})
    if filters.province:
        rows = rows.filter(province=filters.province)
    if filters.year is not None:
        rows = rows.filter(list_year=filters.year)
    if filters.published is not None:
        known = Q(listed_on__year=filters.published)
        rows = rows.filter(known | Q(listed_on=None, published_year=filters.published))
    if filters.state in {"active", "removed"}:
        rows = rows.filter(removed_on__isnull=filters.state == "active")
    return unplaced(rows) if filters.managed == "none" else rows


def unplaced(rows: QuerySet[ListedUnit]) -> QuerySet[ListedUnit]:
    """Return the units on the lists that may be ours and stand under no district yet: no table falls due for them.

    A national list tells the province alone; whether such a unit is of this city an officer says.
    """
    here = Q(city=HOME_CITY) | Q(province=HOME_PROVINCE, city="")
    return rows.filter(here, authority=None, removed_on=None)


def removal_proposals_visible_to(actor: Actor) -> QuerySet[RemovalProposal]:
    """Return removals written down: the city's business alone."""
    rows = RemovalProposal.objects.select_related("unit", "proposed_by", "decided_by")
    return rows if actor.role in SEE_ALL else rows.none()


def totals(*, level: str, as_of: date | None = None) -> dict[str, int]:
    """Return category → how many units stand on the lists of a level, today or at the end of a day. One query.

    A rename changes nothing, a removal lowers it; rows known from 公示 stage alone are no list yet. A unit
    without a publication day counts from its publication year, else its list year.
    """
    rows = ListedUnit.objects.filter(level=level).exclude(unmatched_reason=NOT_FINAL)
    if as_of is None:
        rows = rows.filter(removed_on=None)
    else:
        year = Coalesce("published_year", "list_year")
        rows = rows.alias(year=year).filter(
            Q(listed_on__lte=as_of) | Q(listed_on=None) & (Q(year=None) | Q(year__lte=as_of.year)),
            Q(removed_on=None) | Q(removed_on__gt=as_of),
        )
    counted = rows.order_by().values_list("category").annotate(Count("pk"))
    return dict.fromkeys(ListedUnit.Category.values, 0) | dict(counted)
