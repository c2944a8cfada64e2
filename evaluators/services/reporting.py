"""The annual report: begin, take in what the portal knows, file by the clock; return, accept, leave to file late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from evaluators.constants import SCOPE_EVALUATOR, SCOPE_REPORT, SHEET_REPORT
from evaluators.models import (
    AffiliateMember,
    AnnualReport,
    Evaluator,
    FiledReturn,
    LateAllowance,
    RegistrationCase,
    ReportFiling,
    ReportSeal,
)
from evaluators.rules import may_decide, may_keep_own
from evaluators.selectors.groups import INDIRECT, relations_of
from evaluators.selectors.reporting import (
    Gate,
    Totals,
    engagements_of,
    gate,
    project_cells,
    reports_visible_to,
    row_id,
    staff_fields,
    told_cells,
    totals,
)
from evaluators.selectors.roster import RosterCounts, counts, named_fields, roster_sheet, staff_visible_to
from evaluators.selectors.standing import standing
from evaluators.services.moving import (
    Remark,
    check_return,
    clean_reason,
    close_return,
    open_return,
    person,
    require_complete,
)
from evaluators.services.notifying import report_returned
from evaluators.services.registering import body_in_round, prefilled
from evaluators.services.registration import RegistrationFields, latest_registration, record_registration
from evaluators.states import REPORT_TRANSITIONS, ReportState
from evaluators.validators import digest
from greenportal import clock, transitions
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.filings.models import Filing, FilingVersion
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import current_text, freeze, save, set_locked, start
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import load

#: The actor of what the portal itself writes into a report.
PORTAL = Actor.system("年度报告")
#: The province in whose list this city's evaluations stand. The portal serves Dalian first; 按省汇总 needs a name.
HOME = "本系统（本市）"
_TAKEN = (
    "founded_on",
    "capital",
    "registered_address",
    "office_address",
    "office_area",
    "contact_department",
    "person_kind",
    "records",
)


def target_of(report_id: int) -> str:
    """Return the audit target of a report."""
    return f"{SCOPE_REPORT}:{report_id}"


def begin(*, actor: Actor, round_id: int) -> AnnualReport:
    """Begin the report of the actor's own body, filled in from registration, affiliates, roster and engagements.

    One that exists is returned as it is. Raises Refused (another role, round not open), NotVisible.
    """
    with transaction.atomic():
        evaluator, year = body_in_round(actor, round_id, closed="本年度批次尚未启动或已结束，不能填报年度报告。")
        found = AnnualReport.objects.filter(evaluator=evaluator, round=year).first()
        if found is not None:
            return found
        now = clock.now()
        report = AnnualReport.objects.create(evaluator=evaluator, round=year, created_at=now, updated_at=now)
        sheet = load(sheet_file(year.rulebook_key, SHEET_REPORT))
        answers = first_answers(evaluator, round_id)
        report.filing = start(scope=SCOPE_REPORT, scope_id=report.pk, sheet=sheet, actor=actor, answers=answers)
        report.save(update_fields=["filing"])
        record(actor=actor, action="evaluators.begin_report", target=target_of(report.pk), data={"round": round_id})
        _take_in(report)
    return report


def first_answers(evaluator: Evaluator, round_id: int) -> dict[str, Any]:
    """Return what a new report begins with: directory, the body's last registration, its affiliates. Four queries."""
    cases = RegistrationCase.objects.filter(evaluator=evaluator, filing__isnull=False, round_id=round_id)
    case = cases.select_related("filing").first()
    known = case.filing.answers if case is not None and case.filing is not None else {}
    taken = {key: known[key] for key in _TAKEN if known.get(key)}
    ties = relations_of(evaluator.organisation_id)
    own = AffiliateMember.objects.filter(evaluator=evaluator, ended_at=None).values("group")
    others = AffiliateMember.objects.filter(group__in=own, ended_at=None).exclude(evaluator=evaluator)
    affiliates = [
        {
            "name": member.evaluator.organisation.name,
            "uscc": member.evaluator.organisation.uscc,
            "relation": ties.get(member.evaluator.organisation_id, INDIRECT),
        }
        for member in others.select_related("evaluator__organisation").order_by("evaluator_id")
    ]
    return {**prefilled(evaluator.organisation), **taken, "affiliates": affiliates}


def lock_report(actor: Actor, report_id: int, *, seen_version: int | None = None) -> AnnualReport:
    """Lock one visible report. Raises NotVisible for absent and foreign alike, Stale for another version."""
    if not reports_visible_to(actor).filter(pk=report_id).exists():
        raise NotVisible
    report = (
        AnnualReport.objects.select_for_update(of=("self",), no_key=True)
        .select_related("evaluator__organisation", "round", "filing", "current__frozen")
        .get(pk=report_id)
    )
    if seen_version is not None and report.version != seen_version:
        raise Stale("这份年度报告刚被他人处理，刷新后核对最新状态。", current=report.state)
    return report


def _possible(report: AnnualReport, action: str, actor: Actor, *, open_now: bool = True, reason: str = "") -> str:
    """Return the target of a move, or raise the exact refusal in the table's order."""
    found = transitions.find(
        REPORT_TRANSITIONS,
        state=report.state,
        action=action,
        role=actor.role,
        window_open=open_now,
        reason=reason,
        named=ReportState(report.state).label,
    )
    return found.target


def _moved(report: AnnualReport, action: str, target: str, *, actor: Actor, fields: Sequence[str], **data: Any) -> None:
    before, report.state = report.state, target
    report.version += 1
    report.updated_at = clock.now()
    report.save(update_fields=["state", "version", "updated_at", *fields])
    told = {"from": before, "to": target, **data}
    record(actor=actor, action=f"evaluators.{action}_report", target=target_of(report.pk), data=told)


# --- what the portal fills in -----------------------------------------------------------------------------------------


def staff_of(report: AnnualReport, *, at: datetime) -> RosterCounts:
    """Return the counts of block B as of an instant. One query."""
    named = named_fields(roster_sheet(report.round.rulebook_key))
    return counts([report.evaluator_id], named=named, at=at)[report.evaluator_id]


def pending(report: AnnualReport, filing: Filing) -> dict[str, Any]:
    """Return the changes that would bring the portal's columns up to date; empty when they are. Two queries."""
    changes: dict[str, Any] = {}
    for key, text in staff_fields(staff_of(report, at=clock.now())).items():
        if filing.answers.get(key, "") != text:
            changes[key] = text
    stored = {row["_id"]: row for row in filing.answers.get("projects") or []}
    wanted = {row_id(row.pk): row for row in engagements_of(report.evaluator_id, report.round_id)}
    for name, row in wanted.items():
        before = stored.get(name, {})
        cells = project_cells(row) | {key: text for key, text in told_cells(row).items() if not before.get(key)}
        changes |= {f"projects[{name}].{key}": text for key, text in cells.items() if before.get(key, "") != text}
    return changes | {f"projects[{name}]": None for name in stored if name not in wanted}


def _take_in(report: AnnualReport) -> int:
    """Bring the portal's columns up to date under the report's lock; returns how many places changed."""
    filing = report.filing
    if filing is None:
        raise NotVisible
    filing.refresh_from_db()
    changes = pending(report, filing)
    if changes:
        save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=PORTAL)
        filing.refresh_from_db()
    return len(changes)


def take_in(*, actor: Actor, report_id: int) -> int:
    """Bring roster figures and this portal's evaluations in a draft up to date; returns how many places changed."""
    with transaction.atomic():
        report = lock_report(actor, report_id)
        may_keep_own(actor, organisation_id=report.evaluator.organisation_id).require()
        if report.state not in {ReportState.DRAFT, ReportState.RETURNED}:
            raise Refused(f"年度报告当前为“{ReportState(report.state).label}”，不能更新。")
        return _take_in(report)


def totals_of(report: AnnualReport, answers: dict[str, Any]) -> Totals:
    """Return the report's totals as they are now: the group's count in this portal and what the answers declare."""
    book = rulebook_at(report.round_id)[0]
    facts = standing([report.evaluator_id], round_id=report.round_id, as_of=clock.now())[report.evaluator_id]
    rows = engagements_of(report.evaluator_id, report.round_id)
    return totals(
        answers,
        rows,
        group_count=facts.group_count,
        affiliates_elsewhere=facts.affiliates_elsewhere,
        cap=book.cap,
        counts=book.cap_rule.counts,
        home=HOME,
    )


# --- filing -----------------------------------------------------------------------------------------------------------


def file(*, actor: Actor, report_id: int, seen_version: int) -> ReportFiling:
    """File the report: by the round's clock, an open return's due day or the city's leave, compared with one receipt.

    The portal's columns are taken in first; answers and what stood beside them are frozen as the next
    version. Being over the cap is told and stops nothing. Raises WindowClosed, Invalid, WrongState, Stale.
    """
    with transaction.atomic():
        report = lock_report(actor, report_id, seen_version=seen_version)
        may_keep_own(actor, organisation_id=report.evaluator.organisation_id).require()
        received_at = clock.now()
        found = gate(report, at=received_at)
        target = _possible(report, "file", actor, open_now=found.open)
        filing = report.filing
        if filing is None:
            raise NotVisible
        _take_in(report)
        set_locked(filing_ids=[filing.pk], locked=True)
        filing.refresh_from_db()
        soft = require_complete(sheet_of(filing), filing)
        frozen = freeze(filing_id=filing.pk, cause="annual_report", actor=actor)
        row = _version(report, frozen, found, actor=actor, received_at=received_at)
        close_return(actor=actor, scope=SCOPE_REPORT, scope_id=report.pk, value_at=lambda path: _value(report, path))
        report.current = row
        data = {"number": row.number, "sha256": row.sha256, "late": row.late, "soft_gaps": soft}
        _moved(report, "file", target, actor=actor, fields=["current"], **data)
    return row


def _value(report: AnnualReport, path: str) -> str:
    return current_text(SCOPE_REPORT, report.pk, path)


def _version(
    report: AnnualReport, frozen: FilingVersion, found: Gate, *, actor: Actor, received_at: datetime
) -> ReportFiling:
    """Write the next immutable version with what stands beside the answers; the database checks the receipt."""
    last = report.filings.order_by("-number").first()
    sums = totals_of(report, frozen.answers)
    staff = staff_visible_to(PORTAL).filter(evaluator_id=report.evaluator_id, removed_at=None)
    payload = {
        "engagements": [
            {"id": row.pk, "state": row.state} for row in engagements_of(report.evaluator_id, report.round_id)
        ],
        "staff": list(staff.values_list("pk", flat=True)),
        "totals": {
            "portal": sums.portal,
            "own": sums.own,
            "elsewhere": sums.elsewhere,
            "counted_elsewhere": sums.counted_elsewhere,
            "union": sums.union,
            "cap": sums.cap,
            "by_category": [list(pair) for pair in sums.by_category],
            "by_province": [list(pair) for pair in sums.by_province],
        },
    }
    return ReportFiling.objects.create(
        report=report,
        number=(last.number if last else 0) + 1,
        frozen=frozen,
        payload=payload,
        sha256=digest({"answers": frozen.sha256, "payload": payload}),
        received_at=received_at,
        # Late is said of the first filing: one that answers a return is not late for being returned.
        late=last.late if last else found.late,
        filed_by_id=person(actor),
    )


# --- the city ---------------------------------------------------------------------------------------------------------


def return_report(
    *,
    actor: Actor,
    report_id: int,
    seen_version: int,
    reason: str,
    due_at: datetime,
    remarks: Sequence[Remark] = (),
) -> FiledReturn:
    """Send a filed report back with remarks at its fields; its due day is its own and no extension of the round's."""
    check_return(remarks, due_at)
    with transaction.atomic():
        report = lock_report(actor, report_id, seen_version=seen_version)
        may_decide(actor).require()
        text = clean_reason(reason, label="总体意见")
        target = _possible(report, "return", actor, reason=text)
        row = open_return(
            actor=actor,
            scope=SCOPE_REPORT,
            scope_id=report.pk,
            reason=text,
            due_at=due_at,
            remarks=remarks,
            value_at=lambda path: _value(report, path),
        )
        if report.filing_id is not None:
            set_locked(filing_ids=[report.filing_id], locked=False)
        _moved(report, "return", target, actor=actor, fields=[], reason=text)
        report_returned(report, row)
    return row


def accept(*, actor: Actor, report_id: int, seen_version: int) -> AnnualReport:
    """Accept a filed report whose sealed scan has come; what it declares elsewhere becomes the body's registration.

    Only where the body is registered in the round, and as one more row: nothing else of the registration changes.
    Raises Invalid (no sealed scan of this version), WrongState, Stale, Refused, NotVisible.
    """
    with transaction.atomic():
        report = lock_report(actor, report_id, seen_version=seen_version)
        may_decide(actor).require()
        target = _possible(report, "accept", actor)
        current = report.current
        if current is None or not ReportSeal.objects.filter(filing=current).exists():
            raise Invalid("还没有收到当前版本的盖章扫描件。请机构打印盖章后上传，再接收。")
        report.accepted_at, report.accepted_by_id = clock.now(), person(actor)
        declared = _declare(report, current, actor=actor)
        fields = ["accepted_at", "accepted_by"]
        _moved(report, "accept", target, actor=actor, fields=fields, number=current.number, declared=declared)
    return report


def _declare(report: AnnualReport, current: ReportFiling, *, actor: Actor) -> int:
    number = int(current.payload["totals"]["counted_elsewhere"])
    before = latest_registration(report.evaluator_id, report.round_id)
    if before is not None and before.declared_elsewhere != number:
        kept = RegistrationFields(**{f.name: getattr(before, f.name) for f in dataclass_fields(RegistrationFields)})
        record_registration(
            actor=actor,
            evaluator_id=report.evaluator_id,
            round_id=report.round_id,
            entered=replace(kept, declared_elsewhere=number),
            source=f"年度工作情况报告第{current.number}版",
        )
    return number


def allow_late(*, actor: Actor, evaluator_id: int, round_id: int, until: datetime, reason: str) -> LateAllowance:
    """Give an evaluator leave, in writing, to file after the round's clock; what it files then stays 迟报."""
    may_decide(actor).require()
    text = clean_reason(reason, label="同意补报的理由", limit=300)
    if until <= clock.now():
        raise Invalid("补报期限应晚于现在。", errors={"until_on": ["补报期限应晚于现在。"]})
    with transaction.atomic():
        evaluator = Evaluator.objects.filter(pk=evaluator_id).first()
        if evaluator is None or not Round.objects.filter(pk=round_id).exists():
            raise NotVisible
        row = LateAllowance.objects.create(
            evaluator=evaluator,
            round_id=round_id,
            until=until,
            reason=text,
            granted_by_id=person(actor),
            granted_at=clock.now(),
        )
        data = {"round": round_id, "until": until, "reason": text}
        record(actor=actor, action="evaluators.allow_late", target=f"{SCOPE_EVALUATOR}:{evaluator_id}", data=data)
    return row
