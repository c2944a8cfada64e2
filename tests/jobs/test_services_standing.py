"""One standing worker with a real Redis: a killed child, a frozen broker, a poison job."""

from __future__ import annotations

import os
import signal
import time

import pytest

from greenportal.devtools.redis import RedisServer
from greenportal.jobs import services
from greenportal.jobs.models import Job
from tests.conftest import WorkerProcess
from tests.jobs.app.tasks import effects
from tests.jobs.conftest import until

pytestmark = pytest.mark.services


def done(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state="done").exists()


def test_worker_child_killed_mid_job_leaves_one_effect(standing_worker: WorkerProcess) -> None:
    job = services.enqueue("test.die_once", payload={"name": "x"})
    assert until(lambda: done(job))
    job.refresh_from_db()
    assert (effects("x"), job.attempts) == (1, 2)


def test_frozen_redis_delays_a_request_by_three_seconds_at_most(
    standing_worker: WorkerProcess, redis_server: RedisServer
) -> None:
    assert redis_server.process is not None
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        jobs = [services.enqueue("test.effect", payload={"name": f"n{n}"}) for n in range(3)]
        waited = time.monotonic() - started
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
    assert waited <= 3
    assert until(lambda: all(done(job) for job in jobs))
    assert [effects(f"n{n}") for n in range(3)] == [1, 1, 1]


def test_poison_job_ends_dead_while_others_flow(standing_worker: WorkerProcess) -> None:
    poison = services.enqueue("test.poison")
    others = [services.enqueue("test.effect", payload={"name": f"n{n}"}) for n in range(5)]
    assert until(lambda: Job.objects.filter(pk=poison.pk, state="dead").exists(), 60)
    assert until(lambda: all(done(job) for job in others))
    poison.refresh_from_db()
    assert poison.attempts == 3
