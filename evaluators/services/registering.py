"""An evaluator's own registration: begin, prove, file, take back, change; return and acknowledge by the city."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evaluators.constants import FILE_EVIDENCE, SCOPE_REGISTRATION, SHEET_REGISTRATION
from evaluators.models import CaseEvidence, Evaluator, FiledReturn, RegistrationCase
from evaluators.rules import may_decide, may_keep_own
from evaluators.selectors.registering import EVIDENCE, cases_visible_to, declared_by
from evaluators.services.groups import put_on_file
from evaluators.services.moving import (
    Remark,
    check_return,
    clean_reason,
    close_return,
    open_return,
    person,
    require_complete,
)
from evaluators.services.notifying import registration_acknowledged, registration_returned
from evaluators.services.registration import RegistrationFields, record_registration
from evaluators.states import REGISTRATION_TRANSITIONS, RegistrationState
from greenportal import clock, transitions
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_file
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import copy_answers, current_text, freeze, set_locked, start
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import load

_PERSON_KINDS = {"91": "enterprise", "12": "institution", "51": "association", "52": "service"}


def target_of(case_id: int) -> str:
    """Return the audit target of a registration."""
    return f"{SCOPE_REGISTRATION}:{case_id}"


def prefilled(organisation: Organisation) -> dict[str, Any]:
    """Return what the directory knows of the legal person, by keys of the sheets of evaluators."""
    return {
        "org_name": organisation.name,
        "uscc": organisation.uscc,
        "person_kind": _PERSON_KINDS.get(organisation.uscc[:2], ""),
        "legal_representative": organisation.legal_representative,
        "registered_address": organisation.address,
    }


def body_in_round(actor: Actor, round_id: int, *, closed: str) -> tuple[Evaluator, Round]:
    """Lock the actor's own body and return it with the open round, in which it begins a paper. In the caller's transaction.

    closed: what to say where the round is not open. Raises NotVisible (no body), Refused (another role, `closed`).
    """
    if actor.organisation_id is None:
        raise NotVisible
    may_keep_own(actor, organisation_id=actor.organisation_id).require()
    year = Round.objects.filter(pk=round_id, state=Round.State.OPEN).first()
    if year is None:
        raise Refused(closed)
    evaluator, _ = put_on_file(actor, actor.organisation_id)
    Evaluator.objects.select_for_update(of=("self",), no_key=True).get(pk=evaluator.pk)
    return evaluator, year


def begin(*, actor: Actor, round_id: int) -> RegistrationCase:
    """Begin the registration of the actor's own body in an open round; one that exists is returned as it is.

    Takes over what may be copied from the body's last registration. Raises Refused, NotVisible.
    """
    with transaction.atomic():
        evaluator, year = body_in_round(actor, round_id, closed="本年度批次尚未启动或已结束，请等待市局启动后再登记。")
        found = RegistrationCase.objects.filter(evaluator=evaluator, round=year).first()
        if found is not None:
            return found
        now = clock.now()
        case = RegistrationCase.objects.create(evaluator=evaluator, round=year, created_at=now, updated_at=now)
        sheet = load(sheet_file(year.rulebook_key, SHEET_REGISTRATION))
        organisation = evaluator.organisation
        case.filing = start(
            scope=SCOPE_REGISTRATION, scope_id=case.pk, sheet=sheet, actor=actor, answers=prefilled(organisation)
        )
        case.save(update_fields=["filing"])
        record(actor=actor, action="evaluators.begin_registration", target=target_of(case.pk), data={"round": round_id})
        earlier = RegistrationCase.objects.filter(evaluator=evaluator, filing__isnull=False).exclude(pk=case.pk)
        last = earlier.order_by("-round__year", "-pk").first()
        if last is not None and last.filing_id is not None and case.filing is not None:
            copy_answers(from_filing=last.filing_id, to_filing=case.filing.pk, actor=actor)
    return case


def lock_case(actor: Actor, case_id: int, *, seen_version: int | None = None) -> RegistrationCase:
    """Lock one visible registration. Raises NotVisible for absent and foreign alike, Stale for another version."""
    if not cases_visible_to(actor).filter(pk=case_id).exists():
        raise NotVisible
    case = (
        RegistrationCase.objects.select_for_update(of=("self",), no_key=True)
        .select_related("evaluator__organisation", "filing")
        .get(pk=case_id)
    )
    if seen_version is not None and case.version != seen_version:
        raise Stale("这份登记刚被他人处理，刷新后核对最新状态。", current=case.state)
    return case


def _move(
    case: RegistrationCase, action: str, *, actor: Actor, reason: str = "", fields: Sequence[str] = (), **data: Any
) -> None:
    """Make one move of the table: state, version, audit. Other columns in `fields` were set by the caller."""
    found = transitions.find(
        REGISTRATION_TRANSITIONS,
        state=case.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=reason,
        named=RegistrationState(case.state).label,
    )
    before, case.state = case.state, found.target
    case.version += 1
    case.updated_at = clock.now()
    case.save(update_fields=["state", "version", "updated_at", *fields])
    told = {"from": before, "to": case.state, "reason": reason, **data}
    record(actor=actor, action=f"evaluators.{action}_registration", target=target_of(case.pk), data=told)


def _possible(case: RegistrationCase, action: str, actor: Actor, reason: str = "") -> None:
    """Refuse before anything is checked that takes longer, in the table's order of refusals."""
    transitions.find(
        REGISTRATION_TRANSITIONS,
        state=case.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=reason,
        named=RegistrationState(case.state).label,
    )


def value_at(case: RegistrationCase, path: str) -> str:
    """Return what stands at a remark's place: a field's text, or the hashes of a condition's proofs."""
    if path.startswith(EVIDENCE):
        rows = case.evidence.filter(condition=path.removeprefix(EVIDENCE), removed_at=None).order_by("id")
        return ",".join(rows.values_list("file__sha256", flat=True))
    return current_text(SCOPE_REGISTRATION, case.pk, path)


def attach(*, actor: Actor, case_id: int, condition: str, file_id: UUID, title: str = "") -> CaseEvidence:
    """Put an uploaded file of the actor's among the proofs of a condition. Raises Invalid, Refused, NotVisible."""
    with transaction.atomic():
        case = lock_case(actor, case_id)
        _editable(actor, case)
        if condition not in CaseEvidence.Condition.values:
            raise Invalid("选择材料证明的基本条件。", errors={"condition": ["选择材料证明的基本条件。"]})
        file = visible_file(actor, file_id)
        if file.kind != FILE_EVIDENCE:
            raise NotVisible
        row = CaseEvidence.objects.create(
            case=case,
            condition=condition,
            file=file,
            title=" ".join(title.split())[:160] or file.name,
            added_by_id=person(actor),
            added_at=clock.now(),
        )
        data = {"condition": condition, "evidence": row.pk, "sha256": file.sha256}
        record(actor=actor, action="evaluators.attach_evidence", target=target_of(case.pk), data=data)
    return row


def detach(*, actor: Actor, evidence_id: int) -> None:
    """Take a proof out; the row stays with its date, and the city still sees what was filed with it."""
    with transaction.atomic():
        case_id = CaseEvidence.objects.filter(pk=evidence_id, removed_at=None).values_list("case", flat=True).first()
        if case_id is None:
            raise NotVisible
        case = lock_case(actor, case_id)
        _editable(actor, case)
        CaseEvidence.objects.filter(pk=evidence_id, removed_at=None).update(removed_at=clock.now())
        data = {"evidence": evidence_id}
        record(actor=actor, action="evaluators.detach_evidence", target=target_of(case.pk), data=data)


def _editable(actor: Actor, case: RegistrationCase) -> None:
    may_keep_own(actor, organisation_id=case.evaluator.organisation_id).require()
    if case.state not in {RegistrationState.DRAFT, RegistrationState.RETURNED}:
        raise Refused(f"登记当前为“{RegistrationState(case.state).label}”，不能修改。需要修改的，先取回或变更登记。")


def file(*, actor: Actor, case_id: int, seen_version: int) -> RegistrationCase:
    """File the registration with the city: hard fields complete, every remark answered, answers frozen.

    The computed verdicts stop nothing: what is not met is told and the city acknowledges what it finds
    proved. Raises Invalid, Refused, WrongState, Stale, NotVisible.
    """
    with transaction.atomic():
        case = lock_case(actor, case_id, seen_version=seen_version)
        may_keep_own(actor, organisation_id=case.evaluator.organisation_id).require()
        _possible(case, "file", actor)
        filing = case.filing
        if filing is None:
            raise NotVisible
        set_locked(filing_ids=[filing.pk], locked=True)
        filing.refresh_from_db()
        soft = require_complete(sheet_of(filing), filing)
        close_return(
            actor=actor, scope=SCOPE_REGISTRATION, scope_id=case.pk, value_at=lambda path: value_at(case, path)
        )
        case.frozen = freeze(filing_id=filing.pk, cause="registration", actor=actor)
        case.filed_at, case.filed_by_id = clock.now(), person(actor)
        fields = ["frozen", "filed_at", "filed_by"]
        _move(case, "file", actor=actor, fields=fields, sha256=case.frozen.sha256, soft_gaps=soft)
    return case


def take_back(*, actor: Actor, case_id: int, seen_version: int) -> RegistrationCase:
    """Take a filed registration back before the city has dealt with it."""
    with transaction.atomic():
        case = lock_case(actor, case_id, seen_version=seen_version)
        may_keep_own(actor, organisation_id=case.evaluator.organisation_id).require()
        _move(case, "take_back", actor=actor)
        _unlock(case)
    return case


def amend(*, actor: Actor, case_id: int, seen_version: int, reason: str) -> RegistrationCase:
    """Begin a change of an acknowledged registration; what was acknowledged stays in force meanwhile."""
    with transaction.atomic():
        case = lock_case(actor, case_id, seen_version=seen_version)
        may_keep_own(actor, organisation_id=case.evaluator.organisation_id).require()
        _move(case, "amend", actor=actor, reason=clean_reason(reason, label="变更事项", limit=300))
        _unlock(case)
    return case


def _unlock(case: RegistrationCase) -> None:
    if case.filing_id is not None:
        set_locked(filing_ids=[case.filing_id], locked=False)


def return_registration(
    *,
    actor: Actor,
    case_id: int,
    seen_version: int,
    reason: str,
    due_at: datetime,
    remarks: Sequence[Remark] = (),
) -> FiledReturn:
    """Send a filed registration back with remarks at its fields and a due day. Nothing closes when the day passes."""
    check_return(remarks, due_at)
    with transaction.atomic():
        case = lock_case(actor, case_id, seen_version=seen_version)
        may_decide(actor).require()
        text = clean_reason(reason, label="总体意见")
        _move(case, "return", actor=actor, reason=text)
        row = open_return(
            actor=actor,
            scope=SCOPE_REGISTRATION,
            scope_id=case.pk,
            reason=text,
            due_at=due_at,
            remarks=remarks,
            value_at=lambda path: value_at(case, path),
        )
        _unlock(case)
        registration_returned(case, row)
    return row


def proposed(case: RegistrationCase) -> RegistrationFields:
    """Return what an acknowledgement would record if the officer changes nothing: the frozen sheet and the roster."""
    if case.frozen is None or case.filed_at is None:
        raise NotVisible
    book = rulebook_at(case.round_id)[0]
    facts = declared_by(case, case.frozen.answers, book=book, at=case.filed_at)
    return RegistrationFields(**{name: getattr(facts, name) for name in RegistrationFields.__dataclass_fields__})


def acknowledge(
    *, actor: Actor, case_id: int, seen_version: int, entered: RegistrationFields | None = None
) -> RegistrationCase:
    """Acknowledge a filed registration: one more `EvaluatorRegistration` row, from now on the standing.

    entered: what the officer found proved; None takes what was declared. Nothing is judged suitable or
    recommended by it. Raises Invalid, Refused, WrongState, Stale, NotVisible.
    """
    with transaction.atomic():
        case = lock_case(actor, case_id, seen_version=seen_version)
        may_decide(actor).require()
        _possible(case, "acknowledge", actor)
        facts = proposed(case) if entered is None else entered
        number = case.frozen.number if case.frozen else 0
        case.acknowledged_row = record_registration(
            actor=actor,
            evaluator_id=case.evaluator_id,
            round_id=case.round_id,
            entered=facts,
            source=f"机构登记表第{number}版，{clock.spoken(case.filed_at or clock.now())}提交",
        )
        case.acknowledged_at, case.acknowledged_by_id = clock.now(), person(actor)
        fields = ["acknowledged_row", "acknowledged_at", "acknowledged_by"]
        _move(case, "acknowledge", actor=actor, fields=fields, registration=case.acknowledged_row.pk)
        registration_acknowledged(case)
    return case


def evidence_of(case: RegistrationCase) -> list[StoredFile]:
    """Return the files in place as proofs of a registration, in the order of the conditions."""
    rows = case.evidence.filter(removed_at=None).select_related("file").order_by("condition", "id")
    return [row.file for row in rows]
