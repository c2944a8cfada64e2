"""The staff of evaluators as of an instant: who, how many count, and one person on two rosters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from evaluators.constants import SHEET_ROSTER
from evaluators.models import StaffMember
from evaluators.selectors.lists import SEE_ALL
from greenportal.accounts import masking
from greenportal.accounts.actors import Actor
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import Sheet, load

#: The field that the open list of 通知 二（三） ends with (等相关专业): a person judges whether it is related.
OPEN_FIELD = "other"


@dataclass(frozen=True, slots=True)
class RosterCounts:
    """Persons of one evaluator as 通知 二（三） counts them.

    total: everybody on the roster; intermediate: full-time with intermediate title or above; senior: of
    these, senior titles in a field that the notice names; senior_other: senior titles in another field, which
    a person must judge.
    """

    total: int = 0
    intermediate: int = 0
    senior: int = 0
    senior_other: int = 0


@dataclass(frozen=True, slots=True)
class StaffLine:
    """One person as a page shows it. name and certificate are masked unless somebody asked with a reason."""

    id: int
    name: str
    title: str
    title_name: str
    field: str
    full_time: bool
    years: str
    certificate_no: str
    identity: str
    counts: bool


@dataclass(frozen=True, slots=True)
class SharedPerson:
    """One person on the rosters of several evaluators: for the city alone."""

    tail: str
    names: tuple[str, ...]
    evaluators: tuple[tuple[int, str], ...]


def roster_sheet(rulebook_key: str) -> Sheet:
    """Return the definition of the roster's columns in a rulebook."""
    return load(sheet_file(rulebook_key, SHEET_ROSTER))


def named_fields(sheet: Sheet) -> tuple[str, ...]:
    """Return the fields that the notice names, as the rulebook's sheet lists them."""
    choices = sheet.table("staff").column("field").choices
    return tuple(choice.value for choice in choices if choice.value != OPEN_FIELD)


def staff_visible_to(actor: Actor) -> QuerySet[StaffMember]:
    """Return roster rows: the city all, an evaluator its own, others none."""
    rows = StaffMember.objects.order_by("id")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(evaluator__organisation_id=actor.organisation_id)
    return rows.none()


def present(at: datetime) -> Q:
    """Return the condition for rows that stood at an instant."""
    return Q(created_at__lte=at) & (Q(removed_at=None) | Q(removed_at__gt=at))


def counts(evaluator_ids: Iterable[int], *, named: Sequence[str], at: datetime) -> dict[int, RosterCounts]:
    """Return evaluator → counts as of `at`; those without a roster have zeros. One query."""
    ids = set(evaluator_ids)
    works = Q(full_time=True)
    senior = works & Q(title=StaffMember.Title.SENIOR)
    rows = (
        StaffMember.objects.filter(present(at), evaluator_id__in=ids)
        .order_by()
        .values("evaluator_id")
        .annotate(
            total=Count("id"),
            intermediate=Count("id", filter=works & ~Q(title=StaffMember.Title.OTHER)),
            senior=Count("id", filter=senior & Q(field__in=named)),
            senior_other=Count("id", filter=senior & ~Q(field__in=named)),
        )
    )
    found = {
        row["evaluator_id"]: RosterCounts(row["total"], row["intermediate"], row["senior"], row["senior_other"])
        for row in rows
    }
    return {pk: found.get(pk, RosterCounts()) for pk in ids}


def roster_names(evaluator_ids: Iterable[int], *, round_id: int) -> dict[int, tuple[str, ...]]:
    """Return evaluator → names of everybody on its roster at any time since the round was opened. Two queries.

    For signs of missing independence: somebody who left after writing a self-evaluation still counts.
    """
    ids = set(evaluator_ids)
    opened = Round.objects.filter(pk=round_id).values_list("opened_at", flat=True).first()
    rows = StaffMember.objects.filter(evaluator_id__in=ids)
    rows = rows.filter(Q(removed_at=None) | Q(removed_at__gt=opened)) if opened else rows.filter(removed_at=None)
    found: dict[int, set[str]] = {pk: set() for pk in ids}
    for evaluator_id, name in rows.values_list("evaluator_id", "name"):
        found[evaluator_id].add(name)
    return {pk: tuple(sorted(names)) for pk, names in found.items()}


def lines(rows: Iterable[StaffMember], sheet: Sheet, *, shown: bool = False) -> list[StaffLine]:
    """Return rows for a page. shown: names, certificates and last four in full, which the caller has audited."""
    table = sheet.table("staff")
    fields, named = table.column("field"), set(named_fields(sheet))
    return [
        StaffLine(
            id=row.pk,
            name=row.name if shown else masking.name(row.name),
            title=row.get_title_display(),
            title_name=row.title_name,
            field=row.field_text or fields.label_of(row.field),
            full_time=row.full_time,
            years="" if row.years is None else str(row.years),
            certificate_no=row.certificate_no if shown else _masked(row.certificate_no),
            identity=_identity(row, shown=shown),
            counts=row.full_time and row.title == StaffMember.Title.SENIOR and row.field in named,
        )
        for row in rows
    ]


def _masked(text: str) -> str:
    return "*" * max(len(text) - 2, 0) + text[-2:] if len(text) > 4 else "*" * len(text)


def _identity(row: StaffMember, *, shown: bool) -> str:
    if not row.id_print:
        return "未登记"
    return f"末四位{row.id_tail}" if shown else "已登记"


def shared_people(actor: Actor, *, at: datetime) -> list[SharedPerson]:
    """Return who stands on several rosters as of `at`: the city alone learns of it. Two queries."""
    if actor.role not in SEE_ALL:
        return []
    twice = (
        StaffMember.objects.filter(present(at))
        .exclude(id_print="")
        .order_by()
        .values("id_print")
        .annotate(bodies=Count("evaluator", distinct=True))
        .filter(bodies__gt=1)
        .values("id_print")
    )
    rows = StaffMember.objects.filter(present(at), id_print__in=twice).select_related("evaluator__organisation")
    grouped: dict[str, list[StaffMember]] = defaultdict(list)
    for row in rows.order_by("evaluator__organisation__sort_key", "id"):
        grouped[row.id_print].append(row)
    return [
        SharedPerson(
            tail=found[0].id_tail,
            names=tuple(dict.fromkeys(masking.name(row.name) for row in found)),
            evaluators=tuple((row.evaluator_id, row.evaluator.organisation.name) for row in found),
        )
        for found in sorted(grouped.values(), key=lambda group: group[0].pk)
    ]
