"""A real Celery worker killed in the middle of a real packet: the next run completes it, once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.jobs.models import Job
from nominations.constants import FILE_PACKET, JOB_PACKET
from nominations.models import Packet, PacketPart
from tests.conftest import WorkerProcess
from tests.factories import nominations as make
from tests.jobs.conftest import closed_breaker, fast, start_worker, until, worker  # noqa: F401  fixtures
from tests.nominations.services.test_packets import names_in

pytestmark = pytest.mark.services
ATTEMPTS = 3
SOON = {"lease_seconds": 1, "heartbeat_seconds": 0.3, "sweep_seconds": 0.3}


def half_made(more_than: int) -> set[tuple[int, object]]:
    """Wait until more parts than that are kept; return them."""
    assert until(lambda: PacketPart.objects.count() > more_than), "the packet does not go on"
    return set(PacketPart.objects.values_list("pk", "file_id"))


def children(process: WorkerProcess) -> list[int]:
    pid = process.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def nothing_is_offered() -> None:
    packet = Packet.objects.get()
    assert (packet.ready_at, packet.file_id, packet.content_key, packet.manifest) == (None, None, "", {})
    assert not StoredFile.objects.filter(kind=FILE_PACKET).exists()


def completed_once(job: Job, made: set[tuple[int, object]]) -> None:
    assert until(lambda: Job.objects.filter(pk=job.pk, state="done").exists()), Job.objects.get(pk=job.pk).error
    job.refresh_from_db()
    packet = Packet.objects.get()
    assert job.attempts == ATTEMPTS
    assert packet.ready_at is not None and names_in(packet)[-1] == "清单.json"
    assert StoredFile.objects.filter(kind=FILE_PACKET).count() == 1
    assert AuditEntry.objects.filter(action="list.packet_ready").count() == 1
    assert made <= set(PacketPart.objects.values_list("pk", "file_id")), "a part was made a second time"


def test_worker_child_and_whole_worker_killed_in_a_packet_are_followed_by_others(worker: WorkerProcess) -> None:  # noqa: F811
    """One packet, two deaths: starting a worker and its first page take most of this test's time."""
    make.ready_list(stage="finalised")
    start_worker(worker, **SOON)
    job = Job.objects.get(kind=JOB_PACKET)
    first = half_made(1)
    [child] = children(worker)
    os.kill(child, signal.SIGKILL)
    nothing_is_offered()
    second = half_made(len(first))
    assert worker.process.poll() is None and child not in children(worker), "another child of the same worker goes on"
    worker.kill()
    nothing_is_offered()
    assert Job.objects.get(pk=job.pk).state == "running", "nobody has noticed yet"
    start_worker(worker, **SOON)
    completed_once(job, first | second)
