"""What Celery runs: three tasks, and a sweeper in each worker for when beat is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import structlog
from celery import signals
from celery.worker import state
from django.db import connection

from greenportal import clock
from greenportal.celery import app
from greenportal.jobs import conf, doorbell, runner, sweeper, ticking
from greenportal.jobs.models import Job

log = structlog.get_logger(__name__)
_stop = threading.Event()
_last_message = time.monotonic()


@app.task(name=conf.RUN_TASK)
def run_job(job_id: str) -> str:
    """Run the job `job_id` if it is due; a second message about the same job does nothing."""
    return runner.run(uuid.UUID(job_id))


@app.task(name=conf.SWEEP_TASK)
def sweep_jobs() -> None:
    """Beat's call every 15 s."""
    sweeper.sweep()


@app.task(name=conf.TICK_TASK)
def tick_jobs() -> None:
    """Beat's call every 15 s; planned runs are unique rows, so any number of beats is harmless."""
    ticking.tick()


def sweep_forever(stop: threading.Event) -> None:
    """Tick and sweep every `sweep_seconds` until `stop`; whatever fails is logged and tried again."""
    while not stop.wait(conf.values().sweep_seconds):
        sweep_once()


def sweep_once() -> None:
    """Tick and sweep; a database that is away is logged and left for the next time."""
    try:
        ticking.tick()
        sweeper.sweep()
    except Exception:
        # This thread is what is left when all else fails: nothing may end it.
        log.exception("sweep_failed")
    finally:
        connection.close()


def deaf(queues: set[str], *, silence: float, busy: bool) -> bool:
    """True when jobs of `queues` are rung for in vain while this idle worker hears nothing.

    silence: seconds since the last message. Celery workers are known to stay connected and consume
    nothing after Redis was away (celery #8030, #10205); only a restart helps.
    """
    alarm = conf.values().alarm_seconds
    if busy or silence < alarm or doorbell.breaker.open():
        return False
    overdue = clock.running() - timedelta(seconds=alarm)
    return Job.objects.filter(state=Job.State.DUE, queue__in=queues, due_at__lt=overdue, rings__gte=3).exists()


def watch(stop: threading.Event) -> None:
    """In a worker: sweep, and end the process when it is deaf, so that its supervisor starts a new one."""
    while not stop.wait(conf.values().sweep_seconds):
        sweep_once()
        try:
            queues = set(app.amqp.queues.consume_from)
            if deaf(queues, silence=time.monotonic() - _last_message, busy=bool(state.active_requests)):
                log.critical("worker_deaf", queues=sorted(queues))
                os.kill(os.getpid(), signal.SIGTERM)
                return
        except Exception:
            log.exception("watch_failed")
        finally:
            connection.close()


@signals.task_received.connect
def _note_message(**_: Any) -> None:
    global _last_message
    _last_message = time.monotonic()


@signals.worker_ready.connect
def _start_sweeper(**_: Any) -> None:
    _stop.clear()
    _note_message()
    threading.Thread(target=watch, args=(_stop,), name="sweeper", daemon=True).start()


@signals.worker_shutting_down.connect
def _stop_sweeper(**_: Any) -> None:
    _stop.set()
