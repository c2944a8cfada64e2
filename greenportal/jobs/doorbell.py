"""Ringing Celery: best effort, bounded in time, never the truth."""

from __future__ import annotations

import os
import threading
import time
import uuid

import structlog
from kombu import Connection
from kombu.exceptions import KombuError, OperationalError
from kombu.pools import ProducerPool
from redis.exceptions import RedisError

from greenportal.celery import app
from greenportal.jobs import conf

log = structlog.get_logger(__name__)
TRANSPORT = "greenportal.jobs.transport:Transport"
#: A failure faster than this may only mean a connection that had gone stale: one more try is free.
QUICK = 0.5
#: Seconds per socket operation, and no second attempt inside kombu: a frozen broker costs one of them.
IMPATIENT = {"socket_timeout": 1.5, "socket_connect_timeout": 1.5, "max_retries": 0, "interval_start": 0}


class Breaker:
    """Stays silent for `breaker_seconds` after a failed ring, so that one dead broker delays one request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def open(self) -> bool:
        """True while nobody should try."""
        with self._lock:
            return time.monotonic() < self._closed_until

    def trip(self) -> None:
        """Start the silence."""
        with self._lock:
            self._closed_until = time.monotonic() + conf.values().breaker_seconds

    def reset(self) -> None:
        """End the silence."""
        with self._lock:
            self._closed_until = 0.0


breaker = Breaker()
_pools: dict[tuple[int, str], ProducerPool] = {}
_pools_lock = threading.Lock()


def _pool() -> ProducerPool:
    """Return the connections of this process to the present broker; a forked child makes its own."""
    url = str(app.conf.broker_write_url or app.conf.broker_url)
    key = (os.getpid(), url)
    with _pools_lock:
        if key not in _pools:
            options = {**app.conf.broker_transport_options, **IMPATIENT}
            _pools[key] = ProducerPool(Connection(url, transport=TRANSPORT, transport_options=options).Pool(4), limit=4)
        return _pools[key]


def _forget() -> None:
    """Drop the connections of this process: after a failure nobody knows what they still hold."""
    with _pools_lock:
        dropped = [_pools.pop(key) for key in list(_pools) if key[0] == os.getpid()]
    for pool in dropped:
        pool.force_close_all()  # type: ignore[attr-defined]  # missing in the stubs


def ring(job_id: uuid.UUID, queue: str) -> bool:
    """Ask a worker of `queue` to look at the job row; True when the broker took the message.

    Call it after commit only. A broker that is down costs at most about 2 s once in
    `breaker_seconds`; the sweeper rings again, so a failure is logged and forgotten.
    """
    if breaker.open():
        return False
    started = time.monotonic()
    reason = _send(job_id, queue)
    if reason and time.monotonic() - started < QUICK:
        reason = _send(job_id, queue)
    if reason:
        breaker.trip()
        log.warning("doorbell_failed", job=str(job_id), queue=queue, reason=reason)
    return not reason


def _send(job_id: uuid.UUID, queue: str) -> str:
    """Publish once; return the name of what went wrong, or nothing."""
    soft, hard = conf.TIME_LIMITS[queue]
    try:
        with _pool().acquire(block=True, timeout=1) as producer:
            app.send_task(
                conf.RUN_TASK,
                args=[str(job_id)],
                queue=queue,
                retry=False,
                producer=producer,
                soft_time_limit=soft,
                time_limit=hard,
            )
    except (OperationalError, KombuError, RedisError, OSError) as exc:
        _forget()
        return type(exc).__name__
    return ""
