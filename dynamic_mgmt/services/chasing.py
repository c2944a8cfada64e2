"""Reminders before a district's closing instant, and before a returned table's own day, each once; longer time as a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from dynamic_mgmt.constants import MEND_MARKS, TABLE_MARKS
from dynamic_mgmt.models import DynamicTable, TableMark, TablePeriod
from dynamic_mgmt.selectors.tables import BY_THE_CLOCK, MISSING, period_window
from dynamic_mgmt.table_rules import may_extend
from dynamic_mgmt.table_states import TableState
from greenportal import clock
from greenportal.accounts.actors import DISTRICT_ROLES, Actor, Role
from greenportal.accounts.models import Membership
from greenportal.accounts.selectors import handlers_of, valid_at
from greenportal.directory.models import Authority
from greenportal.findings.types import NotVisible
from greenportal.mail.services import post
from greenportal.rounds.models import Extension, Round
from greenportal.rounds.services import grant_extension

CLOSED = "closed"
LISTED_IN_MAIL = 30
#: Nothing is said about a clock that closed longer ago than this: the system was not there at the time.
_FORGET = timedelta(days=2)


def due_mark(closes_at: datetime, now: datetime, marks: Sequence[tuple[str, int]] = TABLE_MARKS) -> str:
    """Return the mark that `now` has reached: T-30d … T-1d, `closed`, or nothing. Pure; the last one reached counts."""
    if now >= closes_at:
        return CLOSED if now - closes_at < _FORGET else ""
    reached = ""
    for mark, days in marks:
        if now >= closes_at - timedelta(days=days):
            reached = mark
    return reached


def keep_time() -> int:
    """Remind every district of open rounds that has unfiled tables; returns how many marks were made.

    Tables returned with a day of their own have their own reminders (`_remind_to_mend`). Each (period, district, mark, closing instant) once: a unique row, so that two runs at a time do no harm
    and an extension starts its own marks.
    """
    made = 0
    for period in TablePeriod.objects.filter(round__state=Round.State.OPEN).select_related("round").order_by("pk"):
        waiting = DynamicTable.objects.filter(BY_THE_CLOCK, period=period)
        for authority_id in sorted(set(waiting.values_list("authority_id", flat=True))):
            made += _one(period, authority_id)
        _remind_to_mend(period)
    return made


def _one(period: TablePeriod, authority_id: int) -> int:
    now = clock.now()
    closes_at = period_window(period, authority_id, at=now).closes_at
    mark = due_mark(closes_at, now) if closes_at is not None else ""
    if not mark or closes_at is None:
        return 0
    with transaction.atomic():
        _, fresh = TableMark.objects.get_or_create(
            period=period, authority_id=authority_id, mark=mark, closes_at=closes_at, defaults={"created_at": now}
        )
        if fresh:
            _tell(period, authority_id, mark, closes_at)
    return int(fresh)


def _tell(period: TablePeriod, authority_id: int, mark: str, closes_at: datetime) -> None:
    rows = DynamicTable.objects.filter(BY_THE_CLOCK, period=period, authority_id=authority_id)
    found = list(rows.select_related("unit").order_by("category", "unit__sort_key")[: LISTED_IN_MAIL + 1])
    context = {
        "district": Authority.objects.get(pk=authority_id).name,
        "period": period.label,
        "closes": clock.spoken(closes_at),
        "closed": mark == CLOSED,
        "count": rows.count(),
        "items": [
            {"category": r.get_category_display(), "name": r.unit.current_name, "state": r.get_state_display()}
            for r in found[:LISTED_IN_MAIL]
        ],
        "more": len(found) > LISTED_IN_MAIL,
        "path": f"{reverse('dynamic_mgmt:tables')}?period={period.pk}",
    }
    event = f"dynamic_mgmt.remind:{period.pk}:{authority_id}:{mark}:{closes_at.isoformat()}"
    for address in _district_addresses(authority_id):
        post(event=event, recipient=address, template="tables_reminder", context=context)
    _tell_units(period, authority_id, mark, closes_at)


def _tell_units(period: TablePeriod, authority_id: int, mark: str, closes_at: datetime) -> None:
    """Remind the people of each unit that has not filed, of its own table only. Two queries beside the messages."""
    rows = DynamicTable.objects.filter(BY_THE_CLOCK, period=period, authority_id=authority_id)
    tables: dict[int, list[DynamicTable]] = {}
    for table in rows.select_related("unit").order_by("pk"):
        if table.unit.organisation_id is not None:
            tables.setdefault(table.unit.organisation_id, []).append(table)
    for organisation_id, address in unit_addresses(tables):
        for table in tables[organisation_id]:
            post(
                event=f"dynamic_mgmt.remind_unit:{table.pk}:{mark}:{closes_at.isoformat()}",
                recipient=address,
                template="table_unit_reminder",
                context={
                    "unit": table.unit.current_name,
                    "category": table.get_category_display(),
                    "period": period.label,
                    "closes": clock.spoken(closes_at),
                    "closed": mark == CLOSED,
                    "returned": table.state == TableState.RETURNED,
                    "path": reverse("dynamic_mgmt:table", args=[table.pk]),
                },
            )


def _remind_to_mend(period: TablePeriod) -> None:
    """Remind of what was returned with a day of its own: the unit's people, or its district where the unit has nobody.

    Once for each (table, mark, day): the outbox keeps one message per event and recipient. Two queries beside the messages.
    """
    now, first = clock.now(), timedelta(days=max(days for _, days in MEND_MARKS))
    rows = DynamicTable.objects.filter(
        MISSING,
        period=period,
        state=TableState.RETURNED,
        correct_by__gt=now - _FORGET,
        correct_by__lte=now + first,
    )
    found = list(rows.select_related("unit").order_by("pk"))
    people: dict[int, list[str]] = {}
    for organisation_id, address in unit_addresses({t.unit.organisation_id or 0 for t in found}) if found else ():
        people.setdefault(organisation_id, []).append(address)
    for table in found:
        told = people.get(table.unit.organisation_id or 0) or _district_addresses(table.authority_id)
        _tell_to_mend(table, period, told, now)


def _tell_to_mend(table: DynamicTable, period: TablePeriod, addresses: Sequence[str], now: datetime) -> None:
    if table.correct_by is None:
        return
    mark = due_mark(table.correct_by, now, MEND_MARKS)
    context = {
        "unit": table.unit.current_name,
        "category": table.get_category_display(),
        "period": period.label,
        "mend_by": clock.spoken(table.correct_by),
        "closed": mark == CLOSED,
        "path": reverse("dynamic_mgmt:table", args=[table.pk]),
    }
    event = f"dynamic_mgmt.remind_mend:{table.pk}:{mark}:{table.correct_by.isoformat()}"
    with transaction.atomic():
        for address in addresses:
            post(event=event, recipient=address, template="table_mend_reminder", context=context)


def _district_addresses(authority_id: int) -> list[str]:
    """Return the addresses of a district's officers, each once."""
    people = handlers_of(authority_id=authority_id, roles=DISTRICT_ROLES)
    return sorted({p.email.strip() for p in people if p.email.strip()})


def unit_addresses(organisation_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return (organisation, address) of the active people who act for the units now, each once. One query."""
    held = Membership.objects.filter(
        valid_at(), organisation_id__in=list(organisation_ids), role=Role.APPLICANT, user__is_active=True
    )
    return sorted(
        {(pk, mail.strip()) for pk, mail in held.values_list("organisation_id", "user__email") if mail.strip()}
    )


def extend(
    *, actor: Actor, period_id: int, authority_id: int, until: datetime, document_no: str, reason: str
) -> Extension:
    """Give one district longer time for a period, as an Extension row. Raises what `grant_extension` raises."""
    may_extend(actor).require()
    period = TablePeriod.objects.filter(pk=period_id).first()
    if period is None:
        raise NotVisible
    return grant_extension(
        actor=actor,
        round_id=period.round_id,
        key=period.clock,
        authority_id=authority_id,
        until=until,
        document_no=document_no,
        reason=reason,
    )
