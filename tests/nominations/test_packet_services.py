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
ATTEMPTS = 2
SOON = {"lease_seconds": 1, "heartbeat_seconds": 0.3, "sweep_seconds": 0.3}


def packet_half_made(process: WorkerProcess) -> tuple[Job, set[tuple[int, object]]]:
    """Let the worker begin a packet; return its job and the parts that are kept when two of them are."""
    make.ready_list(stage="finalised")
    start_worker(process, **SOON)
    job = Job.objects.get(kind=JOB_PACKET)
    assert until(lambda: PacketPart.objects.count() >= 2), "the packet was never begun"
    return job, set(PacketPart.objects.values_list("pk", "file_id"))


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


def test_a_worker_child_killed_in_a_packet_is_followed_by_another(worker: WorkerProcess) -> None:  # noqa: F811
    job, made = packet_half_made(worker)
    [child] = children(worker)
    os.kill(child, signal.SIGKILL)
    nothing_is_offered()
    completed_once(job, made)
    assert worker.process.poll() is None and child not in children(worker)


def test_a_whole_worker_killed_in_a_packet_leaves_it_to_the_next(worker: WorkerProcess) -> None:  # noqa: F811
    job, made = packet_half_made(worker)
    worker.kill()
    nothing_is_offered()
    assert Job.objects.get(pk=job.pk).state == "running", "nobody has noticed yet"
    start_worker(worker, **SOON)
    completed_once(job, made)
