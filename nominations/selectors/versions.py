"""What a nomination held at each moment that counts, and the differences between any two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.models import FORM_CAUSES, FilingVersion
from greenportal.sheets.differ import diff_versions
from nominations.models import Nomination, NominationDocument, NominationSheet, NominationVersion, StateChange
from nominations.selectors.content import contents, sheets_by_sha
from nominations.selectors.nominations import versions_visible_to

NOW = "now"
_CAUSES = {"finalise": "定稿", "correct": "补正"}


@dataclass(frozen=True, slots=True)
class FrozenSheet:
    """One sheet of a snapshot: its key, definition and answers."""

    key: str
    definition_sha256: str
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A nomination at one moment. key: what the page sends back; documents: (slot, sha256) → name.

    partial: only these sheets are known of that moment, and no documents; the rest is not compared.
    """

    key: str
    label: str
    sheets: tuple[FrozenSheet, ...]
    documents: Mapping[tuple[str, str], str]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs: of which sheet (or 材料), its label, both texts as printed."""

    part: str
    label: str
    before: str
    after: str


def snapshots(actor: Actor, nomination: Nomination) -> list[Snapshot]:
    """Return every moment of a nomination that the actor may compare, oldest first.

    Frozen versions as `versions_visible_to` shows them. The owner's side (applicant, district) also sees each
    handing in, what a sheet held before its form was updated, and what stands there now; to the city these are
    drafts. Constant queries: eight at most.
    The nomination came from `visible_to(actor)`.
    """
    frozen = [(row.created_at, of_version(row)) for row in versions_visible_to(actor).filter(nomination=nomination)]
    inside = actor.is_applicant or actor.is_district
    # Handed in before it is frozen, also where both bear the same instant: the sort is stable.
    moments = sorted([*(_kept(nomination) if inside else []), *frozen], key=lambda pair: pair[0])
    found = [snapshot for _, snapshot in moments]
    return [*found, _living(nomination)] if inside else found


def of_version(version: NominationVersion) -> Snapshot:
    """Return a frozen version as a snapshot. No query."""
    cause = _CAUSES.get(version.cause, version.cause)
    return Snapshot(
        key=str(version.number),
        label=f"第{version.number}版（{cause}，{_spoken(version.created_at)}）",
        sheets=tuple(
            FrozenSheet(part["key"], part["definition_sha256"], part["answers"]) for part in version.payload["sheets"]
        ),
        documents={(d["slot"], d["sha256"]): d["name"] for d in version.payload["documents"]},
    )


def _kept(nomination: Nomination) -> list[tuple[datetime, Snapshot]]:
    """Return what the owner's side kept besides 定稿: before each update of a form, and at each handing in."""
    sheets = dict(NominationSheet.objects.filter(nomination=nomination).values_list("filing_id", "sheet_key"))
    frozen = list(FilingVersion.objects.filter(filing_id__in=sheets).order_by("number"))
    return [*_before_updates(sheets, frozen), *_handed_in(nomination, sheets, frozen)]


def _before_updates(sheets: Mapping[int, str], frozen: Sequence[FilingVersion]) -> Iterator[tuple[datetime, Snapshot]]:
    """Yield what a sheet held when its form was updated: answers to what is not asked any more stand only there."""
    known = sheets_by_sha(row.definition_sha256 for row in frozen if row.cause in FORM_CAUSES)
    for row in frozen:
        if row.cause in FORM_CAUSES:
            part = FrozenSheet(sheets[row.filing_id], row.definition_sha256, row.answers)
            label = f"“{known[row.definition_sha256].title}”表单更新前（{_spoken(row.created_at)}）"
            yield row.created_at, Snapshot(f"f{row.pk}", label, (part,), {}, partial=True)


def _handed_in(
    nomination: Nomination, sheets: Mapping[int, str], frozen: Sequence[FilingVersion]
) -> list[tuple[datetime, Snapshot]]:
    """Return what was handed in each time: of every sheet the version frozen last before, the files of that moment."""
    moments = list(StateChange.objects.filter(nomination=nomination, action="hand_in").order_by("id"))
    files = list(NominationDocument.objects.filter(nomination=nomination).select_related("file")) if moments else []
    found = []
    for number, moment in enumerate(moments, start=1):
        # Versions come in order of number, so the last one of a filing that is not later wins.
        then = {row.filing_id: row for row in frozen if row.created_at <= moment.at}
        parts = [
            FrozenSheet(key, then[pk].definition_sha256, then[pk].answers) for pk, key in sheets.items() if pk in then
        ]
        present = [d for d in files if d.added_at <= moment.at and (d.removed_at is None or d.removed_at > moment.at)]
        if parts:
            label = f"第{number}次提交区县（{_spoken(moment.at)}）"
            snapshot = Snapshot(f"h{number}", label, tuple(parts), _named(present))
            found.append((moment.at, snapshot))
    return found


def _living(nomination: Nomination) -> Snapshot:
    content = contents([nomination.pk])[nomination.pk]
    parts = tuple(FrozenSheet(part.key, part.definition_sha256, part.answers) for part in content.sheets)
    return Snapshot(NOW, "现在填写的内容", parts, _named(content.documents))


def _named(documents: Sequence[NominationDocument]) -> dict[tuple[str, str], str]:
    return {(row.slot, row.file.sha256): row.file.name for row in documents}


def _spoken(at: datetime) -> str:
    local = clock.local(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def default_before(moments: Sequence[Snapshot], new: Snapshot | None) -> Snapshot | None:
    """Return what a page compares with unless told otherwise: the newest other moment, a whole one where there is one."""
    others = [moment for moment in moments if moment != new]
    whole = [moment for moment in others if not moment.partial]
    return next(reversed(whole or others), None)


def comparable(old: Snapshot, new: Snapshot) -> bool:
    """True unless one of them knows only sheets that the other does not have: then no difference says nothing."""
    return not (old.partial or new.partial) or bool(_shared(old, new))


def _shared(old: Snapshot, new: Snapshot) -> set[str]:
    return {part.key for part in old.sheets} & {part.key for part in new.sheets}


def differences(old: Snapshot, new: Snapshot) -> list[Difference]:
    """Return what changed between two snapshots: sheets in order, those only in the old one after, then documents.

    Each side is read by the definition it was filled in under. Of a partial one only its own sheets are compared.
    One query at most, for definitions.
    """
    if old.partial or new.partial:
        shared = _shared(old, new)
        old, new = (replace(s, sheets=tuple(p for p in s.sheets if p.key in shared), documents={}) for s in (old, new))
    known = sheets_by_sha(part.definition_sha256 for side in (old, new) for part in side.sheets)
    before, after = ({part.key: part for part in side.sheets} for side in (old, new))
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        past, now = before.get(key), after.get(key)
        old_sheet = known[(past or after[key]).definition_sha256]
        new_sheet = known[(now or before[key]).definition_sha256]
        changes = diff_versions(old_sheet, past.answers if past else {}, new_sheet, now.answers if now else {})
        found += [Difference(new_sheet.title, change.label, change.before, change.after) for change in changes]
    gone = [name for place, name in old.documents.items() if place not in new.documents]
    come = [name for place, name in new.documents.items() if place not in old.documents]
    found += [Difference("材料", "文件", name, "") for name in gone]
    return found + [Difference("材料", "文件", "", name) for name in come]
