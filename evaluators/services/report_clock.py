"""What the clock of the annual report does: reminders at stored moments, each once, and the word after it closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from evaluators.constants import CLOCK_REPORT, REPORT_MARKS
from evaluators.models import Evaluator, ReportMark, RosterBatch
from evaluators.selectors.papers import owing
from evaluators.services.notifying import tell, tell_city
from greenportal import clock
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import window

CLOSED = "closed"
#: Nothing is said about a clock that closed longer ago than this: the system was not there at the time.
_FORGET = timedelta(days=2)
#: How long a roster that was read and not confirmed waits for its person.
_BATCH_LIFE = timedelta(days=1)


def due_mark(closes_at: datetime, now: datetime) -> str:
    """Return the mark that `now` has reached: T-14d … T-1d, `closed`, or nothing. Pure; the last one reached counts."""
    if now >= closes_at:
        return CLOSED if now - closes_at < _FORGET else ""
    reached = ""
    for mark, before in REPORT_MARKS:
        if now >= closes_at - before:
            reached = mark
    return reached


def keep_time() -> int:
    """Do what is due for every open round; returns how many marks were made. Each mark once: a unique row."""
    made = 0
    for year in Round.objects.filter(state=Round.State.OPEN).order_by("pk"):
        now = clock.now()
        closes_at = window(round_id=year.pk, key=CLOCK_REPORT, authority_id=None, at=now).closes_at
        mark = due_mark(closes_at, now) if closes_at is not None else ""
        if closes_at is not None and mark:
            made += _mark(year, mark, closes_at, now)
    return made


def _mark(year: Round, mark: str, closes_at: datetime, now: datetime) -> int:
    with transaction.atomic():
        row, fresh = ReportMark.objects.get_or_create(
            round=year, mark=mark, closes_at=closes_at, defaults={"created_at": now}
        )
        if not fresh:
            return 0
        bodies = owing(year.pk)
        for body in bodies:
            _remind(year, body, mark, closes_at)
        if mark == CLOSED and bodies:
            _tell_city(year, bodies, closes_at)
        row.told = len(bodies)
        row.save(update_fields=["told"])
    return 1


def _event(year: Round, mark: str, closes_at: datetime, body_id: int) -> str:
    return f"evaluators.report:{year.pk}:{body_id}:{mark}:{closes_at.isoformat()}"


def _remind(year: Round, body: Evaluator, mark: str, closes_at: datetime) -> None:
    context = {
        "round": year.name,
        "name": body.organisation.name,
        "closes": clock.spoken(closes_at),
        "over": mark == CLOSED,
        "path": reverse("evaluators:mine"),
    }
    event = _event(year, mark, closes_at, body.pk)
    tell(body.organisation_id, event=event, template="report_reminder", context=context)


def _tell_city(year: Round, bodies: list[Evaluator], closes_at: datetime) -> None:
    names = [body.organisation.name for body in bodies]
    context = {
        "round": year.name,
        "closes": clock.spoken(closes_at),
        "names": names,
        "count": len(names),
        "path": reverse("evaluators:reports"),
    }
    event = _event(year, "missing", closes_at, 0)
    tell_city(event=event, template="report_missing", context=context)


def forget_batches() -> int:
    """Remove rosters that were read and never confirmed; returns how many."""
    return RosterBatch.objects.filter(created_at__lt=clock.now() - _BATCH_LIFE).delete()[0]
