"""Incidents told at once by the district and verified by the city (通知 三); corrections are added, never written over."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db import transaction

from dynamic_mgmt.constants import JOB_REASSESS, KIND_INCIDENT, SCOPE_INCIDENT
from dynamic_mgmt.models import Incident, IncidentRevision, IncidentStep, ListedUnit
from dynamic_mgmt.rules import may_report_incident, may_verify_incident, may_withdraw_incident
from dynamic_mgmt.selectors.incidents import visible_to as incidents_visible_to
from dynamic_mgmt.selectors.incidents import was_verified
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.services.noticing import incident_decided, incident_reported
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from dynamic_mgmt.states import INCIDENT_TRANSITIONS, STANDING, IncidentState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.directory.selectors import organisations_visible_to
from greenportal.files.selectors import visible_to as files_visible_to
from greenportal.findings.types import Invalid, NotVisible, Stale, WrongState
from greenportal.jobs.services import enqueue
from greenportal.transitions import Transition, find


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is reported of an incident. document_id or document_no is the proof; source_text for another source."""

    kind: str
    severity: str
    source: str
    source_text: str = ""
    happened_on: date
    text: str
    document_no: str = ""
    document_id: uuid.UUID | None = None


def _check(told: Told) -> None:
    """Raise `Invalid` with every message."""
    errors: dict[str, list[str]] = {}
    for name, choices in (
        ("kind", IncidentRevision.Kind),
        ("severity", IncidentRevision.Severity),
        ("source", IncidentRevision.Source),
    ):
        if getattr(told, name) not in choices.values:
            errors[name] = ["选择一项。"]
    if told.source == IncidentRevision.Source.OTHER and not told.source_text.strip():
        errors["source_text"] = ["写明信息来源，如通报文件、媒体名称。"]
    if told.happened_on > clock.today():
        errors["happened_on"] = ["发生或认定日期应不晚于今天，核对后填写。"]
    if not told.text.strip() or len(told.text.strip()) > 1000:
        errors["text"] = ["写明情况（1至1000个字）。"]
    for name, limit in (("source_text", 200), ("document_no", 120)):
        if len(getattr(told, name).strip()) > limit:
            errors[name] = [f"最多{limit}个字，请精简。"]
    if told.document_id is None and not told.document_no.strip():
        errors["document_no"] = ["填写文书名称或文号，或上传文书。"]
    if errors:
        raise Invalid("核对上报内容。", errors=errors)


def report_incident(
    *, actor: Actor, told: Told, organisation_id: int | None = None, unit_id: int | None = None
) -> Incident:
    """Report an incident of a legal person or of a listed unit; the city is told in the same transaction.

    A unit linked to a legal person reports that person. Open nominations are checked again.
    Raises `Refused`, `NotVisible`, `Invalid` per field, `WrongState` when the same is reported already.
    """
    may_report_incident(actor).require()
    _check(told)
    with transaction.atomic():
        organisation, unit = _about(actor, organisation_id, unit_id)
        _refuse_twice(organisation, unit, told)
        incident = Incident.objects.create(
            organisation=organisation,
            unit=unit,
            authority_id=actor.authority_id if actor.is_district else None,
            reported_by_id=cast("int", actor.user_id),  # may_report_incident asks for a person
            reported_at=clock.now(),
        )
        revision = _write(actor, incident, told, reason="")
        _step(actor, incident, "report", "")
        incident_reported(incident, revision)
        _news(actor, incident)
    return incident


def _about(
    actor: Actor, organisation_id: int | None, unit_id: int | None
) -> tuple[Organisation | None, ListedUnit | None]:
    """Return whom it is about, locked, so that two reports of the same come one after the other."""
    unit = None
    if unit_id is not None:
        unit = units_visible_to(actor).select_for_update(of=("self",)).filter(pk=unit_id).first()
        if unit is None:
            raise NotVisible
        organisation_id = unit.organisation_id
    if organisation_id is None:
        if unit is None:
            raise Invalid(
                "选择名单单位，或填写统一社会信用代码。", errors={"about": ["选择名单单位，或填写统一社会信用代码。"]}
            )
        return None, unit
    known = organisations_visible_to(actor) if unit is None else Organisation.objects.all()
    organisation = known.select_for_update().filter(pk=organisation_id).first()
    if organisation is None:
        raise NotVisible
    return organisation, unit


def _hold(incident_id: int) -> None:
    """Lock whom an incident is about, in the order of `_about`: what is told of them twice is judged one after the other."""
    found = Incident.objects.filter(pk=incident_id).values_list("unit_id", "organisation_id").first()
    unit_id, organisation_id = found or (None, None)
    list(ListedUnit.objects.select_for_update(of=("self",)).filter(pk=unit_id or 0).values_list("pk"))
    list(Organisation.objects.select_for_update().filter(pk=organisation_id or 0).values_list("pk"))


def _refuse_twice(organisation: Organisation | None, unit: ListedUnit | None, told: Told, *, without: int = 0) -> None:
    """Raise `WrongState` when the same is told in another record than `without` (the one being corrected)."""
    same = Incident.objects.exclude(pk=without).filter(
        state__in=STANDING, current__kind=told.kind, current__happened_on=told.happened_on, current__source=told.source
    )
    same = same.filter(organisation=organisation) if organisation else same.filter(organisation=None, unit=unit)
    if same.exists():
        raise WrongState("这一单位同一日期、同一类别和来源的情况已上报。内容有变化的，请在原记录上更正。")


def _write(actor: Actor, incident: Incident, told: Told, *, reason: str) -> IncidentRevision:
    """Add a revision and make it the current one."""
    if told.document_id is not None and not _may_use(actor, incident, told.document_id):
        raise NotVisible
    number = incident.revisions.count() + 1
    revision = IncidentRevision.objects.create(
        incident=incident,
        number=number,
        kind=told.kind,
        severity=told.severity,
        source=told.source,
        source_text=told.source_text.strip() if told.source == IncidentRevision.Source.OTHER else "",
        happened_on=told.happened_on,
        text=told.text.strip(),
        document_no=told.document_no.strip(),
        document_id=told.document_id,
        reason=reason.strip(),
        written_by_id=cast("int", actor.user_id),
        written_at=clock.now(),
    )
    incident.current = revision
    incident.save(update_fields=["current"])
    return revision


def _may_use(actor: Actor, incident: Incident, document_id: uuid.UUID) -> bool:
    kept = incident.revisions.filter(document_id=document_id).exists()
    return kept or files_visible_to(actor, kind=KIND_INCIDENT).filter(pk=document_id).exists()


def _step(actor: Actor, incident: Incident, action: str, reason: str) -> None:
    """Add the move to the history and to the audit trail."""
    IncidentStep.objects.create(
        incident=incident,
        action=action,
        state=incident.state,
        reason=reason.strip(),
        by_id=cast("int", actor.user_id),
        at=clock.now(),
    )
    record(
        actor=actor,
        action=f"dynamic_mgmt.{action}_incident",
        target=f"{SCOPE_INCIDENT}:{incident.pk}",
        data={
            "organisation": incident.organisation_id,
            "unit": incident.unit_id,
            "revision": incident.current.number if incident.current else 0,
            "state": incident.state,
            "reason": reason.strip(),
        },
    )


def _news(actor: Actor, incident: Incident) -> None:
    """Ask for a fresh judgement of open dynamic tables, and nominations to check again.

    Nominations by legal person, else by what the unit's code or name leads to.
    """
    enqueue(
        JOB_REASSESS,
        payload={"organisation_id": incident.organisation_id, "unit_id": incident.unit_id},
        dedupe_key=f"{incident.organisation_id or ''}:{incident.unit_id or ''}",
        actor=actor,
    )
    if incident.organisation_id is not None:
        ids = [incident.organisation_id]
    else:
        ids = organisations_of([incident.unit] if incident.unit else [])
    tell_nominations(actor=actor, cause="dynamic_mgmt.incident", organisation_ids=ids)


def _moved(actor: Actor, incident_id: int, seen_version: int, action: str, reason: str) -> tuple[Incident, Transition]:
    """Return the locked incident with the move that the table allows, or raise the exact refusal."""
    seen = incidents_visible_to(actor).filter(pk=incident_id).exists()
    if not seen:
        raise NotVisible
    incident = (
        Incident.objects.select_for_update(of=("self",))
        .select_related("organisation", "unit", "current")
        .get(pk=incident_id)
    )
    move = find(
        INCIDENT_TRANSITIONS,
        state=incident.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=reason,
        named=incident.get_state_display(),
    )
    if incident.version != seen_version:
        raise Stale("这条记录刚被他人修改，刷新后核对最新内容。", current=incident.version)
    incident.state, incident.version = IncidentState(move.target), incident.version + 1
    return incident, move


def correct_incident(*, actor: Actor, incident_id: int, seen_version: int, told: Told, reason: str) -> Incident:
    """Add a corrected report with its reason; what was verified waits for the city again.

    Raises `Refused`, `NotVisible`, `ReasonRequired`, `Stale`, `WrongState`, `Invalid` per field.
    """
    may_report_incident(actor).require()
    with transaction.atomic():
        _hold(incident_id)
        incident, _ = _moved(actor, incident_id, seen_version, "correct", reason)
        _check(told)
        _refuse_twice(incident.organisation, incident.unit, told, without=incident.pk)
        incident.decided_by, incident.decided_at, incident.decision = None, None, ""
        incident.save(update_fields=["state", "version", "decided_by", "decided_at", "decision"])
        revision = _write(actor, incident, told, reason=reason)
        _step(actor, incident, "correct", reason)
        incident_reported(incident, revision)
        _news(actor, incident)
    return incident


def withdraw_incident(*, actor: Actor, incident_id: int, seen_version: int, reason: str) -> Incident:
    """Take back a report that the city has not verified, with a reason; it stays readable.

    What the city verified once is corrected by the district, and dropped by the city alone (`decide_incident`): a
    correction does not open the way to a withdrawal. Raises `Refused`, `NotVisible`, `ReasonRequired`, `Stale`, `WrongState`.
    """
    may_report_incident(actor).require()
    with transaction.atomic():
        incident, _ = _moved(actor, incident_id, seen_version, "withdraw", reason)
        verdict = may_withdraw_incident(actor, was_verified=was_verified(incident))
        if not verdict:
            raise WrongState(verdict.reason)
        incident.save(update_fields=["state", "version"])
        _step(actor, incident, "withdraw", reason)
        _news(actor, incident)
    return incident


def decide_incident(*, actor: Actor, incident_id: int, seen_version: int, verify: bool, reason: str = "") -> Incident:
    """The city verifies a report, or finds that it does not hold (also later, e.g. after a successful objection).

    Another person than who wrote the report decides. The district is told. Raises `Refused`,
    `NotVisible`, `ReasonRequired`, `Stale`, `WrongState`.
    """
    with transaction.atomic():
        incident, _ = _moved(actor, incident_id, seen_version, "verify" if verify else "reject", reason)
        authors = {incident.reported_by_id}
        if incident.current is not None:
            authors.add(incident.current.written_by_id)
        may_verify_incident(actor, frozenset(authors)).require()
        incident.decided_by_id, incident.decided_at = actor.user_id, clock.now()
        incident.decision = reason.strip()[:400]
        incident.save(update_fields=["state", "version", "decided_by", "decided_at", "decision"])
        _step(actor, incident, "verify" if verify else "reject", reason)
        incident_decided(incident)
        _news(actor, incident)
    return incident
