"""Fixtures of job tests: short durations, an armed doorbell, workers of the test's own job kinds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from greenportal.devtools.redis import RedisServer
from greenportal.jobs import doorbell, runner
from tests import emptying
from tests.conftest import WorkerProcess
from tests.jobs.app import tasks as _tasks  # noqa: F401  registers the kinds in this process too

FAST = {
    "lease_seconds": 2,
    "heartbeat_seconds": 0.5,
    "sweep_seconds": 0.5,
    "ring_again_seconds": 1,
    "ring_again_max_seconds": 2,
    "backoff_seconds": 0.1,
    "breaker_seconds": 1,
}


@pytest.fixture
def fast(settings: Any) -> Callable[..., None]:
    """Set the job durations of this process to fractions of seconds; call with further overrides."""

    def apply(**more: Any) -> None:
        settings.JOBS = {**FAST, **more}

    apply()
    return apply


@pytest.fixture(autouse=True)
def closed_breaker() -> Iterator[None]:
    """No test inherits the silence of another's dead broker."""
    doorbell.breaker.reset()
    yield
    doorbell.breaker.reset()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Job ids that were rung for, without a broker."""
    heard: list[str] = []

    def ring(job_id: Any, queue: str) -> bool:
        heard.append(str(job_id))
        return True

    monkeypatch.setattr(doorbell, "ring", ring)
    return heard


@pytest.fixture
def worker(
    transactional_db: None, real_broker: str, redis_server: RedisServer, tmp_path: Path, fast: Any
) -> Iterator[WorkerProcess]:
    """A worker on this test's database with short leases; the test starts it by `start_worker(worker)`."""
    process = WorkerProcess(redis_server, tmp_path / "storage", tmp_path / "worker.log")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None, django_db_blocker: Any, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    """One worker for all tests of a module that do not kill it: starting one takes seconds."""
    folder = tmp_path_factory.mktemp("worker")
    process = WorkerProcess(redis_server, folder / "storage", folder / "worker.log")
    with django_db_blocker.unblock():
        start_worker(process, lease_seconds=1, heartbeat_seconds=0.3)
    yield process
    process.stop()
    with django_db_blocker.unblock():
        # What it planned after the last test's rows were flushed must not reach other modules.
        emptying.empty()


@pytest.fixture
def standing_worker(transactional_db: None, real_broker: str, standing: WorkerProcess, fast: Any) -> WorkerProcess:
    """The module's running worker, with the doorbell of this process armed."""
    return standing


def start_worker(process: WorkerProcess, **jobs: Any) -> None:
    process.start(DJANGO_SETTINGS_MODULE="tests.jobs.worker_settings", TEST_JOBS=json.dumps({**FAST, **jobs}))


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for `condition`; return whether it came true."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def run_in_child(job_id: Any) -> int:
    """Run the job in a forked process, which may die; return its exit code."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        code = 70
        # Under a browser's event loop the parent keeps its connections in another place (asgiref), which `close_all`
        # did not see and this process would find: a death in mid-transaction would leave the parent's session locked.
        for alias in connections:
            connections[alias].connection = None
        try:
            runner.run(job_id)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
