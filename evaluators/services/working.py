"""How an evaluation was done, as its evaluator reports it: contract, visit, report, score, the steps of 564号, statement."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.db import transaction

from evaluators.constants import FILE_STATEMENT, SCOPE_ENGAGEMENT
from evaluators.models import Engagement, EngagementStep
from evaluators.rules import may_record_work
from evaluators.selectors import engagements_visible_to
from evaluators.selectors.leads import may_act
from evaluators.services.counting import refuse_sanctioned, tell_nominations
from evaluators.services.moving import clean_reason
from evaluators.states import EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import holds_number
from greenportal.audit.services import record, record_read
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible, Stale, WrongState
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.selectors import rulebook_at

#: States in which the evaluator says how it works: not while the claim is unanswered, disputed or over.
OPEN_FOR_WORK = frozenset({EngagementState.CONFIRMED, EngagementState.UPHELD})
_NUMBER = "含有身份证件号码。系统不保存身份证件号码，请改填不含号码的内容。"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementFields:
    """Dates and figures of one evaluation. Days are local; score 0–100 with two decimals; None: not known yet."""

    contract_no: str = ""
    contract_on: date | None = None
    visit_from: date | None = None
    visit_to: date | None = None
    report_on: date | None = None
    score: Decimal | None = None

    def problems(self) -> dict[str, list[str]]:
        """Return field → Chinese messages: every day not after today, in the order in which an evaluation goes."""
        errors: dict[str, list[str]] = {}
        days = (
            ("contract_on", "合同日期", self.contract_on),
            ("visit_from", "现场评价开始日期", self.visit_from),
            ("visit_to", "现场评价结束日期", self.visit_to),
            ("report_on", "评价报告日期", self.report_on),
        )
        before: tuple[str, date] | None = None
        for key, label, day in days:
            if day is None:
                continue
            if day > clock.today():
                errors[key] = [f"{label}应不晚于今天，核对后填写。"]
            elif before is not None and day < before[1]:
                errors[key] = [f"{label}应不早于{before[0]}（{before[1]:%Y-%m-%d}），核对后填写。"]
            before = (label, day)
        if holds_number(self.contract_no):
            errors["contract_no"] = [f"“合同编号”{_NUMBER}"]
        if self.score is not None and not 0 <= self.score <= 100:
            errors["score"] = ["评价得分填写0至100的数，最多两位小数。"]
        return errors


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFields:
    """One step of the procedure: the day it was finished, names one a line, remarks."""

    done_on: date | None = None
    people: str = ""
    note: str = ""


def names(text: str) -> tuple[str, ...]:
    """Return the names in a text, one a line or parted by 、，, or blanks between lines; order kept, each once."""
    parts = text.replace("、", "\n").replace("，", "\n").replace(",", "\n").replace(";", "\n").replace("；", "\n")
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts.splitlines() if part.strip()))


def _in_both(first: str, second: str) -> list[str]:
    """Return the names of `first` that `second` has too, as typed: 甲 试 and 甲试 are one person."""
    others = {"".join(name.split()) for name in names(second)}
    return sorted(name for name in names(first) if "".join(name.split()) in others)


def step_problems(steps: Mapping[str, StepFields], book: Rulebook) -> dict[str, list[str]]:
    """Return field → messages: steps the rulebook knows, no day to come, the review by people outside the team.

    Names are compared without blanks. The order of the steps' days is not asked: no source says that one ends first.
    """
    errors: dict[str, list[str]] = {}
    for key, told in steps.items():
        spec = book.procedure.get(key)
        if spec is None:
            errors[f"{key}_done_on"] = ["这一程序不在本年度的程序清单中，请刷新页面。"]
            continue
        if told.done_on is not None and told.done_on > clock.today():
            errors[f"{key}_done_on"] = [f"“{spec.label}”的完成日期应不晚于今天，核对后填写。"]
        if told.done_on is not None and spec.needs_people and not names(told.people):
            errors[f"{key}_people"] = [f"“{spec.label}”已填写完成日期的，同时填写人员姓名。"]
        for part, label, text in (("people", "人员", told.people), ("note", "说明", told.note)):
            if holds_number(text):
                errors[f"{key}_{part}"] = [f"“{spec.label}：{label}”{_NUMBER}"]
        both = _in_both(told.people, steps[spec.outside].people) if spec.outside in steps else []
        if both:
            team = book.procedure[spec.outside].label
            errors[f"{key}_people"] = [f"{'、'.join(both)}已列入“{team}”，“{spec.label}”须由评价组以外的人员进行。"]
    return errors


def record_work(
    *,
    actor: Actor,
    engagement_id: int,
    told: EngagementFields,
    steps: Mapping[str, StepFields],
    seen_version: int,
    statement_id: uuid.UUID | None = None,
) -> Engagement:
    """Store what the evaluator reports of one evaluation; its nomination is checked again where the report's day changed.

    steps: by key of the rulebook's procedure, those left out stay. statement_id: the signed statement of truth and
    liability, a file of kind `FILE_STATEMENT` uploaded by the actor; None keeps the present one. Incomplete is
    stored as it is. Raises Refused (another body, or a handler who does not lead it), NotVisible, WrongState (not confirmed), Stale, Invalid per field.
    """
    with transaction.atomic():
        rows = Engagement.objects.select_for_update(of=("self",)).select_related("evaluator")
        engagement = rows.filter(pk=engagement_id).first()
        if engagement is None or (actor.is_evaluator and actor.organisation_id != engagement.evaluator.organisation_id):
            raise NotVisible
        may_record_work(actor, organisation_id=engagement.evaluator.organisation_id).require()
        may_act(actor, engagement.pk).require()
        if engagement.state not in OPEN_FOR_WORK:
            label = EngagementState(engagement.state).label
            raise WrongState(f"当前状态为“{label}”，确认评价项目后再填写评价过程。")
        if engagement.version != seen_version:
            raise Stale("这一评价项目刚被他人更改，刷新页面核对后重新保存。", current=engagement.version)
        errors = told.problems() | step_problems(steps, rulebook_at(engagement.round_id)[0])
        if errors:
            raise Invalid("核对评价过程的内容。", errors=errors)
        if told.report_on is not None and told.report_on != engagement.report_on:
            refuse_sanctioned(engagement.evaluator.organisation_id, told.report_on)
        moved = told.report_on != engagement.report_on
        _written(actor, engagement, told, statement_id)
        EngagementStep.objects.bulk_create(
            [_step(actor, engagement, key, step) for key, step in steps.items()],
            update_conflicts=True,
            unique_fields=["engagement", "step"],
            update_fields=["done_on", "people", "note", "updated_by", "updated_at"],
        )
        _audit(actor, engagement, steps)
        if moved:
            tell_nominations(actor=actor, cause="evaluators.work", engagement_ids=[engagement.pk])
    return engagement


def _step(actor: Actor, engagement: Engagement, key: str, step: StepFields) -> EngagementStep:
    return EngagementStep(
        engagement=engagement,
        step=key,
        done_on=step.done_on,
        people="\n".join(names(step.people)),
        note=step.note.strip()[:300],
        updated_by_id=actor.user_id,
        updated_at=clock.now(),
    )


def _written(actor: Actor, engagement: Engagement, told: EngagementFields, statement_id: uuid.UUID | None) -> None:
    for field in fields(told):
        setattr(engagement, field.name, getattr(told, field.name))
    engagement.contract_no = told.contract_no.strip()[:80]
    if statement_id is not None:
        kept = StoredFile.objects.filter(pk=statement_id, kind=FILE_STATEMENT, uploaded_by_id=actor.user_id).first()
        if kept is None:
            raise NotVisible
        engagement.statement = kept
    engagement.version += 1
    engagement.save()


def _audit(actor: Actor, engagement: Engagement, steps: Mapping[str, StepFields]) -> None:
    """The audit names what was reported, never the people's names."""
    done = {key: step.done_on for key, step in steps.items() if step.done_on is not None}
    record(
        actor=actor,
        action="evaluators.record_work",
        target=f"{SCOPE_ENGAGEMENT}:{engagement.pk}",
        data={
            "contract_no": engagement.contract_no,
            "contract_on": engagement.contract_on,
            "visit_from": engagement.visit_from,
            "visit_to": engagement.visit_to,
            "report_on": engagement.report_on,
            "score": engagement.score,
            "statement": engagement.statement_id,
            "steps": done,
        },
    )


def unmask_team(*, actor: Actor, engagement_id: int, reason: str) -> None:
    """Let the city read the names of a team: needs a reason, and the reading is audited, as of the roster.

    Raises NotVisible for anybody else and for an absent evaluation, ReasonRequired, Invalid.
    """
    found = engagements_visible_to(actor).filter(pk=engagement_id).first() if actor.is_city else None
    if found is None:
        raise NotVisible
    told = clean_reason(reason, label="查看人员姓名的理由", limit=300)
    target = f"{SCOPE_ENGAGEMENT}:{engagement_id}"
    record_read(actor=actor, target=target, what="evaluators.team", data={"reason": told})
