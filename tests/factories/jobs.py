"""Jobs for tests, and running them without Celery."""

from __future__ import annotations

import uuid
from typing import Any

from greenportal import clock
from greenportal.jobs import runner
from greenportal.jobs.models import Job


def make_job(kind: str = "test.effect", **values: Any) -> Job:
    """Return a stored job that nobody was rung for; due now unless `values` say otherwise."""
    now = clock.running()
    defaults: dict[str, Any] = {"due_at": now, "ring_at": now, "created_at": now}
    if values.get("state") == Job.State.RUNNING:
        defaults |= {"lease_token": uuid.uuid4(), "lease_until": now, "attempts": 1}
    if values.get("state") in {Job.State.DONE, Job.State.CANCELLED, Job.State.DEAD, Job.State.ABANDONED}:
        defaults |= {"finished_at": now, "attempts": 1}
    return Job.objects.create(kind=kind, **{**defaults, **values})


def run_due_jobs(kind: str = "") -> list[str]:
    """Run all due jobs (of one kind) here and now, until none is left; return how each ended.

    Works inside the transaction of an ordinary database test.
    """
    ended: list[str] = []
    while True:
        due = Job.objects.filter(state=Job.State.DUE, due_at__lte=clock.running())
        job = (due.filter(kind=kind) if kind else due).order_by("created_at").first()
        if job is None:
            return ended
        ended.append(runner.run(job.pk, heartbeat=False))
