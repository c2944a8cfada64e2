"""One sanction as its page shows it: dated steps, who agreed, and the evaluations it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evaluators.constants import EvaluatedCategory
from evaluators.models import Engagement, Evaluator, Sanction, SanctionStep
from evaluators.selectors.lists import steps_visible_to
from evaluators.selectors.standing import SanctionFact
from evaluators.states import EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.rounds.models import Round


@dataclass(frozen=True, slots=True)
class Touched:
    """An evaluation of an open round that the sanction reaches. verdict: what its dates say, for a person to judge."""

    engagement_id: int
    subject: str
    category: str
    state: str
    claimed_on: str
    report_on: str
    verdict: str


@dataclass(frozen=True, slots=True)
class SanctionPage:
    """A sanction with its history. open_appeals: appeals nobody has proposed an outcome for."""

    sanction: Sanction
    in_force: bool
    status: str
    colour: str
    steps: tuple[SanctionStep, ...]
    open_appeals: tuple[int, ...]
    waiting: SanctionStep | None
    touched: tuple[Touched, ...]


def sanction_page(actor: Actor, sanction: Sanction, evaluator: Evaluator) -> SanctionPage:
    """Return the page of one visible sanction with the steps that the reader may know of. Three queries."""
    fact = SanctionFact(sanction.pk, sanction.verified_on, sanction.until, sanction.document_no, sanction.lifted_on)
    running = sanction.confirmed_at is not None and fact.in_force_on(clock.today())
    steps = tuple(steps_visible_to(actor).filter(sanction=sanction))
    answered = {step.appeal_id for step in steps if step.appeal_id and step.dropped_at is None}
    kind = SanctionStep.Kind
    waiting = [s for s in steps if s.kind != kind.APPEAL and s.confirmed_at is None and s.dropped_at is None]
    status, colour = _status(sanction, running)
    return SanctionPage(
        sanction=sanction,
        in_force=running,
        status=status,
        colour=colour,
        steps=steps,
        open_appeals=tuple(s.pk for s in steps if s.kind == kind.APPEAL and s.pk not in answered),
        waiting=waiting[0] if waiting else None,
        touched=_touched(evaluator, fact) if sanction.confirmed_at else (),
    )


def _status(sanction: Sanction, running: bool) -> tuple[str, str]:
    if sanction.confirmed_at is None:
        return "待复核，未生效", "amber"
    if sanction.lifted_on == sanction.verified_on:
        return "申诉后撤销", ""
    if running:
        return "不予采信期内", "red"
    return ("已解除", "") if sanction.lifted_on else ("已期满", "")


def _touched(evaluator: Evaluator, fact: SanctionFact) -> tuple[Touched, ...]:
    gone = [EngagementState.VOID, EngagementState.WITHDRAWN]
    rows = Engagement.objects.filter(evaluator=evaluator, round__state=Round.State.OPEN).exclude(state__in=gone)
    return tuple(_line(row, fact) for row in rows.select_related("subject").order_by("id"))


def _line(row: Engagement, fact: SanctionFact) -> Touched:
    return Touched(
        engagement_id=row.pk,
        subject=row.subject.name,
        category=EvaluatedCategory(row.category).label,
        state=EngagementState(row.state).label,
        claimed_on=f"{clock.local(row.claimed_at):%Y-%m-%d}",
        report_on=f"{row.report_on:%Y-%m-%d}" if row.report_on else "",
        verdict=verdict(row, fact),
    )


def verdict(row: Engagement, fact: SanctionFact) -> str:
    """Say what the dates of an evaluation mean beside a sanction; empty where it does not reach it. Pure."""
    if row.report_on is not None and fact.in_force_on(row.report_on):
        return "报告在不予采信期内，不予采信"
    if not fact.in_force_on(clock.today()):
        return ""
    if row.report_on is None:
        return "尚无报告，期内出具的不予采信"
    return "报告早于查实日期，须人工判断" if row.report_on < fact.verified_on else ""


def sanction_on(organisation_id: int, day: date) -> Sanction | None:
    """Return the first confirmed sanction of the legal person that covers a local day; its end is exclusive. One query."""
    rows = Sanction.objects.filter(
        organisation_id=organisation_id, confirmed_at__isnull=False, verified_on__lte=day, until__gt=day
    )
    return rows.exclude(lifted_on__lte=day).order_by("verified_on").first()


def spoken_span(found: Sanction) -> str:
    """Return the days of a sanction and what it rests on, as messages say it. Pure."""
    return f"{found.verified_on:%Y-%m-%d}至{found.until:%Y-%m-%d}，不含截止日，依据{found.document_no}"
