"""Energy, carbon, water, waste over the years: of a unit, a district, an industry, the city. Drawn on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Count, F, Max, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from dynamic_mgmt.models import ListedUnit, UnitFigure
from dynamic_mgmt.models.figures import YEARLY
from dynamic_mgmt.selectors.catalogue import indicators
from dynamic_mgmt.selectors.lists import visible_to
from dynamic_mgmt.selectors.table_detail import change_text, measure_of
from greenportal.accounts.actors import Actor
from greenportal.rounds.bookcodec import canonical_decimal
from greenportal.sheets.numerals import rounded

SHOWN = ("energy_total", "carbon_total", "water_total", "solid_waste_total", "output_value")
OF_UNIT = (
    *SHOWN,
    "energy_per_value",
    "energy_per_product",
    "carbon_per_product",
    "solid_waste_rate",
    "energy_productivity",
)
#: Whose totals stand where nothing else is chosen: a park's include the factories in it, a chain's the leading firm's.
USUAL = ListedUnit.Category.FACTORY.value
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 220, 90, 20, 24, 34


@dataclass(frozen=True, slots=True)
class Point:
    """One year of a series: place in the drawing, text of its value, how many units stand behind it."""

    year: int
    x: str
    y: str
    text: str
    count: int
    change: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid: its height and the value it stands for."""

    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line drawing and its table: the page and the PDF show the same."""

    key: str
    label: str
    unit: str
    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]

    @property
    def measure(self) -> tuple[str, ...]:
        """Return the unit in parts, to be joined by CO₂ with a true subscript: the fonts have no such character."""
        return measure_of(self.unit)

    @property
    def line(self) -> str:
        """Return the points of the polyline."""
        return " ".join(f"{p.x},{p.y}" for p in self.points)


def counted(units: QuerySet[ListedUnit], wanted: Sequence[str]) -> QuerySet[UnitFigure]:
    """Return the current yearly figures of `units` that a total may add: one a bearer, category, indicator and year.

    A firm that stands on several lists files the same figures several times: the newest counts. The bearer is the legal
    person (code of the linked organisation, else the unit's own), without a code the current name; a park is known by its
    name, since one committee runs several.
    """
    name = Coalesce(NullIf("unit__renamed_key", Value("")), F("unit__name_key"))
    code = Coalesce(NullIf("unit__organisation__uscc", Value("")), NullIf("unit__uscc", Value("")), name)
    rows = UnitFigure.objects.filter(
        unit__in=units.select_related(None).order_by().values("pk"),
        indicator__in=wanted,
        period=YEARLY,
        superseded_at=None,
    ).order_by()
    newest = (
        rows.annotate(bearer=Case(When(unit__category="park", then=name), default=code))
        .values("bearer", "unit__category", "indicator", "unit_of_measure", "data_year")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    return UnitFigure.objects.filter(pk__in=newest).order_by()


def group_charts(
    actor: Actor, *, authority_id: int | None = None, industry: str = "", category: str = USUAL
) -> list[Chart]:
    """Return the totals of one category of the units that the actor sees, by year: officers' pages. One query.

    industry: GB/T 4754 digits from the left. A total says how many units it is of: they change from year to year.
    Categories are never added up: a park's figures hold those of its factories.
    """
    units = visible_to(actor).filter(category=category or USUAL)
    if authority_id is not None:
        units = units.filter(authority_id=authority_id)
    if industry:
        units = units.filter(industry_code__startswith=industry)
    rows = (
        counted(units, SHOWN)
        .values("indicator", "unit_of_measure", "data_year")
        .annotate(total=Sum("value"), units=Count("unit", distinct=True))
    )
    series: dict[tuple[str, str], dict[int, tuple[Decimal, int]]] = {}
    for row in rows:
        key = (row["indicator"], row["unit_of_measure"])
        series.setdefault(key, {})[row["data_year"]] = (row["total"], row["units"])
    return _charts(series, SHOWN)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One district or industry in a year: texts of `GROUPED` with the change against the year before."""

    name: str
    units: int
    cells: tuple[tuple[str, str], ...]


#: What the tables of districts and industries show: energy, carbon, water, waste.
GROUPED = SHOWN[:4]
_NAMES = {"district": "unit__authority__name", "industry": "unit__industry_code", "category": "unit__category"}


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group's values by year (empty: no data), and its drawing: points of the line and the place of the last one."""

    name: str
    texts: tuple[str, ...]
    line: str
    last: tuple[str, str]


@dataclass(frozen=True, slots=True)
class GroupTrend:
    """One indicator of all districts or industries: years, and per group its values and a small drawing of them.

    rows: each drawing has its own scale from nought; years in which no group has a value are left out.
    """

    label: str
    measure: tuple[str, ...]
    years: tuple[int, ...]
    rows: tuple[GroupLine, ...]


#: How many years the tables of groups show, and the size of the small drawing beside them.
SPAN, SPARK_WIDTH, SPARK_HEIGHT = 5, 96, 24


def group_trends(actor: Actor, *, by: str, until: int) -> list[GroupTrend]:
    """Return the totals of the factories of the years up to `until` by district or by division of industry. One query.

    by: "district" | "industry". Only figures in the indicator's own unit of measure are added up.
    """
    sums, _ = _group_sums(actor, by, range(until - SPAN + 1, until + 1))
    order = sorted(sums, key=lambda group: (-sums[group].get(("energy_total", until), Decimal(0)), group))
    known, found = indicators(), []
    for key in GROUPED:
        years = tuple(sorted({year for cells in sums.values() for name, year in cells if name == key}))
        lines = [_line(group, [sums[group].get((key, year)) for year in years]) for group in order]
        kept = tuple(line for line in lines if line.line)
        if kept:
            found.append(GroupTrend(known[key].label, measure_of(known[key].unit), years, kept))
    return found


def _line(group: str, values: Sequence[Decimal | None]) -> GroupLine:
    """Return a group's values and their small drawing; a year without a value leaves a gap in x."""
    top = scale_top(max((abs(value) for value in values if value is not None), default=Decimal(0)))
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    points = [
        (f"{index * step:.1f}", f"{SPARK_HEIGHT - 2 - float(max(value, Decimal(0)) / top) * (SPARK_HEIGHT - 4):.1f}")
        for index, value in enumerate(values)
        if value is not None
    ]
    texts = tuple("" if value is None else grouped(value) for value in values)
    return GroupLine(group or "未确定", texts, " ".join(map(",".join, points)), points[-1] if points else ("", ""))


def group_rows(actor: Actor, *, by: str, year: int) -> list[GroupRow]:
    """Return the totals of a year by group, the largest use of energy first. One query.

    by: "district" | "industry" (division, two digits), of the factories; "category", each by itself. Only figures in the indicator's own unit of measure are added up.
    """
    sums, units = _group_sums(actor, by, (year - 1, year))
    order = sorted(sums, key=lambda group: (-sums[group].get(("energy_total", year), Decimal(0)), group))
    return [
        GroupRow(
            group or "未确定",
            max((units.get((group, indicator, year), 0) for indicator in GROUPED), default=0),
            tuple(_cell(sums[group], indicator, year) for indicator in GROUPED),
        )
        for group in order
    ]


def _group_sums(
    actor: Actor, by: str, years: Sequence[int]
) -> tuple[dict[str, dict[tuple[str, int], Decimal]], dict[tuple[str, str, int], int]]:
    """Return group → (indicator, year) → total, and (group, indicator, year) → units: of factories, if not by category. One query."""
    known = indicators()
    units_seen = visible_to(actor) if by == "category" else visible_to(actor).filter(category=USUAL)
    rows = (
        counted(units_seen, GROUPED)
        .filter(data_year__in=years)
        .values_list(_NAMES[by], "indicator", "unit_of_measure", "data_year")
        .annotate(total=Sum("value"), units=Count("unit", distinct=True))
    )
    sums: dict[str, dict[tuple[str, int], Decimal]] = {}
    units: dict[tuple[str, str, int], int] = {}
    for name, indicator, measure, data_year, total, number in rows:
        if measure != known[indicator].unit:
            continue
        group = (name or "")[:2] if by == "industry" else name or ""
        cells = sums.setdefault(group, {})
        cells[(indicator, data_year)] = cells.get((indicator, data_year), Decimal(0)) + total
        units[(group, indicator, data_year)] = units.get((group, indicator, data_year), 0) + number
    return sums, units


def _cell(cells: Mapping[tuple[str, int], Decimal], indicator: str, year: int) -> tuple[str, str]:
    now, before = cells.get((indicator, year)), cells.get((indicator, year - 1))
    if now is None:
        return "", ""
    change = change_text(canonical_decimal(now), canonical_decimal(before)) if before is not None else ""
    return grouped(now), change


def unit_charts(unit_id: int) -> list[Chart]:
    """Return one unit's figures by year. The caller has checked who sees the unit. One query."""
    rows = UnitFigure.objects.filter(unit_id=unit_id, indicator__in=OF_UNIT, period=YEARLY, superseded_at=None)
    series: dict[tuple[str, str], dict[int, tuple[Decimal, int]]] = {}
    for row in rows:
        series.setdefault((row.indicator, row.unit_of_measure), {})[row.data_year] = (row.value, 1)
    return _charts(series, OF_UNIT)


def _charts(series: Mapping[tuple[str, str], Mapping[int, tuple[Decimal, int]]], order: Sequence[str]) -> list[Chart]:
    known = indicators()
    found = []
    for key in order:
        for (name, unit), values in sorted(series.items()):
            if name == key:
                found.append(chart(key, known[key].label, unit, values))
    return found


def chart(key: str, label: str, unit: str, values: Mapping[int, tuple[Decimal, int]]) -> Chart:
    """Return the drawing of year → (value, units). The scale begins at nought; years without a value leave a gap in x."""
    years = sorted(values)
    top = scale_top(max((abs(value) for value, _ in values.values()), default=Decimal(0)))
    span = max(years[-1] - years[0], 1) if years else 1

    def height(value: Decimal) -> str:
        part = max(value, Decimal(0)) / top
        return f"{float(HEIGHT - BOTTOM) - float(part) * (HEIGHT - TOP - BOTTOM):.1f}"

    points = []
    for year in years:
        value, count = values[year]
        before = values.get(year - 1)
        change = change_text(canonical_decimal(value), canonical_decimal(before[0])) if before else ""
        x = LEFT + (WIDTH - LEFT - RIGHT) * (year - years[0]) / span if len(years) > 1 else (LEFT + WIDTH - RIGHT) / 2
        points.append(Point(year, f"{x:.1f}", height(value), grouped(value), count, change))
    ticks = tuple(Tick(height(top * part / 4), grouped(top * part / 4)) for part in range(5))
    return Chart(key, label, unit, tuple(points), ticks)


def scale_top(largest: Decimal) -> Decimal:
    """Return the end of the scale: 1, 2, 4, 5 or 10 times a power of ten, not below `largest`."""
    if largest <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(largest.adjusted())
    return next(power * step for step in (1, 2, 4, 5, 10) if power * step >= largest)


def grouped(value: Decimal) -> str:
    """Return a number for reading: thousands apart, at most four decimals."""
    text = f"{rounded(value, 4 if value != value.to_integral_value() else 0):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
