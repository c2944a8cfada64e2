"""What the page of one evaluator shows, preformatted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from evaluators.constants import EvaluatedCategory
from evaluators.models import AffiliateRelation, Engagement, Evaluator, Sanction
from evaluators.rules import Condition, cap_level, conditions
from evaluators.selectors.groups import relations_visible_to, warn_from
from evaluators.selectors.lists import engagements_visible_to, sanctions_visible_to
from evaluators.selectors.standing import EvaluatorStanding, standing
from evaluators.states import EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import Rulebook
from greenportal.rounds.selectors import rulebook_at


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """One evaluation as a row: its moves depend on the reader."""

    id: int
    ordinal: str
    subject: str
    category: str
    state: str
    colour: str
    over_cap: bool
    claimed: bool
    disputed: bool
    due: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class EvaluatorPage:
    """Standing, conditions, evaluations of the round and sanctions of one evaluator."""

    evaluator: Evaluator
    round: Round
    standing: EvaluatorStanding
    conditions: tuple[Condition, ...]
    cap: int
    affiliates: tuple[Evaluator, ...]
    engagements: tuple[EngagementLine, ...]
    sanctions: tuple[Sanction, ...]
    source: str
    level: str
    relations: tuple[AffiliateRelation, ...]


def thresholds(book: Rulebook) -> tuple[int, int, date]:
    """Return staff, senior staff and first day of the five years as the rulebook sets them."""
    return (
        int(book.numbers["staff_intermediate"].value),
        int(book.numbers["staff_senior"].value),
        book.windows["five_years"].start,
    )


def dispute_overdue(row: Engagement) -> bool:
    """Return whether a dispute waits for the city past its due date. Computed, never stored."""
    due = row.dispute_due_at
    return row.state == EngagementState.DISPUTED and due is not None and due <= clock.now()


def _line(row: Engagement) -> EngagementLine:
    state = EngagementState(row.state)
    colour = {"disputed": "amber", "void": "", "withdrawn": "", "claimed": "plain"}.get(state, "green")
    return EngagementLine(
        id=row.pk,
        ordinal="" if row.ordinal is None else str(row.ordinal),
        subject=row.subject.name,
        category=EvaluatedCategory(row.category).label,
        state=state.label,
        colour=colour,
        over_cap=row.over_cap,
        claimed=state == EngagementState.CLAIMED,
        disputed=state == EngagementState.DISPUTED,
        due=clock.spoken(row.dispute_due_at) if row.dispute_due_at else "",
        overdue=dispute_overdue(row),
    )


def evaluator_page(actor: Actor, evaluator: Evaluator, round_: Round) -> EvaluatorPage:
    """Return the page of one visible evaluator in a constant number of queries."""
    book, _ = rulebook_at(round_.pk)
    facts = standing([evaluator.pk], round_id=round_.pk, as_of=clock.now())[evaluator.pk]
    staff, senior, since = thresholds(book)
    relatives = Evaluator.objects.filter(pk__in=facts.group_evaluator_ids).exclude(pk=evaluator.pk)
    rows = engagements_visible_to(actor).filter(evaluator=evaluator, round=round_).order_by("id")
    mine = Q(first_id=evaluator.organisation_id) | Q(second_id=evaluator.organisation_id)
    last = evaluator.registrations.filter(round=round_).order_by("-number").first()
    return EvaluatorPage(
        evaluator=evaluator,
        round=round_,
        standing=facts,
        conditions=conditions(
            facts,
            staff_min=staff,
            senior_min=senior,
            record_since=since,
            doubtful_from=book.windows["five_years"].doubtful_from,
        ),
        cap=book.cap,
        affiliates=tuple(relatives.select_related("organisation")),
        engagements=tuple(_line(row) for row in rows),
        sanctions=tuple(sanctions_visible_to(actor).filter(organisation_id=evaluator.organisation_id)),
        source=last.source if last else "",
        level=cap_level(facts.union, warn_from=warn_from(book), limit=book.cap),
        relations=tuple(relations_visible_to(actor).filter(mine).order_by("state", "id")),
    )
