"""The city's own 汇总表: put together by one, approved by the city lead, undone before publication (DESIGN §4, the cap).

`publish` writes down that the approved list goes out for 公示 (day and document; the notice itself is no part of this
portal yet). It makes every check of `require_approvable` anew in its own transaction, so that a sanction, a merge of
affiliates or a dispute that came after the approval is found before anything leaves the house. `look_again` shows
them to the city as soon as the nominations were checked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from evaluators.services.counting import lock_groups_of
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Finding, Invalid, NotVisible, Stale, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from greenportal.transitions import find
from nominations import rules
from nominations.constants import SCOPE_CITY_LIST
from nominations.models import CityList, CityListEntry, Nomination
from nominations.selectors.approval import Examined, city_lists_visible_to, examine, kept_entries, standing
from nominations.selectors.city import SummaryPart, summary
from nominations.services import rechecking
from nominations.services.moving import person
from nominations.states import CITY_LIST_TRANSITIONS, CityListState
from nominations.validators import clean_reason, digest

_REFUSED = "全市推荐汇总表还不能批准，处理下列事项后再办理。"


def prepare(*, actor: Actor, round_id: int, left_out: Mapping[int, str]) -> CityList:
    """Freeze the city's 汇总表 of what is accepted now, without those in `left_out` (nomination → reason).

    A former one that waits is discarded; an approved one must be undone first. Raises Refused (not the city),
    NotVisible, WrongState, Invalid (nothing accepted or left, a reason missing, a nomination not among the accepted).
    """
    rules.is_city(actor).require()
    with transaction.atomic():
        year = Round.objects.select_for_update(no_key=True).filter(pk=round_id).first()
        if year is None:
            raise NotVisible
        parts = summary(actor, round_id=round_id)
        reasons = _reasons(parts, left_out)
        _discard_former(actor, year)
        book, revision = rulebook_at(round_id)
        payload = _payload(year, parts, reasons)
        last = CityList.objects.filter(round=year).aggregate(last=Max("number"))["last"] or 0
        row = CityList.objects.create(
            round=year,
            number=last + 1,
            payload=payload,
            sha256=digest(payload),
            revision=revision,
            prepared_by_id=person(actor),
            prepared_at=clock.now(),
        )
        CityListEntry.objects.bulk_create(_entries(row, parts, reasons))
        data = {"sha256": row.sha256, "rulebook": book.sha256, "left_out": sorted(reasons)}
        record(actor=actor, action="city_list.prepare", target=target_of(row.pk), data=data)
        return row


def _reasons(parts: Sequence[SummaryPart], left_out: Mapping[int, str]) -> dict[int, str]:
    """Return the cleaned reasons; refuse what does not belong to the accepted rows, and a list with nothing on it."""
    known = {row.nomination_id for part in parts for row in part.rows}
    if not known:
        raise Invalid("还没有接收任何区市县的推荐汇总表，接收后再编制。")
    errors: dict[str, list[str]] = {}
    reasons: dict[int, str] = {}
    for pk, text in left_out.items():
        if pk not in known:
            errors[f"reason_{pk}"] = ["这项申报已不在汇总范围内，请刷新页面。"]
        elif not text.strip():
            errors[f"reason_{pk}"] = ["写明不列入的理由。"]
        else:
            reasons[pk] = clean_reason(text, label="不列入的理由")
    if errors:
        raise Invalid("核对不列入的申报和理由。", errors=errors)
    if known == set(reasons):
        raise Invalid("全部申报都不列入，没有可以编制的内容。")
    return reasons


def _payload(year: Round, parts: Sequence[SummaryPart], reasons: Mapping[int, str]) -> dict[str, Any]:
    """Return what is frozen: rows numbered anew without those left out, which stand apart with their reason."""
    frozen = []
    for part in parts:
        kept = [row for row in part.rows if row.nomination_id not in reasons]
        frozen.append(
            {
                "category": part.category,
                "label": part.label,
                "columns": [list(column) for column in part.columns],
                "rows": [
                    {
                        "number": number,
                        "district": row.district,
                        "nomination": row.nomination_id,
                        "version": row.version_id,
                        "cells": list(row.cells),
                    }
                    for number, row in enumerate(kept, start=1)
                ],
                "left_out": [
                    {"nomination": row.nomination_id, "cells": list(row.cells), "reason": reasons[row.nomination_id]}
                    for row in part.rows
                    if row.nomination_id in reasons
                ],
            }
        )
    return {"round": year.pk, "year": year.year, "parts": frozen}


def _entries(row: CityList, parts: Sequence[SummaryPart], reasons: Mapping[int, str]) -> list[CityListEntry]:
    entries = []
    for part in parts:
        place = 0
        for line in part.rows:
            reason = reasons.get(line.nomination_id, "")
            place += not reason
            entries.append(
                CityListEntry(
                    city_list=row,
                    nomination_id=line.nomination_id,
                    version_id=line.version_id,
                    category=part.category,
                    position=None if reason else place,
                    left_out=reason,
                )
            )
    return entries


def _discard_former(actor: Actor, year: Round) -> None:
    alive = [CityListState.PREPARED, CityListState.APPROVED, CityListState.PUBLISHED]
    former = CityList.objects.filter(round=year, state__in=alive).first()
    if former is None:
        return
    if former.state == CityListState.PUBLISHED:
        raise WrongState("本批次的全市推荐汇总表已公示，不能重新编制。")
    if former.state == CityListState.APPROVED:
        raise WrongState("已有批准的全市推荐汇总表，撤销批准后才能重新编制。")
    _move(actor, former, "discard", reason=f"重新编制第{former.number + 1}版")


def approve(*, actor: Actor, city_list_id: int, seen_sha256: str, note: str = "") -> CityList:
    """The city lead approves exactly the list that was seen, in one transaction with every check of `require_approvable`.

    note: the lead's written opinion on what a person must judge (不予采信 and independence of filings made
    earlier), needed where there is any. Raises Refused (no lead, or the person who prepared it), WrongState, Stale
    (another list than the one seen), Invalid with what stands in the way, by group and nomination.
    """
    with transaction.atomic():
        row = _locked(actor, city_list_id)
        rules.may_approve(actor, prepared_by_id=row.prepared_by_id).require()
        if row.sha256 != seen_sha256:
            raise Stale("您核对的不是这一版全市推荐汇总表，请刷新页面重新核对。", current=row.sha256)
        if row.state != CityListState.PREPARED:
            raise WrongState(f"当前状态为“{CityListState(row.state).label}”，不能批准。请刷新页面查看最新状态。")
        found = require_approvable(city_list=row)
        row.approval_note = _opinion(found, note, known=(), verb="批准")
        row.approved_by_id, row.approved_at = person(actor), clock.now()
        row.judged, flagged = found.asked, [line.nomination_id for line in found.flagged]
        _move(actor, row, "approve", data={"sha256": row.sha256, "flagged": flagged, "note": row.approval_note})
        return row


def _opinion(found: Examined, note: str, *, known: Sequence[str], verb: str) -> str:
    """Return the written opinion; Invalid where it is missing for a sentence that no earlier opinion speaks of."""
    told = " ".join(note.split())[:2000]
    fresh = list(dict.fromkeys(subject for subject, _ in found.unspoken(known)))
    if fresh and not told:
        message = f"{'、'.join(fresh[:5])}等{len(fresh)}项有需人工判断的事项，写明处理意见后再{verb}。"
        raise Invalid(message, errors={"note": [message]})
    return told


def publish(
    *, actor: Actor, city_list_id: int, seen_sha256: str, published_on: date, document: str, note: str = ""
) -> CityList:
    """The city lead writes down that the approved list goes out for 公示: its day and its document.

    Everything that approval asks is asked again, as of now: nothing that a sanction or a merge has since made wrong
    is published. note: the opinion on what a person must judge and the approval did not speak of. Raises Refused (no
    lead, or the person who prepared it), WrongState, Stale, Invalid per field or by group and nomination.
    """
    with transaction.atomic():
        row = _locked(actor, city_list_id)
        rules.may_approve(actor, prepared_by_id=row.prepared_by_id).require()
        if row.sha256 != seen_sha256:
            raise Stale("您核对的不是这一版全市推荐汇总表，请刷新页面重新核对。", current=row.sha256)
        if row.state != CityListState.APPROVED or row.approved_at is None:
            raise WrongState(f"当前状态为“{CityListState(row.state).label}”，不能登记公示。请刷新页面查看最新状态。")
        errors: dict[str, list[str]] = {}
        if not clock.local(row.approved_at).date() <= published_on <= clock.today():
            errors["published_on"] = ["公示日期应在批准之后、不晚于今天，核对后填写。"]
        if not document.strip():
            errors["document"] = ["填写公示文件的标题或文号。"]
        if errors:
            raise Invalid("核对公示的日期和文件。", errors=errors)
        found = require_approvable(city_list=row)
        told = _opinion(found, note, known=row.judged, verb="登记公示")
        row.approval_note = "\n".join(text for text in (row.approval_note, told) if text)
        row.judged, flagged = found.asked, [line.nomination_id for line in found.flagged]
        row.published_on, row.published_document = published_on, document.strip()[:120]
        row.published_by_id, row.published_at = person(actor), clock.now()
        _move(actor, row, "publish", data={"sha256": row.sha256, "on": published_on, "flagged": flagged})
        return row


def look_again(*, nomination_ids: Iterable[int]) -> int:
    """Ask, after these nominations were checked anew, whether approved or published lists with them still hold.

    Writes how many things stand against each, for the city's desk; returns the number of lists with any. Called by
    the recheck, hence after a merge of affiliates, a sanction, its end, and every night.
    """
    touched = CityListEntry.objects.filter(nomination_id__in=list(nomination_ids), left_out="")
    with transaction.atomic():
        out = [CityListState.APPROVED, CityListState.PUBLISHED]
        lists = CityList.objects.select_for_update(no_key=True).filter(state__in=out)
        troubled = 0
        for row in lists.filter(pk__in=touched.values("city_list_id")).order_by("pk"):
            count = len(standing(row).against(row.judged))
            troubled += count > 0
            if count != row.problems:
                row.problems, row.problems_at = count, clock.now() if count else None
                row.save(update_fields=["problems", "problems_at"])
                system = Actor.system("重新核查")
                record(actor=system, action="city_list.disturbed", target=target_of(row.pk), data={"count": count})
    return troubled


def undo(*, actor: Actor, city_list_id: int, reason: str) -> CityList:
    """The city lead takes the approval back before publication, with a reason; another list may then be prepared."""
    with transaction.atomic():
        row = _locked(actor, city_list_id)
        _move(actor, row, "undo", reason=clean_reason(reason) if reason.strip() else "")
        return row


def discard(*, actor: Actor, city_list_id: int, reason: str) -> CityList:
    """Drop a list that waits for approval, with a reason."""
    with transaction.atomic():
        row = _locked(actor, city_list_id)
        _move(actor, row, "discard", reason=clean_reason(reason) if reason.strip() else "")
        return row


def require_approvable(*, city_list: CityList) -> Examined:
    """Raise Invalid unless the list may be approved, or published, now. In the caller's transaction.

    Locks the nominations by id, then the affiliate groups by id: while they are held, nothing that counts can
    change. Every row is checked anew as of now, so sanctions are asked by date. Refuses: more rows of one group
    than the cap; an over-cap evaluation, or another 原则上 finding, without its written decision on the present
    facts; a blocker; a row no longer accepted; an undecided dispute. Returns what a person must still judge.
    """
    entries = kept_entries(city_list)
    ids = sorted(entry.nomination_id for entry in entries)
    locked = Nomination.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk")
    nominations = {row.pk: row for row in locked}
    lock_groups_of(row.evaluator_id for row in nominations.values() if row.evaluator_id)
    runs = rechecking.check_now(list(nominations.values()), cause="approve")
    found = examine(
        entries,
        nominations=nominations,
        findings={pk: [Finding.from_json(row) for row in run.findings] for pk, run in runs.items()},
        book=rulebook_at(city_list.round_id)[0],
    )
    errors = found.errors()
    if errors:
        raise Invalid(_REFUSED, errors=errors)
    return found


def _locked(actor: Actor, city_list_id: int) -> CityList:
    visible = city_lists_visible_to(actor).filter(pk=city_list_id).order_by().values("pk")
    row = CityList.objects.select_for_update(no_key=True).filter(pk__in=visible).first()
    if row is None:
        raise NotVisible
    return row


def _move(actor: Actor, row: CityList, action: str, *, reason: str = "", data: Mapping[str, Any] | None = None) -> None:
    found = find(
        CITY_LIST_TRANSITIONS,
        state=row.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=reason,
        named=CityListState(row.state).label,
    )
    row.state, row.problems, row.problems_at = found.target, 0, None
    if found.needs_reason:
        row.ended_by_id, row.ended_at, row.end_reason = person(actor), clock.now(), reason.strip()
    row.save(
        update_fields=[
            *("state", "approved_by", "approved_at", "approval_note", "judged", "problems", "problems_at"),
            *("published_on", "published_document", "published_by", "published_at"),
            *("ended_by", "ended_at", "end_reason"),
        ]
    )
    content = {"target": found.target, "reason": reason, **(data or {})}
    record(actor=actor, action=f"city_list.{action}", target=target_of(row.pk), data=content)


def target_of(city_list_id: int) -> str:
    """Return the audit target of a city list."""
    return f"{SCOPE_CITY_LIST}:{city_list_id}"
