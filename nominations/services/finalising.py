"""定稿 and its undoing: freeze a district's list and the nominations on it; reopen voids what was made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.documents.fonts import missing_glyphs, named
from greenportal.filings.services import set_locked
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding, Invalid
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import Category
from nominations.models import ListEntry, ListVersion, Nomination, NominationVersion, RecommendationList
from nominations.selectors.content import Content, Gaps, contents, gaps
from nominations.selectors.decisions import latest_decisions, standing_against
from nominations.selectors.glyphs import glyph_problem, glyph_problems, opinion_texts
from nominations.selectors.listing import columns_of, printed_row
from nominations.selectors.people import hats
from nominations.services import packets, rechecking
from nominations.services.freezing import freeze_nomination
from nominations.services.moving import lock_list, move, move_list
from nominations.states import NominationState
from nominations.validators import clean_reason, digest

_RELATIONS = ("subject", "applicant", "authority", "industry", "evaluator__organisation", "round")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A nomination with everything that its version is made of."""

    nomination: Nomination
    content: Content
    gaps: Gaps
    run: CheckRun


def finalise(
    *, actor: Actor, list_id: int, seen_version: int, contact: str, phone: str, filled_on: date | None = None
) -> ListVersion:
    """Freeze the list with every checked nomination of the district, in ranking order, and ask for the packet.

    Filings are locked first, then read, so that no autosave slips between check and freeze. Refuses
    with Invalid, errors by nomination id, when one has a blocker, an undecided 原则上 finding, a hard
    gap, a character that no font has, or content changed after its confirmation. Soft gaps are carried into the version.
    """
    _head_complete(contact, phone)
    with transaction.atomic():
        row = lock_list(actor, list_id, seen_version=seen_version)
        rules.may_prepare_list(actor, row).require()
        nominations = _locked(row, NominationState.CHECKED)
        if not nominations:
            raise Invalid("还没有区县已核对的申报，请先核对再定稿。")
        rules.not_two_hat(hats(actor), *(n.applicant_id for n in nominations)).require()
        rulebook, revision = rulebook_at(row.round_id)
        ready = _ready(nominations, rulebook)
        _refuse_problems(ready)
        row.contact, row.phone, row.filled_on = contact.strip(), phone.strip(), filled_on or clock.today()
        frozen = []
        for place, item in _places(ready):
            item.nomination.rank = place
            version = freeze_nomination(
                item.nomination,
                content=item.content,
                gaps=item.gaps,
                revision=revision,
                check_run=item.run,
                cause="finalise",
                actor=actor,
            )
            frozen.append((place, item, version))
            data = {"nomination_version": version.pk, "sha256": version.sha256}
            move(item.nomination, "finalise", actor=actor, data=data)
        made = _list_version(row, frozen, actor=actor, revision=revision, rulebook=rulebook)
        row.current = made
        data = {"list_version": made.pk, "sha256": made.sha256, "nominations": len(frozen)}
        fields = ["contact", "phone", "filled_on", "current"]
        move_list(row, "finalise", actor=actor, data=data, fields=fields)
        packets.want(made, actor=actor)
        return made


def _head_complete(contact: str, phone: str) -> None:
    errors = {}
    if not contact.strip():
        errors["contact"] = ["填写推荐汇总表的联系人。"]
    if not phone.strip():
        errors["phone"] = ["填写推荐汇总表的联系电话。"]
    for key, label, text in (("contact", "联系人", contact), ("phone", "联系电话", phone)):
        if missing := missing_glyphs(text):
            errors[key] = [glyph_problem(label, named(missing))]
    if errors:
        raise Invalid("填写汇总表的联系人和联系电话。", errors=errors)


def _locked(row: RecommendationList, state: NominationState) -> list[Nomination]:
    """Lock the district's nominations in `state`, by id, with what a version needs of them."""
    found = Nomination.objects.filter(round_id=row.round_id, authority_id=row.authority_id, state=state)
    locked = found.select_related(*_RELATIONS).select_for_update(no_key=True, of=("self",))
    return list(locked.order_by("pk"))


def _ready(nominations: Sequence[Nomination], rulebook: Rulebook) -> list[_Ready]:
    ids = [n.pk for n in nominations]
    before = contents(ids)
    set_locked(filing_ids=[s.filing_id for pk in ids for s in before[pk].sheets], locked=True)
    now = contents(ids)
    runs = rechecking.check_now(nominations, cause="finalise")
    return [_Ready(n, now[n.pk], gaps(n, now[n.pk], rulebook), runs[n.pk]) for n in nominations]


def _refuse_problems(ready: Sequence[_Ready]) -> None:
    ids = [r.nomination.pk for r in ready]
    decisions, opinions = latest_decisions(ids), opinion_texts(ids)
    errors: dict[str, list[str]] = {}
    for item in ready:
        found = [Finding.from_json(f) for f in item.run.findings]
        blockers, waiting = standing_against(found, decisions.get(item.nomination.pk, {}))
        messages = [*blockers, *waiting]
        messages += [g.message for g in item.gaps.hard]
        messages += glyph_problems(
            item.nomination,
            item.content,
            decisions=decisions.get(item.nomination.pk, {}).values(),
            opinions=opinions.get(item.nomination.pk, ()),
        )
        if item.nomination.confirmed_sha256 != item.content.digest:
            messages.append("内容在法定代表人确认之后有改动，请退回重新确认。")
        if messages:
            errors[str(item.nomination.pk)] = [f"{item.nomination.subject.name}：{m}" for m in messages]
    if errors:
        raise Invalid(f"有{len(errors)}项申报还不能定稿，请逐项处理或退回后再定稿。", errors=errors)


def _places(ready: Sequence[_Ready]) -> list[tuple[int, _Ready]]:
    """Return place and nomination in printed order: category of the notice, then rank, dense from 1."""
    order = {category: index for index, category in enumerate(Category.values)}
    placed, last, place = [], "", 0
    for item in sorted(
        ready, key=lambda r: (order[r.nomination.category], r.nomination.rank or 10**9, r.nomination.pk)
    ):
        place = place + 1 if item.nomination.category == last else 1
        last = item.nomination.category
        placed.append((place, item))
    return placed


def _list_version(
    row: RecommendationList,
    frozen: Sequence[tuple[int, _Ready, NominationVersion]],
    *,
    actor: Actor,
    revision: RoundRevision,
    rulebook: Rulebook,
) -> ListVersion:
    """Write the list's next version and one entry per nomination."""
    now = clock.now()
    columns = {c: columns_of(rulebook, c) for c in sorted({item.nomination.category for _, item, _ in frozen})}
    entries = [
        {
            "category": item.nomination.category,
            "position": place,
            "nomination_id": item.nomination.pk,
            "version_id": version.pk,
            "number": version.number,
            "sha256": version.sha256,
            "printed": printed_row(version.payload, [key for key, _ in columns[item.nomination.category]]),
            "soft_gaps": len(item.gaps.soft),
            "manual": item.run.manual,
            "check_run": item.run.pk,
        }
        for place, item, version in frozen
    ]
    payload: dict[str, Any] = {
        "list": {
            "id": row.pk,
            "round": {"id": row.round_id, "name": row.round.name, "year": row.round.year},
            "authority": {
                "id": row.authority_id,
                "name": row.authority.name,
                "bureau_name": row.authority.bureau_name,
            },
            "contact": row.contact,
            "phone": row.phone,
            "filled_on": row.filled_on.isoformat() if row.filled_on else None,
        },
        "columns": {c: [list(pair) for pair in pairs] for c, pairs in columns.items()},
        "entries": entries,
        "revision": {"id": revision.pk, "number": revision.number, "sha256": revision.sha256},
        "prepared_by": {"id": actor.user_id, "name": actor.name},
        "at": now.isoformat(),
    }
    last = row.versions.order_by("-number").values_list("number", flat=True).first() or 0
    made = ListVersion.objects.create(
        list=row,
        number=last + 1,
        payload=payload,
        sha256=digest(payload),
        revision=revision,
        created_by_id=actor.user_id,
        created_at=now,
    )
    ListEntry.objects.bulk_create(_entry(made, entry) for entry in entries)
    return made


def _entry(made: ListVersion, entry: Mapping[str, Any]) -> ListEntry:
    return ListEntry(
        list_version=made,
        nomination_id=entry["nomination_id"],
        version_id=entry["version_id"],
        category=entry["category"],
        position=entry["position"],
        printed=entry["printed"],
    )


def reopen(*, actor: Actor, list_id: int, seen_version: int, reason: str) -> RecommendationList:
    """Undo 定稿 with a reason: the version, its packet and its scans are void; nominations are checked again.

    Only before submission. Answers stay locked: what must change is returned to its applicant.
    """
    with transaction.atomic():
        row = lock_list(actor, list_id, seen_version=seen_version)
        rules.may_prepare_list(actor, row).require()
        voided = row.current
        row.current = None
        move_list(
            row,
            "reopen",
            actor=actor,
            reason=reason,
            fields=["current"],
            data={"list_version": voided.pk if voided else None},
        )
        for nomination in _locked(row, NominationState.FINALISED):
            move(nomination, "reopen", actor=actor, reason=reason)
        if voided is not None:
            voided.voided_at = clock.now()
            voided.void_reason = clean_reason(reason)
            voided.save(update_fields=["voided_at", "void_reason"])
            packets.cancel_for(voided, actor=actor)
        return row
