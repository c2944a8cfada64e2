"""Facts for /healthz: is background work moving?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from greenportal import clock
from greenportal.jobs import conf
from greenportal.jobs.models import Job, Tick

CANARY_KIND = "jobs.canary"


@dataclass(frozen=True, slots=True)
class JobHealth:
    """Ages in seconds; None when there is none. dead: jobs that wait for a person.

    healthy: somebody ticks, a worker of the fast queue answers, and nothing due waits longer
    than `alarm_seconds` (180). A busy packet queue may hold work longer without being ill.
    """

    oldest_due_seconds: float | None
    last_tick_seconds: float | None
    last_canary_seconds: float | None
    dead: int
    healthy: bool


def health() -> JobHealth:
    """Return the facts in five queries."""
    now, alarm = clock.running(), conf.values().alarm_seconds
    waiting = Job.objects.filter(state=Job.State.DUE, due_at__lte=now)
    oldest = _age(now, waiting.aggregate(at=Min("due_at"))["at"])
    oldest_fast = _age(now, waiting.filter(queue=Job.Queue.FAST).aggregate(at=Min("due_at"))["at"])
    ticked = _age(now, Tick.objects.aggregate(at=Max("created_at"))["at"])
    canary = _age(
        now, Job.objects.filter(kind=CANARY_KIND, state=Job.State.DONE).aggregate(at=Max("finished_at"))["at"]
    )
    healthy = (oldest_fast or 0) <= alarm and all(age is not None and age <= alarm for age in (ticked, canary))
    return JobHealth(oldest, ticked, canary, Job.objects.filter(state=Job.State.DEAD).count(), healthy)


def _age(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())
