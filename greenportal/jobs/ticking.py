"""Turning the clock into jobs: each planned run becomes one row, however many beats there are."""

from __future__ import annotations

from django.db import transaction

from greenportal import clock
from greenportal.jobs import registry
from greenportal.jobs.models import Tick
from greenportal.jobs.services import enqueue

PERIODIC_KIND = "jobs.periodic"


def tick() -> int:
    """Write the planned runs that are due and ask for their jobs; return how many were new.

    The unique row (task, planned instant) decides who was first. A run that is still open when
    the next is planned is not doubled.
    """
    now, new = clock.running(), 0
    for entry in registry.periodics():
        planned = entry.planned(now)
        if planned is None or Tick.objects.filter(task=entry.name, planned_at=planned).exists():
            continue
        with transaction.atomic():
            _, created = Tick.objects.get_or_create(task=entry.name, planned_at=planned, defaults={"created_at": now})
            if created:
                enqueue(
                    PERIODIC_KIND, payload={"name": entry.name}, queue=entry.queue, dedupe_key=f"periodic:{entry.name}"
                )
                new += 1
    return new
