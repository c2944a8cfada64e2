"""Verbs about jobs: ask for one, cancel, retry, abandon."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.identity import refuse_numbers
from greenportal.audit import services as audit
from greenportal.findings.types import NotVisible, ReasonRequired, Refused, WrongState
from greenportal.jobs import conf, doorbell, selectors
from greenportal.jobs.models import Job

OPEN = (Job.State.DUE, Job.State.RUNNING)


def key_of(cause: str, ids: Iterable[int]) -> str:
    """Return the dedupe key of work on a set of rows: equal for equal sets only, since a job that is joined keeps its payload."""
    content = ",".join(str(pk) for pk in sorted(set(ids)))
    return f"{cause}:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def enqueue(
    kind: str,
    *,
    payload: Mapping[str, Any] | None = None,
    queue: str = "fast",
    dedupe_key: str = "",
    scope: str = "",
    scope_id: int | None = None,
    due_at: datetime | None = None,
    actor: Actor | None = None,
) -> Job:
    """Write a job in the caller's transaction and ring for it after commit.

    kind: registered in some `<app>/tasks.py`; payload: ids only, JSON-safe, becomes the handler's
    keyword arguments. An open job with the same (kind, dedupe_key) is returned instead: one still
    waiting is held until the caller commits, so that it reads the caller's change, and one already
    running runs once more afterwards. `due_at` in the future waits for the sweeper.
    """
    now = clock.running()
    due = due_at or now
    with transaction.atomic():
        job = _join_open(kind, dedupe_key, due) if dedupe_key else None
        while job is None:
            try:
                with transaction.atomic():
                    job = Job.objects.create(
                        kind=kind,
                        payload=dict(payload or {}),
                        queue=queue,
                        dedupe_key=dedupe_key,
                        scope=scope,
                        scope_id=scope_id,
                        due_at=due,
                        ring_at=_first_ring(due, now),
                        created_by_id=actor.user_id if actor else None,
                        created_at=now,
                    )
            except IntegrityError:
                # Another transaction took the key meanwhile; join its job, or try again if that ended.
                if not dedupe_key:
                    raise
                job = _join_open(kind, dedupe_key, due)
        if due <= now:
            _ring_after_commit(job)
    return job


def _first_ring(due: datetime, now: datetime) -> datetime:
    """When the sweeper rings first: a job due now is rung by its own transaction."""
    return due if due > now else now + timedelta(seconds=conf.values().ring_again_seconds)


def _ring_after_commit(job: Job) -> None:
    def ring() -> None:
        doorbell.ring(job.pk, job.queue)

    transaction.on_commit(ring)


def _join_open(kind: str, dedupe_key: str, due: datetime) -> Job | None:
    """Lock the open job of this key, if any, and make sure it will see the caller's change."""
    job = Job.objects.select_for_update().filter(kind=kind, dedupe_key=dedupe_key, state__in=OPEN).first()
    if job is None:
        return None
    if job.state == Job.State.RUNNING:
        job.again = True
        job.save(update_fields=["again"])
    elif due < job.due_at:
        job.due_at = job.ring_at = due
        job.save(update_fields=["due_at", "ring_at"])
    return job


def cancel(*, actor: Actor, job_id: uuid.UUID) -> Job:
    """Stop a job for a person: one that waits ends at once, one that runs at its next step.

    Raises NotVisible, Refused when the actor sees the job but may not stop it, WrongState.
    """
    if not selectors.may_cancel(actor, selectors.visible_job(actor, job_id)):
        raise Refused("这项处理由发起单位决定是否停止，您可以查看进度。确需停止的，请联系发起人。")
    return halt(actor=actor, job_id=job_id)


def halt(*, actor: Actor, job_id: uuid.UUID) -> Job:
    """Stop a job as part of another verb (its version is void); the caller has checked that `actor` may do that.

    Raises WrongState when the job is over.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if not job.is_open:
            raise WrongState(f"任务{job.get_state_display()}，不能再取消。请刷新页面查看结果。")
        job.cancel_requested = True
        if job.state == Job.State.DUE:
            job.state, job.finished_at = Job.State.CANCELLED, clock.running()
        job.save(update_fields=["cancel_requested", "state", "finished_at"])
        audit.record(actor=actor, action="jobs.cancel", target=f"jobs.job:{job.pk}", data={"kind": job.kind})
    return job


def retry_dead(*, actor: Actor, job_id: uuid.UUID, reason: str) -> Job:
    """Let a dead job try again from the first attempt, after its cause was mended; with a reason, audited.

    Raises NotVisible, Refused, WrongState, ReasonRequired, Invalid (an identity number in the reason); WrongState too
    when an equal job is open.
    """
    with transaction.atomic():
        job = _dead(actor, job_id, reason, "重试")
        now = clock.running()
        if job.dedupe_key and _join_open(job.kind, job.dedupe_key, now):
            raise WrongState("同样的任务已在排队或处理，不必重试。可以放弃这一条。")
        job.state, job.attempts, job.finished_at, job.cancel_requested = Job.State.DUE, 0, None, False
        job.due_at, job.ring_at, job.rings, job.user_message = now, _first_ring(now, now), 0, ""
        job.save()
        _note(actor, "jobs.retry", job, reason)
        _ring_after_commit(job)
    return job


def abandon_dead(*, actor: Actor, job_id: uuid.UUID, reason: str) -> Job:
    """Give a dead job up for good, with a reason, audited. Raises as `retry_dead`."""
    with transaction.atomic():
        job = _dead(actor, job_id, reason, "放弃")
        job.state = Job.State.ABANDONED
        job.save(update_fields=["state"])
        _note(actor, "jobs.abandon", job, reason)
    return job


def _dead(actor: Actor, job_id: uuid.UUID, reason: str, verb: str) -> Job:
    if actor.role != Role.SYSTEM_ADMIN:
        raise Refused("停止的任务由系统管理员处理。")
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotVisible
    if job.state != Job.State.DEAD:
        raise WrongState(f"任务当前{job.get_state_display()}，不能{verb}。请刷新页面查看最新状态。")
    if not reason.strip():
        raise ReasonRequired(f"{verb}需要写明理由。")
    refuse_numbers(reason=reason)
    return job


def _note(actor: Actor, action: str, job: Job, reason: str) -> None:
    data = {"kind": job.kind, "reason": reason.strip(), "error": job.error[:300]}
    audit.record(actor=actor, action=action, target=f"jobs.job:{job.pk}", data=data)
