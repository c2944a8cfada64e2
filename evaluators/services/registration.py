"""Evaluators and what they proved for a round (通知 二, five basic conditions)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date

from django.db import transaction
from django.db.models import Max

from evaluators.constants import SCOPE_EVALUATOR
from evaluators.models import Evaluator, EvaluatorRegistration
from evaluators.rules import may_record
from evaluators.services.counting import tell_nominations
from evaluators.services.groups import put_on_file
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import told_of
from greenportal.audit.services import record
from greenportal.directory.services import register_organisation
from greenportal.findings.types import Invalid, NotVisible, Stale
from greenportal.rounds.models import Round


@dataclass(frozen=True, slots=True)
class RegistrationFields:
    """The five conditions as proved; None means not known, and is kept as not known.

    staff_senior is counted inside staff_intermediate; declared_elsewhere is the number of
    evaluations that the body itself declares outside this portal in this batch.
    """

    registered_in_china: bool | None = None
    has_experience: bool | None = None
    has_office: bool | None = None
    has_finance_system: bool | None = None
    staff_intermediate: int | None = None
    staff_senior: int | None = None
    knows_rules: bool | None = None
    latest_record_on: date | None = None
    covers_three_fields: bool | None = None
    declared_elsewhere: int | None = None

    def problems(self) -> dict[str, list[str]]:
        """Return field → Chinese messages; empty when everything fits together."""
        errors: dict[str, list[str]] = {}
        for key in ("staff_intermediate", "staff_senior", "declared_elsewhere"):
            value = getattr(self, key)
            if value is not None and not 0 <= value <= 100_000:
                errors[key] = ["填写0至100000的整数。"]
        if (
            self.staff_intermediate is not None
            and self.staff_senior is not None
            and self.staff_senior > self.staff_intermediate
        ):
            errors["staff_senior"] = ["高级职称人数包含在中级职称以上人数内，不应超过该人数，核对后填写。"]
        if self.latest_record_on is not None and self.latest_record_on > clock.today():
            errors["latest_record_on"] = ["业绩日期应不晚于今天，核对后填写。"]
        return errors


def register_evaluator(*, actor: Actor, uscc: str, name: str) -> Evaluator:
    """Return the evaluator with this code, made on first sight with a group of its own. Any kind of legal person."""
    may_record(actor).require()
    with transaction.atomic():
        organisation = register_organisation(actor=actor, uscc=uscc, name=name)
        evaluator, made = put_on_file(actor, organisation.pk)
        if made:
            record(
                actor=actor,
                action="evaluators.register_evaluator",
                target=f"{SCOPE_EVALUATOR}:{evaluator.pk}",
                data={"uscc": organisation.uscc, "name": organisation.name},
            )
    return evaluator


def latest_registration(evaluator_id: int, round_id: int) -> EvaluatorRegistration | None:
    """Return the last registration row of an evaluator in a round."""
    rows = EvaluatorRegistration.objects.filter(evaluator_id=evaluator_id, round_id=round_id)
    return rows.order_by("-number").first()


def same_fields(stored: EvaluatorRegistration | None, entered: RegistrationFields) -> bool:
    """Return whether `entered` says nothing that `stored` does not."""
    return stored is not None and all(getattr(stored, f.name) == getattr(entered, f.name) for f in fields(entered))


def record_registration(
    *,
    actor: Actor,
    evaluator_id: int,
    round_id: int,
    entered: RegistrationFields,
    source: str,
    seen_number: int | None = None,
) -> EvaluatorRegistration:
    """Store what a city officer saw proved, acknowledged now; nominations that name it are checked again.

    Each entry is one more row, so that the standing can be asked as of any instant; the same facts
    again add nothing. seen_number: the row the officer looked at (0 for none); another one since
    raises `Stale`. Raises `Refused`, `NotVisible`, `Invalid` per field.
    """
    may_record(actor).require()
    errors = entered.problems()
    if not source.strip():
        errors["source"] = ["填写来源，如“机构提交的证明材料，2022年10月8日”。"]
    if told := told_of(source):
        errors["source"] = [told]
    if errors:
        raise Invalid("核对评价机构登记内容。", errors=errors)
    with transaction.atomic():
        evaluator = Evaluator.objects.select_for_update().filter(pk=evaluator_id).first()
        if evaluator is None or not Round.objects.filter(pk=round_id).exists():
            raise NotVisible
        before = latest_registration(evaluator_id, round_id)
        if seen_number is not None and seen_number != (before.number if before else 0):
            raise Stale("这家机构的登记刚被他人更新，核对最新内容后重新保存。", current=before)
        if before is not None and same_fields(before, entered):
            return before
        numbers = EvaluatorRegistration.objects.filter(evaluator=evaluator, round_id=round_id)
        registration = EvaluatorRegistration.objects.create(
            evaluator=evaluator,
            round_id=round_id,
            number=(numbers.aggregate(last=Max("number"))["last"] or 0) + 1,
            acknowledged_at=clock.now(),
            source=source.strip()[:120],
            recorded_by_id=actor.user_id,
            created_at=clock.now(),
            **asdict(entered),
        )
        record(
            actor=actor,
            action="evaluators.record_registration",
            target=f"{SCOPE_EVALUATOR}:{evaluator.pk}",
            data={"round": round_id, "number": registration.number, **asdict(entered)},
        )
        engagements = evaluator.engagements.filter(round_id=round_id).values_list("id", flat=True)
        tell_nominations(actor=actor, cause="evaluators.registration", engagement_ids=engagements)
    return registration
