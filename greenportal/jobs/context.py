"""What a handler holds while its job runs: the lease, progress, and the fence around its effects."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from greenportal import clock
from greenportal.jobs import conf, doorbell, faults
from greenportal.jobs.models import Job


class Cancelled(Exception):
    """Somebody asked the job to stop."""


class LeaseLost(Exception):
    """Another run owns the job now: whatever this one does must not count."""


class JobContext:
    """One run of one job. Handlers use `step`, `cancelled`, `fenced` and `finish`; nothing else."""

    def __init__(self, job: Job, token: uuid.UUID) -> None:
        self.job_id = job.pk
        self.kind = job.kind
        self.attempt = job.attempts
        self.scope = job.scope
        self.scope_id = job.scope_id
        self.created_by_id = job.created_by_id
        self.finished = False
        self._token = token
        self._queue = job.queue
        self._written = 0.0
        self._stage = job.stage
        self._cancelled = threading.Event()
        self._lost = threading.Event()

    @property
    def cancelled(self) -> bool:
        """True once somebody asked to stop; read from the last heartbeat, costs nothing."""
        return self._cancelled.is_set()

    def step(self, done: int, total: int, stage: str) -> None:
        """Show `done` of `total` and what is being done (正在合并附件), and keep the lease.

        Writes at most twice a second unless the stage changes or the work is complete. Call it
        outside transactions, or nobody sees it. Raises Cancelled or LeaseLost.
        """
        if self._lost.is_set():
            raise LeaseLost
        pause = conf.values().progress_write_seconds
        if stage == self._stage and done < total and time.monotonic() - self._written < pause:
            if self.cancelled:
                raise Cancelled
            return
        self._written, self._stage = time.monotonic(), stage
        self.beat(progress_done=done, progress_total=total, stage=stage[:80])
        if self.cancelled:
            raise Cancelled

    def beat(self, **changes: Any) -> None:
        """Extend the lease and learn whether to stop. Raises LeaseLost when the lease is another's."""
        if not self.mine().update(lease_until=_lease_end(), **changes):
            self._lost.set()
            raise LeaseLost
        if self.mine().filter(cancel_requested=True).exists():
            self._cancelled.set()

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """A transaction that commits only while the lease is ours; raises LeaseLost and rolls back otherwise.

        Put every database effect in one, last of all `finish`, so that effect and end are one.
        """
        with transaction.atomic():
            if conf.values().fencing and not self.mine().exists():
                raise LeaseLost
            yield
            faults.point("before_commit")
            # The update locks the row until commit: the sweeper skips it, a zombie matches nothing.
            if conf.values().fencing and not self.finished and not self.mine().update(lease_until=_lease_end()):
                self._lost.set()
                raise LeaseLost
        faults.point("after_commit")

    def finish(self, result: Mapping[str, Any] | None = None) -> None:
        """End the job with its JSON-safe `result`, in the caller's transaction.

        `result["file"]` (id of a StoredFile) becomes a download link on the progress page,
        `result["next"]` (path) a link onwards. Raises LeaseLost.
        """
        if self.finished:
            return
        now = clock.running()
        over: dict[str, Any] = {"lease_token": None, "lease_until": None, "result": dict(result or {}), "error": ""}
        rows = self.mine()
        if rows.filter(again=False).update(state=Job.State.DONE, finished_at=now, user_message="", **over):
            self.finished = True
            return
        if not rows.filter(again=True).update(
            state=Job.State.DUE, again=False, attempts=0, due_at=now, ring_at=now, rings=0, **over
        ):
            raise LeaseLost
        self.finished = True
        transaction.on_commit(self._ring_again)

    def _ring_again(self) -> None:
        doorbell.ring(self.job_id, self._queue)

    def mine(self) -> QuerySet[Job]:
        """Return the row as long as the lease is ours (any run's while fencing is switched off by a test)."""
        rows = Job.objects.filter(pk=self.job_id, state=Job.State.RUNNING)
        return rows.filter(lease_token=self._token) if conf.values().fencing else rows


def _lease_end() -> datetime:
    return clock.running() + timedelta(seconds=conf.values().lease_seconds)
