"""What the clock does: rechecks and reminders before a district's closing instant, and the word about what it left out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Authority
from greenportal.directory.selectors import nominating_authorities
from greenportal.jobs.services import enqueue
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import window
from nominations.constants import CLOCK_SUBMIT, JOB_RECHECK, REMINDER_MARKS
from nominations.models import DeadlineMark, Nomination, RecommendationList
from nominations.services import notifying, rechecking
from nominations.services.moving import list_target
from nominations.states import PUBLIC_TO_CITY, NominationState

CLOSED = "closed"
#: Nothing is said about a clock that closed longer ago than this: the system was not there at the time.
_FORGET = timedelta(days=2)
_LEFT_OUT = (
    NominationState.DRAFT,
    NominationState.HANDED_IN,
    NominationState.CHECKED,
    NominationState.FINALISED,
    NominationState.RETURNED_BY_DISTRICT,
)


def due_mark(closes_at: datetime, now: datetime) -> str:
    """Return the mark that `now` has reached: T-14d … T-2h, `closed`, or nothing. Pure; the last one reached counts."""
    if now >= closes_at:
        return CLOSED if now - closes_at < _FORGET else ""
    reached = ""
    for mark, before in REMINDER_MARKS:
        if now >= closes_at - before:
            reached = mark
    return reached


def keep_time() -> int:
    """Do what is due for every district in an open round, begun or not; returns how many marks were made.

    Each (round, district, mark, closing instant) once: a unique row, so two runs at a time do no harm
    and an extension starts its own marks.
    """
    made = 0
    for year in Round.objects.filter(state=Round.State.OPEN).order_by("pk"):
        begun = Nomination.objects.filter(round=year).values_list("authority_id", flat=True).distinct()
        recommending = nominating_authorities().values_list("pk", flat=True)
        for authority_id in sorted({*begun, *recommending}):
            made += _one(year, authority_id)
    return made


def _one(year: Round, authority_id: int) -> int:
    now = clock.now()
    state = window(round_id=year.pk, key=CLOCK_SUBMIT, authority_id=authority_id, at=now)
    if state.closes_at is None:
        return 0
    mark = due_mark(state.closes_at, now)
    if not mark:
        return 0
    with transaction.atomic():
        _, fresh = DeadlineMark.objects.get_or_create(
            round=year,
            authority_id=authority_id,
            mark=mark,
            closes_at=state.closes_at,
            defaults={"created_at": now},
        )
        if not fresh:
            return 0
        if mark == CLOSED:
            _closed(year, authority_id, state.closes_at)
        else:
            _remind(year, authority_id, mark, state.closes_at)
        return 1


def _left_out(year: Round, authority_id: int) -> list[Nomination]:
    rows = Nomination.objects.filter(round=year, authority_id=authority_id, state__in=_LEFT_OUT)
    return list(rows.select_related("subject").order_by("category", "pk"))


def _items(rows: list[Nomination]) -> list[dict[str, str]]:
    return [
        {
            "category": n.get_category_display(),
            "subject": n.subject.name,
            "state": n.get_state_display(),
        }
        for n in rows
    ]


def _closed(year: Round, authority_id: int, closes_at: datetime) -> None:
    """Tell the district what it left out, that nothing is left or that it sent nothing; write it down with the list."""
    rows = _left_out(year, authority_id)
    found = RecommendationList.objects.filter(round=year, authority_id=authority_id).first()
    if found is not None:
        data = {"closes_at": closes_at.isoformat(), "left_out": [n.pk for n in rows]}
        record(actor=Actor.system("期限"), action="list.closed", target=list_target(found.pk), data=data)
    sent = Nomination.objects.filter(round=year, authority_id=authority_id, state__in=PUBLIC_TO_CITY).count()
    context = {
        "round": year.name,
        "closes": clock.spoken(closes_at),
        "items": _items(rows),
        "count": len(rows),
        "sent": sent,
    }
    notifying.tell(
        notifying.district_of(authority_id),
        event=f"nominations.closed:{year.pk}:{authority_id}:{closes_at.isoformat()}",
        template="list_closed",
        context=context,
    )


def _remind(year: Round, authority_id: int, mark: str, closes_at: datetime) -> None:
    """Check everything open again and remind the district of what is not submitted yet."""
    ids = rechecking.open_ids(round_id=year.pk, authority_id=authority_id)
    if ids:
        payload = {"nomination_ids": ids, "cause": mark}
        enqueue(JOB_RECHECK, payload=payload, dedupe_key=f"{mark}:{year.pk}:{authority_id}")
    rows = _left_out(year, authority_id)
    if not rows:
        return
    authority = Authority.objects.get(pk=authority_id)
    context = {
        "round": year.name,
        "district": authority.name,
        "closes": clock.spoken(closes_at),
        "items": _items(rows),
        "count": len(rows),
    }
    notifying.tell(
        notifying.district_of(authority_id),
        event=f"nominations.remind:{year.pk}:{authority_id}:{mark}:{closes_at.isoformat()}",
        template="list_reminder",
        context=context,
    )
