"""The same promises with a real Redis and real Celery workers that are killed, emptied and frozen."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from greenportal.devtools.places import BIN, ROOT
from greenportal.devtools.process import end, spawn
from greenportal.devtools.redis import RedisServer
from greenportal.jobs import doorbell, services, sweeper
from greenportal.jobs.models import Job, Tick
from tests.conftest import WorkerProcess
from tests.factories.jobs import make_job
from tests.jobs.app.tasks import effects
from tests.jobs.conftest import start_worker, until

pytestmark = pytest.mark.services


def done(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state="done").exists()


def test_whole_worker_killed_mid_job_is_recovered_by_the_lease(worker: WorkerProcess) -> None:
    start_worker(worker)
    job = services.enqueue("test.steps", payload={"name": "x", "total": 15, "pause": 0.2})
    assert until(lambda: Job.objects.filter(pk=job.pk, progress_done__gte=2).exists())
    worker.kill()
    assert effects("x") == 0
    start_worker(worker)
    assert until(lambda: done(job))
    job.refresh_from_db()
    assert (effects("x"), job.attempts) == (1, 2)


def test_emptied_redis_loses_nothing(worker: WorkerProcess, redis_server: RedisServer) -> None:
    jobs = [services.enqueue("test.effect", payload={"name": f"n{n}"}) for n in range(20)]
    client = redis.Redis.from_url(redis_server.url())
    assert client.llen("fast") == 20
    client.flushall()
    client.close()
    start_worker(worker)
    assert until(lambda: Job.objects.filter(state="done", kind="test.effect").count() == 20)
    assert [effects(f"n{n}") for n in range(20)] == [1] * 20
    assert len(jobs) == 20


def test_two_workers_killed_at_random_leave_forty_single_effects(worker: WorkerProcess, tmp_path: Any) -> None:
    second = WorkerProcess(worker.redis, tmp_path / "storage", tmp_path / "second.log")
    start_worker(worker)
    start_worker(second)
    try:
        jobs = [services.enqueue("test.effect", payload={"name": f"n{n}", "seconds": 0.1}) for n in range(40)]
        assert until(lambda: Job.objects.filter(state="done", kind="test.effect").count() >= 8)
        worker.kill()
        sweeper.sweep()
        assert until(lambda: all(done(job) for job in jobs))
    finally:
        second.stop()
    assert [effects(f"n{n}") for n in range(40)] == [1] * 40


@pytest.fixture
def beats(worker: WorkerProcess, tmp_path: Any) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two beat processes at once, as after a careless scale-up."""
    start_worker(worker, sweep_seconds=3600)
    extra = {"DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings", "TEST_JOBS": '{"sweep_seconds": 0.5}'}
    processes = [
        spawn(
            [str(BIN / "celery"), "-A", "greenportal", "beat", "-s", str(tmp_path / f"beat{n}"), "--pidfile="],
            log=tmp_path / f"beat{n}.log",
            env={**worker.environment(), **extra},
            cwd=ROOT,
        )
        for n in range(2)
    ]
    yield processes
    for process in processes:
        end(process, patience=2)


def test_two_beats_plan_each_minute_once_and_ring_for_forgotten_jobs(beats: Any, worker: WorkerProcess) -> None:
    forgotten = make_job(payload={"name": "forgotten"})
    assert until(lambda: done(forgotten))
    assert until(lambda: Job.objects.filter(kind="jobs.canary", state="done").exists())
    minutes = Tick.objects.filter(task="jobs.canary").count()
    assert minutes == Tick.objects.filter(task="jobs.canary").values("planned_at").distinct().count()
    assert Job.objects.filter(kind="jobs.canary").count() <= minutes
    assert effects("forgotten") == 1


def test_control_without_sweeper_the_emptied_redis_loses_the_jobs(
    worker: WorkerProcess, redis_server: RedisServer
) -> None:
    job = services.enqueue("test.effect", payload={"name": "lost"})
    client = redis.Redis.from_url(redis_server.url())
    client.flushall()
    client.close()
    start_worker(worker, sweep_seconds=3600)
    assert not until(lambda: done(job), 4)
    doorbell.ring(job.pk, job.queue)
    assert until(lambda: done(job))
