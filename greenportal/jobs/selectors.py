"""Which jobs an actor sees."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import NotVisible
from greenportal.jobs import registry
from greenportal.jobs.models import Job


def visible_job(actor: Actor, job_id: uuid.UUID) -> Job:
    """Return the job for its progress page; raises NotVisible alike for an absent and a foreign one.

    A job about something is seen by who may see that thing; one about nothing by who asked for it.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or actor.user_id is None:
        raise NotVisible
    mine = job.created_by_id == actor.user_id if not job.scope else registry.may_see(actor, job.scope, job.scope_id)
    if not mine:
        raise NotVisible
    return job


def may_cancel(actor: Actor, job: Job) -> bool:
    """True when `actor`, who sees `job`, may stop it: who asked for it, or whom the job's thing belongs to."""
    own = actor.user_id is not None and job.created_by_id == actor.user_id
    return registry.may_stop(actor, job.kind, job.scope, job.scope_id, own=own)


def visible_to(actor: Actor) -> QuerySet[Job]:
    """Return all jobs for the system administrator, none for anybody else: theirs hang on their things."""
    return Job.objects.all() if actor.role == Role.SYSTEM_ADMIN else Job.objects.none()


def dead_letters(actor: Actor) -> QuerySet[Job]:
    """Return the jobs that wait for a person, the newest first; for the system administrator only."""
    return visible_to(actor).filter(state=Job.State.DEAD).order_by("-finished_at")
