"""Figures of listed units: the current ones, and those of peers for comparison (通知 一、（一）: 与已有绿色工厂对标)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from django.db.models import Q, QuerySet

from dynamic_mgmt.constants import HOME_CITY
from dynamic_mgmt.models import ListedUnit, UnitFigure
from dynamic_mgmt.models.figures import YEARLY
from dynamic_mgmt.selectors.catalogue import limit
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from greenportal import clock
from greenportal.accounts.actors import Actor


@dataclass(frozen=True, slots=True)
class PeerValue:
    """The newest value of one listed unit. Names of other units are for officers only."""

    unit_id: int
    name: str
    data_year: int
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """Values of one indicator in one unit of measure, smallest first; never mixed with another unit."""

    indicator: str
    unit_of_measure: str
    values: tuple[PeerValue, ...]

    @property
    def count(self) -> int:
        """Return how many listed units stand behind the figures."""
        return len(self.values)

    @property
    def median(self) -> Decimal:
        """Return the middle value."""
        return median(row.value for row in self.values)

    @property
    def average(self) -> Decimal:
        """Return the mean, each unit counted once."""
        return sum((row.value for row in self.values), Decimal(0)) / len(self.values)

    def best(self, direction: str) -> PeerValue:
        """Return the best value: the lowest where lower is better, else the highest."""
        return self.values[0] if direction == "lower_is_better" else self.values[-1]

    def rank_of(self, value: Decimal, direction: str) -> int:
        """Return the place that `value` would take among them, 1 for better than all."""
        lower = direction == "lower_is_better"
        return 1 + sum((row.value < value) if lower else (row.value > value) for row in self.values)

    @property
    def publishable(self) -> bool:
        """True when there are enough units that no single one can be read from the statistics (peers_least)."""
        return self.count >= limit("peers_least")


def visible_to(actor: Actor) -> QuerySet[UnitFigure]:
    """Return figures of the units that the actor may see, current and superseded."""
    return UnitFigure.objects.filter(unit__in=units_visible_to(actor).order_by().values("pk"))


def history(actor: Actor, *, unit_id: int, indicator: str, data_year: int) -> list[UnitFigure]:
    """Return every value recorded for one unit, indicator and year, newest first. One query."""
    rows = visible_to(actor).filter(unit_id=unit_id, indicator=indicator, data_year=data_year)
    return list(rows.select_related("recorded_by").order_by("-recorded_at", "-pk"))


def current(unit_ids: Iterable[int], *, years: Collection[int], period: str = YEARLY) -> dict[int, dict[int, Figures]]:
    """Return unit → year → indicator → current figure: one query for any number of units."""
    found: dict[int, dict[int, Figures]] = {}
    rows = UnitFigure.objects.filter(
        unit_id__in=list(unit_ids), data_year__in=list(years), period=period, superseded_at=None
    )
    for row in rows:
        found.setdefault(row.unit_id, {}).setdefault(row.data_year, {})[row.indicator] = row
    return found


Figures = dict[str, UnitFigure]


def peers(
    *,
    category: str,
    industry_code: str = "",
    authority_id: int | None = None,
    city: str = HOME_CITY,
    level: str = "",
    as_of: date | datetime,
    indicators: Collection[str],
    without: Collection[int] = (),
) -> Mapping[str, tuple[PeerFigures, ...]]:
    """Return indicator → figures of the listed units of the place, as known on a day. One query.

    category, level ("" for any): of the list; industry_code: GB/T 4754, four digits for the class, two for the
    division, "" for any; authority_id: that district only, else `city` ("" for everywhere); without: units to
    leave out. A unit counts once per indicator, unit of measure: its newest year known by `as_of`. Units removed by then
    or not yet listed do not count. Several units of measure give several groups, the largest first.
    """
    units = _listed(category, {industry_code} if industry_code else (), level, as_of)
    if authority_id is not None:
        units = units.filter(authority_id=authority_id)
    elif city:
        units = units.filter(city=city)
    rows = _newest(units.exclude(pk__in=list(without)), as_of, indicators)
    return _grouped(rows, indicators)


def _grouped(rows: Iterable[UnitFigure], indicators: Collection[str]) -> dict[str, tuple[PeerFigures, ...]]:
    groups: dict[tuple[str, str], list[PeerValue]] = {}
    for row in rows:
        value = PeerValue(row.unit_id, row.unit.current_name, row.data_year, row.value, row.source)
        groups.setdefault((row.indicator, row.unit_of_measure), []).append(value)
    found: dict[str, tuple[PeerFigures, ...]] = {}
    for indicator in indicators:
        mine = [
            PeerFigures(indicator, unit, tuple(sorted(values, key=lambda v: (v.value, v.unit_id))))
            for (name, unit), values in groups.items()
            if name == indicator
        ]
        found[indicator] = tuple(sorted(mine, key=lambda group: (-group.count, group.unit_of_measure)))
    return found


@dataclass(frozen=True, slots=True)
class PeerUnit:
    """A listed unit as a possible peer. `body`: one for all listings of a legal person."""

    unit_id: int
    organisation_id: int | None
    authority_id: int | None
    city: str
    industry_code: str

    @property
    def body(self) -> str:
        """What counts once: the legal person where it is known, else the listing."""
        return f"o{self.organisation_id}" if self.organisation_id else f"u{self.unit_id}"


@dataclass(frozen=True, slots=True)
class PeerRow(PeerUnit):
    """The newest figure of a possible peer in one unit of measure."""

    name: str
    indicator: str
    unit_of_measure: str
    data_year: int
    value: Decimal
    source: str


def peer_units(
    *, category: str, industries: Collection[str], level: str = "", as_of: date | datetime
) -> tuple[PeerUnit, ...]:
    """Return the units listed on a day whose industry begins with one of `industries`, wherever they are. One query."""
    return tuple(PeerUnit(*_place(unit)) for unit in _listed(category, industries, level, as_of).order_by("pk"))


def peer_rows(
    *, category: str, industries: Collection[str], level: str = "", as_of: date | datetime, indicators: Collection[str]
) -> tuple[PeerRow, ...]:
    """Return the figures of those units, the newest year per unit, indicator and unit of measure. One query.

    For comparing many nominees at once: area and the nominee itself are sorted out by the caller.
    """
    rows = _newest(_listed(category, industries, level, as_of), as_of, indicators)
    return tuple(
        PeerRow(*_place(r.unit), r.unit.current_name, r.indicator, r.unit_of_measure, r.data_year, r.value, r.source)
        for r in rows
    )


def _place(unit: ListedUnit) -> tuple[int, int | None, int | None, str, str]:
    return (unit.pk, unit.organisation_id, unit.authority_id, unit.city, unit.industry_code)


def _listed(category: str, industries: Collection[str], level: str, as_of: date | datetime) -> QuerySet[ListedUnit]:
    """Units of a category on their list on a day: listed by then, not removed by then."""
    day = clock.local(as_of).date() if isinstance(as_of, datetime) else as_of
    units = ListedUnit.objects.filter(category=category).filter(
        Q(removed_on=None) | Q(removed_on__gt=day),
        Q(listed_on__lte=day) | Q(listed_on=None) & (Q(list_year=None) | Q(list_year__lte=day.year)),
    )
    if industries:
        starts = Q(pk__in=[])
        for code in sorted(industries):
            starts |= Q(industry_code__startswith=code)
        units = units.filter(starts)
    return units.filter(level=level) if level else units


def _newest(units: QuerySet[ListedUnit], as_of: date | datetime, indicators: Collection[str]) -> QuerySet[UnitFigure]:
    """The newest yearly figure of each unit, indicator and unit of measure, as it was known at the day's end."""
    day = clock.local(as_of).date() if isinstance(as_of, datetime) else as_of
    known = clock.end_of(day)
    return (
        UnitFigure.objects.filter(
            Q(superseded_at=None) | Q(superseded_at__gte=known),
            unit__in=units.order_by().values("pk"),
            indicator__in=list(indicators),
            period=YEARLY,
            recorded_at__lt=known,
        )
        .order_by("unit_id", "indicator", "unit_of_measure", "-data_year", "-pk")
        .distinct("unit_id", "indicator", "unit_of_measure")
        .select_related("unit")
    )
