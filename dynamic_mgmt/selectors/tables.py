"""Dynamic tables that an actor may see, their board, and one table with its three years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from dynamic_mgmt.constants import CLOCK_TABLES
from dynamic_mgmt.models import DynamicTable, TablePeriod, UnitVisit
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.table_states import NOT_FILED, TableState, states_behind
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Authority
from greenportal.rounds.models import Deadline, Extension
from greenportal.rounds.selectors import WindowState, window

S = TableState
#: Not filed, and still expected: a unit taken off the list owes no table.
MISSING = Q(state__in=NOT_FILED, unit__removed_on=None)
#: Missing, and chased by the clock of its period: what was returned with a day of its own is not.
BY_THE_CLOCK = MISSING & (~Q(state=S.RETURNED) | Q(correct_by=None))
#: Not filed and no correction: what the period's clock makes overdue. A return has its own day; who refused and was let
#: file after all begins anew, whatever he filed before.
UNFILED = Q(state__in=[S.DUE, S.DRAFT])
#: What waits for the reviewer's word to the lead. The city's alone: it tells where there is a proposal.
UNPROPOSED = Q(state=S.OPINION_GIVEN, proposal="")
#: What counts as asked for: all but the unfiled tables of units taken off the list.
ASKED = Q(unit__removed_on=None) | ~Q(state__in=NOT_FILED)


def visible_to(actor: Actor) -> QuerySet[DynamicTable]:
    """Return the tables that the actor may see: the city all, a district its own, a unit its own."""
    rows = DynamicTable.objects.select_related("unit__organisation", "authority", "period")
    if actor.is_city or actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(unit__organisation_id=actor.organisation_id)
    return rows.none()


def periods() -> QuerySet[TablePeriod]:
    """Return the periods, newest first."""
    return TablePeriod.objects.select_related("round").order_by("-round__year", "-data_year", "-pk")


def table_window(table: DynamicTable, *, at: datetime | None = None) -> WindowState:
    """Return the clock of a table's period for its district, extensions included. Two queries."""
    return period_window(table.period, table.authority_id, at=at)


def period_window(period: TablePeriod, authority_id: int | None, *, at: datetime | None = None) -> WindowState:
    """Return the clock of a period for a district (None: the city's own end). Two queries."""
    return window(round_id=period.round_id, key=period.clock, authority_id=authority_id, at=at or clock.now())


def ends_at(table: DynamicTable, *, closes_at: datetime | None) -> datetime | None:
    """Return until when a table is asked for: by the clock of its period, but what was returned by its own day, if one was set."""
    return table.correct_by if table.state == S.RETURNED else closes_at


@dataclass(frozen=True, slots=True)
class TableFilters:
    """What the reader asked for; empty values do not filter. state: a state, or overdue | late | refused | unproposed (the city's)."""

    q: str = ""
    authority: str = ""
    category: str = ""
    state: str = ""
    opinion: str = ""


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """One district's numbers for a period. overdue: not filed although its clock has run out, or not mended by its own day."""

    authority: Authority
    closes_at: datetime | None
    extended: str
    total: int
    due: int
    draft: int
    filed: int
    opinion: int
    decided: int
    overdue: int
    late: int
    refused: int


def closing_times(period: TablePeriod) -> tuple[datetime | None, dict[int, tuple[datetime, str]]]:
    """Return the city's end of a period, and district → (its end, document number) where extended. Two queries."""
    base = Deadline.objects.filter(round_id=period.round_id, key=period.clock, authority=None).first()
    if base is None:
        return None, {}
    found: dict[int, tuple[datetime, str]] = {}
    for row in Extension.objects.filter(deadline=base, revoked_at=None).order_by("until"):
        if row.until > base.closes_at:
            found[row.authority_id] = (row.until, row.document_no)
    return base.closes_at, found


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period's numbers over the districts. extended: how many districts have a longer time."""

    period: TablePeriod
    closes_at: datetime | None
    extended: int
    total: int
    filed: int


def overview(actor: Actor, wanted: Sequence[TablePeriod]) -> list[PeriodRow]:
    """Return the numbers of several periods in their order. Three queries for any number of them."""
    rounds = {period.round_id for period in wanted}
    ends = {
        (row.round_id, row.key): row
        for row in Deadline.objects.filter(
            round_id__in=rounds, key__in={period.clock for period in wanted}, authority=None
        )
    }
    longer: dict[int, set[int]] = {}
    for extension in Extension.objects.filter(deadline__in=ends.values(), revoked_at=None).select_related("deadline"):
        if extension.until > extension.deadline.closes_at:
            longer.setdefault(extension.deadline_id, set()).add(extension.authority_id)
    rows = visible_to(actor).filter(ASKED, period__in=wanted).select_related(None).order_by().values("period_id")
    counted = {
        row["period_id"]: (row["total"], row["total"] - row["open_ones"])
        for row in rows.annotate(
            total=Count("pk"), open_ones=Count("pk", filter=Q(state__in=[*NOT_FILED, TableState.REFUSED]))
        )
    }
    found = []
    for period in wanted:
        end = ends.get((period.round_id, period.clock))
        extended = len(longer.get(end.pk, ())) if end else 0
        found.append(PeriodRow(period, end.closes_at if end else None, extended, *counted.get(period.pk, (0, 0))))
    return found


def board(actor: Actor, period: TablePeriod) -> list[DistrictRow]:
    """Return the numbers of every district that the actor sees, by sound of name. Four queries."""
    closes, extended = closing_times(period)
    states = {state: Count("pk", filter=Q(state=state)) for state in S.values}
    now = clock.now()
    rows = (
        visible_to(actor)
        .filter(ASKED, period=period)
        .select_related(None)
        .order_by()
        .values("authority_id")
        .annotate(
            total=Count("pk"),
            late_count=Count("pk", filter=Q(late=True)),
            refused_count=Count("pk", filter=Q(refused_at__isnull=False)),
            unfiled=Count("pk", filter=UNFILED),
            unmended=Count("pk", filter=Q(state=S.RETURNED, correct_by__lte=now)),
            **{f"n_{state}": count for state, count in states.items()},
        )
    )
    counted: dict[int, dict[str, Any]] = {row["authority_id"]: dict(row) for row in rows}
    return [
        _district(authority, counted[authority.pk], *extended.get(authority.pk, (closes, "")), now)
        for authority in Authority.objects.filter(pk__in=counted).order_by("sort_key", "code")
    ]


def _district(
    authority: Authority, row: dict[str, Any], closes: datetime | None, document_no: str, now: datetime
) -> DistrictRow:
    def sum_of(*states: TableState) -> int:
        return sum(int(row[f"n_{state.value}"]) for state in states)

    closed = closes is not None and now >= closes
    return DistrictRow(
        authority=authority,
        closes_at=closes,
        extended=document_no,
        total=row["total"],
        due=sum_of(S.DUE),
        draft=sum_of(S.DRAFT, S.RETURNED),
        filed=sum_of(S.FILED),
        opinion=sum_of(S.OPINION_GIVEN, S.RECHECK, S.ON_SITE, S.REMOVAL_PROPOSED),
        decided=sum_of(S.DECIDED),
        overdue=row["unmended"] + (row["unfiled"] if closed else 0),
        late=row["late_count"],
        refused=row["refused_count"],
    )


def overdue(period: TablePeriod) -> Q:
    """Return the condition "not filed although the district's clock has run out, or not mended by its own day". Two queries.

    What was returned is a correction, which the period's clock does not end (DESIGN §4).
    """
    closes, extended = closing_times(period)
    now = clock.now()
    unmended = Q(state=S.RETURNED, correct_by__lte=now)
    if closes is None or now < closes:
        return unmended & MISSING
    still = [pk for pk, (until, _) in extended.items() if now < until]
    return MISSING & (unmended | UNFILED & ~Q(authority_id__in=still))


def filtered(actor: Actor, period: TablePeriod, filters: TableFilters) -> QuerySet[DynamicTable]:
    """Return the tables of a period that the actor may see, narrowed by `filters`, by district and sound of name."""
    rows = visible_to(actor).filter(period=period)
    if filters.q:
        key = name_key(filters.q)
        code = filters.q.strip().upper()
        rows = rows.filter(
            Q(unit__name_key__contains=key) | Q(unit__renamed_key__contains=key) | Q(unit__uscc__startswith=code)
        )
    if filters.authority.isascii() and filters.authority.isdigit():
        rows = rows.filter(authority_id=int(filters.authority[:9]))
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.state in S.values:
        rows = rows.filter(state__in=states_behind(actor.role, filters.state))
    elif filters.state == "overdue":
        rows = rows.filter(overdue(period))
    elif filters.state == "late":
        rows = rows.filter(late=True)
    elif filters.state == "refused":
        rows = rows.filter(refused_at__isnull=False)
    elif filters.state == "unproposed" and actor.is_city:
        rows = rows.filter(UNPROPOSED)
    if filters.opinion:
        rows = rows.filter(opinion=filters.opinion)
    return rows.order_by("authority__sort_key", "unit__sort_key", "pk")


def last_check(table: DynamicTable) -> UnitVisit | None:
    """Return the last re-check or visit of the answers as last received, None where there was none. Two queries."""
    received = table.receipts.order_by("-pk").values_list("received_at", flat=True).first()
    done = table.visits.exclude(kind=UnitVisit.Kind.GUIDANCE)
    if received is not None:
        done = done.filter(at__gte=received)
    return done.order_by("-pk").first()


def last_result(table: DynamicTable) -> str:
    """Return the result of the last re-check or visit (`last_check`), "" where there was none. Two queries."""
    found = last_check(table)
    return found.result if found else ""


def yearly_clock(key: str) -> bool:
    """True for the clock of the notice itself, which is in the rulebook; further periods have their own."""
    return key == CLOCK_TABLES
