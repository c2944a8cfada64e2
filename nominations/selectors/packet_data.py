"""Everything that a packet is made of, from a list version and never from live rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenportal.files.models import StoredFile
from nominations.models import Consultation, ListVersion
from nominations.validators import Code, list_code, nomination_code


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An uploaded document of a nominee: its frozen description (slot, title, name, pages, sha256 …) and its file."""

    about: Mapping[str, Any]
    file: StoredFile

    @property
    def is_pdf(self) -> bool:
        """Only PDFs are bound into the merged file; others are laid beside it."""
        return self.file.content_type == "application/pdf"


@dataclass(frozen=True, slots=True)
class Nominee:
    """One nominee: place on the list, frozen payload, hash, printed row, code for its pages, uploads in order."""

    category: str
    position: int
    version_id: int
    number: int
    sha256: str
    payload: Mapping[str, Any]
    printed: Mapping[str, str]
    code: Code
    enclosures: tuple[Enclosure, ...]

    @property
    def name(self) -> str:
        """The subject's name."""
        return str(self.payload["nomination"]["subject"]["name"])


@dataclass(frozen=True, slots=True)
class OpinionSheet:
    """A department's answer: department, state, date, name, and (subject name, opinion label, text) per nominee."""

    department: str
    answered_on: str
    answered_name: str
    via: str
    rows: tuple[tuple[str, str, str], ...]
    reply: StoredFile | None


@dataclass(frozen=True, slots=True)
class PacketData:
    """A list version with its nominees and the departments' opinions on them."""

    list_version_id: int
    number: int
    sha256: str
    voided: bool
    payload: Mapping[str, Any]
    code: Code
    nominees: tuple[Nominee, ...]
    opinions: tuple[OpinionSheet, ...]


def packet_data(list_version_id: int) -> PacketData:
    """Return the data of a list version's packet. Six queries, whatever the number of nominees."""
    version = ListVersion.objects.select_related("list").get(pk=list_version_id)
    entries = list(version.entries.select_related("version"))
    wanted = {d["file_id"] for e in entries for d in e.version.payload["documents"]}
    files = {str(pk): file for pk, file in StoredFile.objects.in_bulk(wanted).items()}
    order = {row["version_id"]: index for index, row in enumerate(version.payload["entries"])}
    nominees = tuple(
        Nominee(
            category=entry.category,
            position=entry.position,
            version_id=entry.version_id,
            number=entry.version.number,
            sha256=entry.version.sha256,
            payload=entry.version.payload,
            printed=entry.printed,
            code=nomination_code(version_id=entry.version_id, number=entry.version.number, sha256=entry.version.sha256),
            enclosures=tuple(Enclosure(d, files[d["file_id"]]) for d in entry.version.payload["documents"]),
        )
        for entry in sorted(entries, key=lambda e: order[e.version_id])
    )
    return PacketData(
        list_version_id=version.pk,
        number=version.number,
        sha256=version.sha256,
        voided=version.voided_at is not None,
        payload=version.payload,
        code=list_code(version_id=version.pk, number=version.number, sha256=version.sha256),
        nominees=nominees,
        opinions=_opinions(version, [e.nomination_id for e in entries]),
    )


def _opinions(version: ListVersion, nomination_ids: list[int]) -> tuple[OpinionSheet, ...]:
    rows = Consultation.objects.filter(
        round_id=version.list.round_id, authority_id=version.list.authority_id, items__nomination__in=nomination_ids
    ).exclude(state=Consultation.State.CANCELLED)
    sheets = []
    for row in (
        rows.distinct().order_by("pk").select_related("reply_file").prefetch_related("items__nomination__subject")
    ):
        sheets.append(
            OpinionSheet(
                department=row.department,
                answered_on=row.answered_at.date().isoformat() if row.answered_at else "",
                answered_name=row.answered_name,
                via=row.via,
                rows=tuple(
                    (item.nomination.subject.name, item.get_opinion_display(), item.text)
                    for item in row.items.all()
                    if item.nomination_id in nomination_ids
                ),
                reply=row.reply_file,
            )
        )
    return tuple(sheets)
