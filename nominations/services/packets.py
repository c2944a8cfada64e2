"""申报材料: asked for by a row and a job, made from a list version, offered when its counts agree."""

from __future__ import annotations

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import WrongState
from greenportal.jobs.models import Job
from greenportal.jobs.services import enqueue, halt
from nominations import rules
from nominations.constants import JOB_PACKET, SCOPE_LIST
from nominations.models import ListVersion, Packet
from nominations.services.moving import list_target, lock_list


def want(version: ListVersion, *, actor: Actor) -> Packet:
    """Ask for the packet of a list version, in the caller's transaction; one job at a time per version."""
    packet, _ = Packet.objects.get_or_create(
        list_version=version, defaults={"content_key": "", "created_at": clock.now()}
    )
    job = enqueue(
        JOB_PACKET,
        payload={"packet_id": packet.pk},
        queue="packet",
        dedupe_key=f"packet:{packet.pk}",
        scope=SCOPE_LIST,
        scope_id=version.list_id,
        actor=actor,
    )
    packet.job_id = job.pk
    packet.save(update_fields=["job_id"])
    return packet


def request_packet(*, actor: Actor, list_id: int) -> Packet:
    """Ask for the packet of the list's current version again: after a cancel or a failure. A ready one is returned."""
    with transaction.atomic():
        row = lock_list(actor, list_id)
        rules.may_prepare_list(actor, row).require()
        if row.current is None:
            raise WrongState("推荐汇总表还没有定稿，定稿后才能生成申报材料。")
        ready = Packet.objects.filter(list_version=row.current, ready_at__isnull=False).first()
        if ready is not None:
            return ready
        packet = want(row.current, actor=actor)
        record(actor=actor, action="list.request_packet", target=list_target(row.pk), data={"packet": packet.pk})
        return packet


def cancel_for(version: ListVersion, *, actor: Actor) -> None:
    """Stop the job that makes the packet of a voided version; one already made stays for the record."""
    packet = Packet.objects.filter(list_version=version, ready_at=None).first()
    if packet is None or packet.job_id is None:
        return
    job = Job.objects.select_for_update().filter(pk=packet.job_id).first()
    if job is not None and job.is_open:
        halt(actor=actor, job_id=job.pk)
