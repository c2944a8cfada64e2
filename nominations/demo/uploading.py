"""Uploads of the demonstration: each report goes through the one upload path, several at a time."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from greenportal.accounts.actors import Actor
from greenportal.files.services import receive
from greenportal.rounds.booktypes import NO, Rulebook
from nominations.constants import FILE_DOCUMENT
from nominations.demo.evaluating import CAST
from nominations.demo.fiction import Applicant
from nominations.demo.reports import ReportSpec, make_reports

#: Applicants whose own report holds scanned pages, and how many megabytes of them.
LARGE: Mapping[int, float] = {1: 5.5, 35: 8.0, 49: 14.0}
HEAVY_MEGABYTES = 8.0
#: Checked at once: the check runs in a child process of its own, and the smallest machine has two cores.
WORKERS = 2
_WAITING = 6
_BODIES = {body.key: body.name for body in CAST}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document of one applicant: `actor` uploads it for the applicant's district."""

    applicant: Applicant
    slot: str
    label: str
    actor: Actor

    @property
    def key(self) -> str:
        """Name it among all reports."""
        return f"{self.applicant.number}/{self.slot}"


def slots_of(applicant: Applicant, book: Rulebook) -> list[tuple[str, str]]:
    """Return key and label of the documents that the applicant's script has."""
    script = applicant.script
    levels = {"none": (), "hard": ("hard",), "all": ("hard", "soft")}[script.documents]
    slots = book.documents.get(applicant.category, ())
    return [(s.key, s.label) for s in slots if s.required in levels and s.required != NO and not s.only_if]


def upload(wanted: Sequence[Wanted], *, heavy: bool = False) -> dict[str, UUID]:
    """Make and upload every report; key of `Wanted` → file. In threads where no transaction is open, else in turn."""
    specs = [_spec(item, heavy=heavy) for item in wanted]
    by_key = {item.key: item for item in wanted}
    if connection.in_atomic_block:
        return {key: _receive(by_key[key], pdf) for key, pdf in make_reports(specs)}
    done: dict[str, UUID] = {}
    waiting: deque[tuple[str, Future[UUID]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for key, pdf in make_reports(specs):
            context = contextvars.copy_context()
            waiting.append((key, pool.submit(context.run, _receive_apart, by_key[key], pdf)))
            while len(waiting) > _WAITING:
                first, future = waiting.popleft()
                done[first] = future.result()
        done.update({key: future.result() for key, future in waiting})
    return done


def _spec(item: Wanted, *, heavy: bool) -> ReportSpec:
    main = item.slot == "self_report"
    third = item.slot == "third_party_report"
    megabytes = LARGE.get(item.applicant.number, 0.0) if main else 0.0
    issuer = _BODIES.get(item.applicant.script.evaluator, "") if third else item.applicant.organisation
    return ReportSpec(
        key=item.key,
        title=item.label,
        applicant=item.applicant.subject,
        issuer=issuer,
        pages=6 if main or third else 2,
        megabytes=HEAVY_MEGABYTES if heavy and (main or third) else megabytes,
    )


def _receive(item: Wanted, pdf: bytes) -> UUID:
    file = receive(
        actor=item.actor,
        upload=SimpleUploadedFile(f"{item.label}.pdf", pdf, "application/pdf"),
        kind=FILE_DOCUMENT,
        accept=["pdf"],
        owner_organisation_id=item.actor.organisation_id,
        owner_authority_id=item.actor.authority_id,
    )
    return file.pk


def _receive_apart(item: Wanted, pdf: bytes) -> UUID:
    """Receive in a thread of its own, which leaves no connection behind."""
    try:
        return _receive(item, pdf)
    finally:
        connection.close()
