"""不予采信 of a legal person for a span: recorded by one, confirmed by another; so is its lifting (通知 二)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from evaluators.constants import SCOPE_SANCTION
from evaluators.models import Engagement, Sanction
from evaluators.rules import may_confirm_second, may_decide
from evaluators.services.counting import tell_nominations
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState


def years_after(day: date, years: int) -> date:
    """Return the same day `years` later; 29 February becomes 1 March of a common year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def record_sanction(
    *, actor: Actor, organisation_id: int, verified_on: date, until: date, document_no: str, facts: str
) -> Sanction:
    """Write down a verified case against a legal person; it bites only when a second person confirms.

    until: first day on which results are accepted again (`years_after` of the rulebook's years).
    Raises `Refused`, `NotVisible`, `Invalid` per field.
    """
    may_decide(actor).require()
    errors: dict[str, list[str]] = {}
    if verified_on > clock.today():
        errors["verified_on"] = ["查实日期应不晚于今天，核对后填写。"]
    if until <= verified_on:
        errors["until"] = ["截止日期应晚于查实日期，核对后填写。"]
    if not document_no.strip():
        errors["document_no"] = ["填写依据文号。"]
    if not facts.strip():
        errors["facts"] = ["填写查实的事实。"]
    if errors:
        raise Invalid("核对不予采信登记内容。", errors=errors)
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
            "lift_on": sanction.lift_on,
        },
    )


def _locked(sanction_id: int) -> Sanction:
    sanction = Sanction.objects.select_for_update().filter(pk=sanction_id).first()
    if sanction is None:
        raise NotVisible
    return sanction


def _tell(actor: Actor, sanction: Sanction, cause: str) -> None:
    rows = Engagement.objects.filter(evaluator__organisation_id=sanction.organisation_id)
    tell_nominations(actor=actor, cause=cause, engagement_ids=rows.values_list("id", flat=True), key=str(sanction.pk))


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


def propose_lift(*, actor: Actor, sanction_id: int, lift_on: date, reason: str, document_no: str) -> Sanction:
    """Write down that a confirmed sanction ends early from `lift_on`; a second person must confirm."""
    may_decide(actor).require()
    if not reason.strip() or not document_no.strip():
        raise ReasonRequired("解除不予采信需要写明理由和依据文号。")
    with transaction.atomic():
        sanction = _locked(sanction_id)
        if sanction.confirmed_at is None or sanction.lifted_on is not None:
            raise WrongState("只有已复核且尚未解除的登记可以提出解除，刷新页面查看最新状态。")
        if not sanction.verified_on <= lift_on <= sanction.until:
            message = "解除日期应在查实日期和截止日期之间，核对后填写。"
            raise Invalid(message, errors={"lift_on": [message]})
        sanction.lift_on, sanction.lift_by_id, sanction.lift_second_by = lift_on, actor.user_id, None
        sanction.lift_reason, sanction.lift_document_no = reason.strip(), document_no.strip()
        sanction.save()
        _audit(actor, "propose_lift", sanction)
    return sanction


def confirm_lift(*, actor: Actor, sanction_id: int) -> Sanction:
    """The second person agrees to the lifting; `lifted_on` is set and dependents are checked again."""
    may_decide(actor).require()
    with transaction.atomic():
        sanction = _locked(sanction_id)
        if sanction.lift_on is None or sanction.lifted_on is not None:
            raise WrongState("没有待复核的解除事项，刷新页面查看最新状态。")
        may_confirm_second(actor, sanction.lift_by_id).require()
        sanction.lift_second_by_id, sanction.lifted_on = actor.user_id, sanction.lift_on
        sanction.save(update_fields=["lift_second_by", "lifted_on"])
        _audit(actor, "confirm_lift", sanction)
        _tell(actor, sanction, "evaluators.lift")
    return sanction
