"""A worker that dies in the middle of a packet: nothing half is offered, nothing made is lost or made twice."""

from __future__ import annotations

import os
from typing import Any

import pytest

from greenportal.clock import running
from greenportal.files.models import StoredFile
from greenportal.jobs import runner, sweeper
from greenportal.jobs.context import JobContext
from greenportal.jobs.models import Job
from nominations import tasks
from nominations.constants import FILE_PART, JOB_PACKET
from nominations.models import Packet, PacketPart
from tests.factories import nominations as make
from tests.jobs.conftest import run_in_child
from tests.nominations.services.test_packets import Kitchen, names_in

pytestmark = pytest.mark.django_db(transaction=True)
KILLED = 9
#: Where it dies → parts that are made by then: the list; the list and the first nominee (own pages, merged); all.
POINTS = {"正在合并": 1, "正在合并2": 3, "正在打包": 5}


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, private_storage: Any) -> Job:
    """The packet's job of a list of two nominees, which nobody was rung for."""
    monkeypatch.setattr(tasks, "PacketKitchen", Kitchen)
    make.ready_list(categories=["factory", "product"], stage="finalised")
    row = Job.objects.get(kind=JOB_PACKET)
    Job.objects.exclude(pk=row.pk).delete()
    Job.objects.filter(pk=row.pk).update(due_at=running())
    return row


def die_at(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """Let the process end without a word at the n-th step whose stage begins so."""
    left = int(point[4:] or 1)
    real = JobContext.step

    def step(self: JobContext, done: int, total: int, stage: str) -> None:
        nonlocal left
        if stage.startswith(point[:4]):
            left -= 1
            if not left:
                os._exit(KILLED)
        real(self, done, total, stage)

    monkeypatch.setattr(JobContext, "step", step)


@pytest.mark.parametrize("point", POINTS)
def test_a_packet_whose_worker_was_killed_is_finished_by_the_next(job: Job, point: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        die_at(patch, point)
        assert run_in_child(job.pk) == KILLED
    packet = Packet.objects.get()
    assert (packet.ready_at, packet.file_id, PacketPart.objects.count()) == (None, None, POINTS[point])
    made = set(PacketPart.objects.values_list("pk", "file_id"))
    assert sweeper.sweep().taken_back == 0, "the dead worker's lease still runs"
    Job.objects.filter(pk=job.pk).update(lease_until=running())
    assert sweeper.sweep().taken_back == 1
    Job.objects.filter(pk=job.pk).update(due_at=running())
    assert runner.run(job.pk) == "done"
    packet.refresh_from_db()
    assert packet.ready_at is not None and len(names_in(packet)) == 4
    assert made <= set(PacketPart.objects.values_list("pk", "file_id"))
    assert PacketPart.objects.count() == StoredFile.objects.filter(kind=FILE_PART).count() == 5


def test_control_an_undisturbed_worker_makes_the_same_packet(job: Job) -> None:
    assert run_in_child(job.pk) == 0
    assert Packet.objects.get().ready_at is not None
    assert PacketPart.objects.count() == 5
