"""Jobs of the job system itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from greenportal import clock
from greenportal.jobs import conf, registry
from greenportal.jobs.context import JobContext
from greenportal.jobs.health import CANARY_KIND
from greenportal.jobs.models import Job, Tick
from greenportal.jobs.services import enqueue
from greenportal.jobs.ticking import PERIODIC_KIND


@registry.job(PERIODIC_KIND)
def run_periodic(context: JobContext, *, name: str) -> dict[str, Any]:
    """Call the planned function `name`; it is idempotent by the rule of the registry."""
    registry.periodic_of(name).function()
    return {"name": name}


@registry.job(CANARY_KIND, max_attempts=1)
def sing(context: JobContext) -> None:
    """Do nothing, but do it: a worker that finishes this is alive."""


@registry.periodic("jobs.canary", every_seconds=60)
def send_canary() -> None:
    """Ask for the canary; while one still waits no second is sent."""
    enqueue(CANARY_KIND, dedupe_key=CANARY_KIND)


@registry.periodic("jobs.tidy", hour=3, minute=40)
def tidy() -> None:
    """Remove what nobody reads again: canaries and ticks after two days, finished jobs after `keep_days`."""
    now = clock.running()
    short, long = now - timedelta(days=2), now - timedelta(days=conf.values().keep_days)
    over = [Job.State.DONE, Job.State.CANCELLED, Job.State.ABANDONED]
    Job.objects.filter(kind__in=[CANARY_KIND, PERIODIC_KIND], state__in=over, finished_at__lt=short).delete()
    Job.objects.filter(state__in=over, finished_at__lt=long).delete()
    Tick.objects.filter(planned_at__lt=short).delete()
