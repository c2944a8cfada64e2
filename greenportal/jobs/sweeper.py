"""Finding what fell through: leases that ran out, and jobs that nobody was rung for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from greenportal import clock
from greenportal.jobs import conf, doorbell, runner
from greenportal.jobs.models import Job

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many jobs one sweep took back from dead workers, gave up, and rang for."""

    taken_back: int
    dead: int
    rung: int


def sweep() -> Swept:
    """Take back expired leases and ring for due jobs. Any number of sweepers may run at once."""
    taken_back = dead = rung = 0
    for _ in range(conf.values().batches_per_sweep):
        back, given_up = _take_back()
        taken_back, dead = taken_back + back, dead + given_up
        if back + given_up < conf.values().batch:
            break
    for _ in range(conf.values().batches_per_sweep):
        if doorbell.breaker.open():
            break
        due = _due_batch()
        for job_id, queue in due:
            rung += doorbell.ring(job_id, queue)
        if len(due) < conf.values().batch:
            break
    if taken_back or dead:
        log.warning("jobs_taken_back", taken_back=taken_back, dead=dead)
    return Swept(taken_back, dead, rung)


@transaction.atomic
def _take_back() -> tuple[int, int]:
    """Return (due again, dead) of one batch of jobs whose worker stopped beating."""
    now, back, dead = clock.running(), 0, 0
    expired = Job.objects.select_for_update(skip_locked=True).filter(state=Job.State.RUNNING, lease_until__lt=now)
    for job in expired.order_by("lease_until")[: conf.values().batch]:
        job.lease_token = job.lease_until = None
        job.error = job.error or "WorkerLost: the worker stopped while the job ran"
        if job.cancel_requested:
            job.state, job.finished_at = Job.State.CANCELLED, now
        elif job.attempts >= runner.max_attempts(job.kind):
            job.state, job.finished_at = Job.State.DEAD, now
            dead += 1
        else:
            job.state, job.rings = Job.State.DUE, 0
            job.due_at = job.ring_at = now + runner.pause(job.attempts)
        back += job.state != Job.State.DEAD
        job.save()
    return back, dead


@transaction.atomic
def _due_batch() -> list[tuple[uuid.UUID, str]]:
    """Return one batch of jobs to ring for, and put off their next ring so that no other sweeper rings too."""
    now = clock.running()
    due = Job.objects.select_for_update(skip_locked=True).filter(state=Job.State.DUE, due_at__lte=now, ring_at__lte=now)
    batch = []
    for job in due.order_by("due_at")[: conf.values().batch]:
        job.ring_at, job.rings = _next_ring(job.rings, now), job.rings + 1
        job.save(update_fields=["ring_at", "rings"])
        batch.append((job.pk, job.queue))
    return batch


def _next_ring(rings: int, now: datetime) -> datetime:
    """Rings get rarer, so that a long queue is not flooded with reminders of what waits in it."""
    numbers = conf.values()
    wait = min(numbers.ring_again_seconds * 2 ** min(rings, 10), numbers.ring_again_max_seconds)
    return now + timedelta(seconds=wait)
