"""Running one job: claim, keep the lease, call the handler, write how it ended."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit import services as audit
from greenportal.findings.types import DomainError
from greenportal.jobs import conf, faults, registry
from greenportal.jobs.context import Cancelled, JobContext, LeaseLost
from greenportal.jobs.models import Job

log = structlog.get_logger(__name__)


def run(job_id: uuid.UUID, *, heartbeat: bool = True) -> str:
    """Run the job once if it is due and free; return how it ended, in one word for the log.

    not_due: somebody else has it, it is over, or its time has not come. Exactly one caller
    claims; a handler that fails is tried again after a pause, a last time it ends dead.
    heartbeat=False keeps the lease by `step` alone: for tests inside one transaction.
    """
    claimed = _claim(job_id)
    if claimed is None:
        return "not_due"
    job, token = claimed
    mark = faults.attempt.set(job.attempts)
    context = JobContext(job, token)
    try:
        faults.point("claimed")
        with _beating(context) if heartbeat else _still():
            return _call(job, context)
    finally:
        faults.attempt.reset(mark)


def _claim(job_id: uuid.UUID) -> tuple[Job, uuid.UUID] | None:
    """Take the lease by one conditional update; waits for a transaction that holds the row."""
    now, token = clock.running(), uuid.uuid4()
    taken = Job.objects.filter(pk=job_id, state=Job.State.DUE, due_at__lte=now).update(
        state=Job.State.RUNNING,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_until=now + timedelta(seconds=conf.values().lease_seconds),
        started_at=now,
        progress_done=0,
        progress_total=0,
        stage="",
    )
    return (Job.objects.get(pk=job_id), token) if taken else None


@contextmanager
def _still() -> Iterator[None]:
    yield


@contextmanager
def _beating(context: JobContext) -> Iterator[None]:
    """Extend the lease from a thread of its own while the block runs."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(conf.values().heartbeat_seconds):
                try:
                    context.beat()
                except LeaseLost:
                    return
                except DatabaseError as exc:
                    # The database may be restarting; the lease outlives three missed beats.
                    log.warning("heartbeat_failed", job=str(context.job_id), reason=type(exc).__name__)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{context.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _call(job: Job, context: JobContext) -> str:
    """Call the handler and turn every way it can end into a state of the row."""
    try:
        faults.point("before_handler")
        kind = registry.kind_of(job.kind)
        result = kind.handler(context, **job.payload)
        context.finish(result)
        faults.point("after_finish")
        return "done"
    except LeaseLost:
        log.warning("job_lease_lost", job=str(job.pk), kind=job.kind)
        return "lease_lost"
    except Cancelled:
        return "cancelled" if _end(context, Job.State.CANCELLED) else "lease_lost"
    except DomainError as exc:
        _refused(job, exc)
        return "dead" if _end(context, Job.State.DEAD, error=_named(exc), message=exc.message) else "lease_lost"
    except Exception as exc:  # an unknown kind, the soft time limit and every fault of a handler
        log.exception("job_failed", job=str(job.pk), kind=job.kind, attempt=job.attempts)
        return _failed(job, context, exc)


def _failed(job: Job, context: JobContext, exc: Exception) -> str:
    """Plan the next attempt, or give up after the last."""
    if context.finished:
        log.warning("job_failed_after_finish", job=str(job.pk), kind=job.kind)
        return "done"
    if job.attempts >= max_attempts(job.kind):
        return "dead" if _end(context, Job.State.DEAD, error=_named(exc)) else "lease_lost"
    due = clock.running() + pause(job.attempts)
    rows = context.mine().update(
        state=Job.State.DUE, lease_token=None, lease_until=None, due_at=due, ring_at=due, rings=0, error=_named(exc)
    )
    return "retry" if rows else "lease_lost"


def _end(context: JobContext, state: Job.State, *, error: str = "", message: str = "") -> int:
    rows: int = context.mine().update(
        state=state,
        lease_token=None,
        lease_until=None,
        finished_at=clock.running(),
        error=error,
        user_message=message[:300],
    )
    return rows


def _refused(job: Job, exc: DomainError) -> None:
    """A rule said no to the job: the trail keeps it, after the handler's transaction rolled back."""
    if transaction.get_connection().in_atomic_block:
        return
    audit.record_refusal(
        actor=Actor.system(job.kind), action="jobs.run", target=f"jobs.job:{job.pk}", reason=exc.message
    )


def max_attempts(kind: str) -> int:
    """Return how often `kind` may be tried; 5 for a kind that no app knows any more."""
    return registry.kind_of(kind).max_attempts if kind in registry.kinds() else 5


def pause(attempts: int) -> timedelta:
    """Return the wait after that many attempts: 10 s · 2^(n−1), up to a quarter more at random."""
    base = conf.values().backoff_seconds * 2 ** max(attempts - 1, 0)
    return timedelta(seconds=base * (1 + random.random() / 4))  # noqa: S311  spreads load, guards nothing


def _named(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"[:2000]
