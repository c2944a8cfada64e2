"""不予采信 of a legal person for the rulebook's years: recorded by one, confirmed by another (通知 二).

What comes afterwards (申诉, its outcome, an early end) is a dated row each; what ends the sanction needs two people.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.db import IntegrityError, transaction

from evaluators.constants import FILE_SANCTION, SCOPE_SANCTION
from evaluators.models import Engagement, Sanction, SanctionStep
from evaluators.rules import may_confirm_second, may_decide
from evaluators.services.counting import tell_nominations
from evaluators.services.moving import clean_reason, person
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import refuse_numbers
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at

#: What may be said of an appeal against a sanction that ended early: its outcome cannot end it again.
LIFTED = "不予采信已提前解除，不能再撤销。选择“维持”，并在处理理由中写明对申诉的意见。"


def years_after(day: date, years: int) -> date:
    """Return the same day `years` later; 29 February becomes 1 March of a common year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def record_sanction(
    *, actor: Actor, organisation_id: int, round_id: int, verified_on: date, document_no: str, facts: str
) -> Sanction:
    """Write down a verified case against a legal person; it bites only when a second person confirms.

    It runs for the years that the round's rulebook sets (2022: three) from `verified_on`; the day on which
    results are accepted again is computed, never typed. Raises `Refused`, `NotVisible`, `Invalid` per field.
    """
    may_decide(actor).require()
    if not Round.objects.filter(pk=round_id).exists():
        raise NotVisible
    until = years_after(verified_on, rulebook_at(round_id)[0].sanction_years)
    errors: dict[str, list[str]] = {}
    if verified_on > clock.today():
        errors["verified_on"] = ["查实日期应不晚于今天，核对后填写。"]
    if not document_no.strip():
        errors["document_no"] = ["填写依据文号。"]
    if not facts.strip():
        errors["facts"] = ["填写查实的事实。"]
    if errors:
        raise Invalid("核对不予采信登记内容。", errors=errors)
    refuse_numbers(facts=facts, document_no=document_no)
    if not Organisation.objects.filter(pk=organisation_id).exists():
        raise NotVisible
    try:
        with transaction.atomic():
            sanction = Sanction.objects.create(
                organisation_id=organisation_id,
                verified_on=verified_on,
                until=until,
                document_no=document_no.strip(),
                facts=facts.strip(),
                verified_by_id=actor.user_id,
                created_at=clock.now(),
            )
            _audit(actor, "record_sanction", sanction)
    except IntegrityError as error:
        if "sanction_once_per_document" not in str(error):
            raise
        message = "这一文号已为该单位登记过，核对后填写。"
        raise Invalid(message, errors={"document_no": [message]}) from error
    return sanction


def _audit(actor: Actor, verb: str, sanction: Sanction) -> None:
    record(
        actor=actor,
        action=f"evaluators.{verb}",
        target=f"{SCOPE_SANCTION}:{sanction.pk}",
        data={
            "organisation": sanction.organisation_id,
            "verified_on": sanction.verified_on,
            "until": sanction.until,
            "document_no": sanction.document_no,
            "lifted_on": sanction.lifted_on,
        },
    )


def _locked(sanction_id: int) -> Sanction:
    sanction = Sanction.objects.select_for_update().filter(pk=sanction_id).first()
    if sanction is None:
        raise NotVisible
    return sanction


def _tell(actor: Actor, sanction: Sanction, cause: str) -> None:
    rows = Engagement.objects.filter(evaluator__organisation_id=sanction.organisation_id)
    tell_nominations(actor=actor, cause=cause, engagement_ids=rows.values_list("id", flat=True))


def confirm_sanction(*, actor: Actor, sanction_id: int) -> Sanction:
    """The second person agrees: from now on it bites, and what stands on the evaluator is checked again."""
    may_decide(actor).require()
    with transaction.atomic():
        sanction = _locked(sanction_id)
        may_confirm_second(actor, sanction.verified_by_id).require()
        if sanction.confirmed_at is not None:
            raise WrongState("这一登记已复核，刷新页面查看。")
        sanction.second_by_id, sanction.confirmed_at = actor.user_id, clock.now()
        sanction.save(update_fields=["second_by", "confirmed_at"])
        _audit(actor, "confirm_sanction", sanction)
        _tell(actor, sanction, "evaluators.sanction")
    return sanction


def record_appeal(
    *, actor: Actor, sanction_id: int, on: date, text: str, file_id: uuid.UUID | None = None
) -> SanctionStep:
    """Write down that the sanctioned body appealed (申诉): its day, what it says, its letter. Nothing is suspended."""
    may_decide(actor).require()
    told = clean_reason(text, label="申诉的内容")
    with transaction.atomic():
        sanction = _locked(sanction_id)
        if sanction.confirmed_at is None:
            raise WrongState("登记尚未复核生效，没有可以申诉的事项。")
        if not sanction.verified_on <= on <= clock.today():
            message = "申诉日期应在查实日期之后、不晚于今天，核对后填写。"
            raise Invalid(message, errors={"on": [message]})
        return _step(actor, sanction, SanctionStep.Kind.APPEAL, on, told, file_id=file_id)


def propose_outcome(
    *, actor: Actor, appeal_id: int, revoke: bool, on: date, text: str, document_no: str
) -> SanctionStep:
    """Write down what comes of an appeal: 撤销 (as if it had never been) or 维持; another person must confirm.

    What was lifted before cannot be 撤销: the second person could not agree to it.
    """
    may_decide(actor).require()
    told = clean_reason(text, label="处理理由")
    if not document_no.strip():
        raise Invalid("填写处理决定的文号。", errors={"document_no": ["填写处理决定的文号。"]})
    with transaction.atomic():
        appeal = SanctionStep.objects.filter(pk=appeal_id, kind=SanctionStep.Kind.APPEAL).first()
        if appeal is None:
            raise NotVisible
        sanction = _locked(appeal.sanction_id)
        if appeal.outcomes.filter(dropped_at=None).exists():
            raise WrongState("这一申诉已有处理意见，刷新页面查看。")
        _nothing_waits(sanction)
        if revoke and sanction.lifted_on is not None:
            raise Invalid(LIFTED, errors={"outcome": [LIFTED]})
        if not appeal.on <= on <= clock.today():
            message = "处理日期应在申诉日期之后、不晚于今天，核对后填写。"
            raise Invalid(message, errors={"on": [message]})
        kind = SanctionStep.Kind.REVOKE if revoke else SanctionStep.Kind.KEEP
        return _step(actor, sanction, kind, on, told, document_no=document_no, appeal=appeal)


def propose_lift(*, actor: Actor, sanction_id: int, lift_on: date, reason: str, document_no: str) -> SanctionStep:
    """Write down that a confirmed sanction ends early from `lift_on`; another person must confirm."""
    may_decide(actor).require()
    if not reason.strip() or not document_no.strip():
        raise ReasonRequired("解除不予采信需要写明理由和依据文号。")
    with transaction.atomic():
        sanction = _locked(sanction_id)
        _in_force(sanction)
        _nothing_waits(sanction)
        if not sanction.verified_on <= lift_on <= sanction.until:
            message = "解除日期应在查实日期和截止日期之间，核对后填写。"
            raise Invalid(message, errors={"lift_on": [message]})
        told = clean_reason(reason, label="解除理由")
        return _step(actor, sanction, SanctionStep.Kind.LIFT, lift_on, told, document_no=document_no)


def confirm_step(*, actor: Actor, step_id: int) -> SanctionStep:
    """The second person agrees: a lifting or 撤销 ends the sanction and what stands on the evaluator is checked again."""
    may_decide(actor).require()
    with transaction.atomic():
        step, sanction = _waiting(step_id)
        may_confirm_second(actor, step.written_by_id).require()
        step.second_by_id, step.confirmed_at = person(actor), clock.now()
        step.save(update_fields=["second_by", "confirmed_at"])
        if step.kind != SanctionStep.Kind.KEEP:
            _in_force(sanction)
            revoked = step.kind == SanctionStep.Kind.REVOKE
            sanction.lifted_on = sanction.verified_on if revoked else step.on
            sanction.save(update_fields=["lifted_on"])
            _tell(actor, sanction, "evaluators.lift")
        _audit(actor, f"confirm_{step.kind}", sanction)
    return step


def drop_step(*, actor: Actor, step_id: int, reason: str) -> SanctionStep:
    """The second person does not agree, and says why; the row stays, and another proposal may follow."""
    may_decide(actor).require()
    told = clean_reason(reason, label="不同意的理由", limit=300)
    with transaction.atomic():
        step, sanction = _waiting(step_id)
        may_confirm_second(actor, step.written_by_id).require()
        step.second_by_id, step.dropped_at, step.dropped_reason = person(actor), clock.now(), told
        step.save(update_fields=["second_by", "dropped_at", "dropped_reason"])
        _audit(actor, f"drop_{step.kind}", sanction)
    return step


def _waiting(step_id: int) -> tuple[SanctionStep, Sanction]:
    """Return a step that waits for its second person, with its sanction locked."""
    found = SanctionStep.objects.filter(pk=step_id).exclude(kind=SanctionStep.Kind.APPEAL).first()
    if found is None:
        raise NotVisible
    sanction = _locked(found.sanction_id)
    found.refresh_from_db()
    if found.confirmed_at is not None or found.dropped_at is not None:
        raise WrongState("这一事项已复核，刷新页面查看最新状态。")
    return found, sanction


def _in_force(sanction: Sanction) -> None:
    if sanction.confirmed_at is None or sanction.lifted_on is not None:
        raise WrongState("只有已复核且尚未解除的登记可以办理，刷新页面查看最新状态。")


def _nothing_waits(sanction: Sanction) -> None:
    waiting = sanction.steps.exclude(kind=SanctionStep.Kind.APPEAL)
    if waiting.filter(confirmed_at=None, dropped_at=None).exists():
        raise WrongState("已有待复核的事项，复核后再办理。")


def _step(
    actor: Actor,
    sanction: Sanction,
    kind: SanctionStep.Kind,
    on: date,
    text: str,
    *,
    document_no: str = "",
    appeal: SanctionStep | None = None,
    file_id: uuid.UUID | None = None,
) -> SanctionStep:
    """Store one dated row under the sanction's lock."""
    letter = None
    if file_id is not None:
        letter = StoredFile.objects.filter(pk=file_id, kind=FILE_SANCTION, uploaded_by_id=actor.user_id).first()
        if letter is None:
            raise NotVisible
    step = SanctionStep.objects.create(
        sanction=sanction,
        kind=kind,
        on=on,
        text=text,
        document_no=document_no.strip()[:120],
        file=letter,
        appeal=appeal,
        written_by_id=person(actor),
        written_at=clock.now(),
    )
    record(
        actor=actor,
        action=f"evaluators.write_{kind}",
        target=f"{SCOPE_SANCTION}:{sanction.pk}",
        data={"step": step.pk, "on": on, "document_no": step.document_no},
    )
    return step
