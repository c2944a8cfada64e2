"""What the page of one evaluator shows, preformatted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from evaluators.constants import EvaluatedCategory
from evaluators.models import AffiliateRelation, Engagement, Evaluator, Sanction
from evaluators.rules import Condition, cap_level, conditions, state_at
from evaluators.selectors.groups import relations_visible_to, warn_from
from evaluators.selectors.leads import assigned_ids
from evaluators.selectors.lists import engagements_visible_to, sanctions_visible_to
from evaluators.selectors.standing import EvaluatorStanding, SanctionFact, instant_and_day, is_past, standing
from evaluators.states import EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import Rulebook
from greenportal.rounds.selectors import rulebook_at


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """One evaluation as a row. may_act: the reader may confirm or dispute it."""

    id: int
    ordinal: str
    subject: str
    category: str
    state: str
    colour: str
    over_cap: bool
    claimed: bool
    may_act: bool
    disputed: bool
    due: str
    overdue: bool
    answer_due: str
    answer_overdue: bool


@dataclass(frozen=True, slots=True)
class SanctionLine:
    """One sanction as known on the day asked about. ended: its early end had come by that day; waiting: recorded, not confirmed by the second person yet."""

    id: int
    verified_on: date
    until: date
    document_no: str
    lifted_on: date | None
    ended: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class EvaluatorPage:
    """Standing, conditions, evaluations of the round and sanctions of one evaluator. as_of: the day asked about, None for now."""

    evaluator: Evaluator
    round: Round
    standing: EvaluatorStanding
    conditions: tuple[Condition, ...]
    cap: int
    affiliates: tuple[Evaluator, ...]
    engagements: tuple[EngagementLine, ...]
    sanctions: tuple[SanctionLine, ...]
    source: str
    level: str
    relations: tuple[AffiliateRelation, ...]
    as_of: date | None = None


def thresholds(book: Rulebook) -> tuple[int, int, date]:
    """Return staff, senior staff and first day of the five years as the rulebook sets them."""
    return (
        int(book.numbers["staff_intermediate"].value),
        int(book.numbers["staff_senior"].value),
        book.windows["five_years"].start,
    )


def conditions_of(facts: EvaluatorStanding, book: Rulebook) -> tuple[Condition, ...]:
    """Return the five conditions of a standing under a rulebook's numbers and window."""
    staff, senior, since = thresholds(book)
    window = book.windows["five_years"]
    return conditions(facts, staff_min=staff, senior_min=senior, record_since=since, doubtful_from=window.doubtful_from)


def dispute_overdue(row: Engagement) -> bool:
    """Return whether a dispute waits for the city past its due date. Computed, never stored."""
    due = row.dispute_due_at
    return row.state == EngagementState.DISPUTED and due is not None and due <= clock.now()


def claim_overdue(row: Engagement) -> bool:
    """Return whether a claim waits for its evaluator past its due date. Computed, never stored; it counts all the same."""
    due = row.confirm_due_at
    return row.state == EngagementState.CLAIMED and due is not None and due <= clock.now()


def _line(row: Engagement, state: EngagementState, *, then: bool, mine: bool) -> EngagementLine:
    """Return an evaluation as a row. then: of a day that is over, whose numbers and flags nobody kept."""
    colour = {"disputed": "amber", "void": "", "withdrawn": "", "claimed": "plain"}.get(state, "green")
    return EngagementLine(
        id=row.pk,
        ordinal="" if row.ordinal is None or then else str(row.ordinal),
        subject=row.subject.name,
        category=EvaluatedCategory(row.category).label,
        state=state.label,
        colour=colour,
        over_cap=row.over_cap and not then,
        claimed=state == EngagementState.CLAIMED and not then,
        may_act=state == EngagementState.CLAIMED and not then and mine,
        disputed=state == EngagementState.DISPUTED and not then,
        due=clock.spoken(row.dispute_due_at) if row.dispute_due_at else "",
        overdue=dispute_overdue(row) and not then,
        answer_due=clock.spoken(row.confirm_due_at) if row.confirm_due_at else "",
        answer_overdue=claim_overdue(row) and not then,
    )


def _lines(actor: Actor, rows: QuerySet[Engagement], at: datetime, *, then: bool) -> tuple[EngagementLine, ...]:
    """Return the evaluations of a page in order of recording; of a past day those claimed by then, in their state of then."""
    if then:
        dated = ((row, state_at(row, at)) for row in rows)
        return tuple(_line(row, state, then=True, mine=False) for row, state in dated if state is not None)
    led = assigned_ids(actor) if actor.role == Role.EVALUATOR else set()
    keeps = actor.role == Role.EVALUATOR_ADMIN
    return tuple(_line(row, EngagementState(row.state), then=False, mine=keeps or row.pk in led) for row in rows)


def _sanctions(
    rows: QuerySet[Sanction], known: tuple[SanctionFact, ...], at: datetime, day: date
) -> tuple[SanctionLine, ...]:
    """Return the sanctions recorded by the instant, with what was known of them then."""
    lifted = {fact.sanction_id: fact.lifted_on for fact in known}
    return tuple(
        SanctionLine(
            id=row.pk,
            verified_on=row.verified_on,
            until=row.until,
            document_no=row.document_no,
            lifted_on=lifted.get(row.pk),
            ended=(lifted.get(row.pk) or date.max) <= day,
            waiting=row.pk not in lifted,
        )
        for row in rows.filter(created_at__lte=at)
    )


def evaluator_page(actor: Actor, evaluator: Evaluator, round_: Round, *, as_of: date | None = None) -> EvaluatorPage:
    """Return the page of one visible evaluator as of the end of a local day, of now for None. Constant queries.

    Of a day to come it says what would hold on what is recorded now. Cap and thresholds are the rulebook's of today.
    """
    book, _ = rulebook_at(round_.pk)
    at, day = instant_and_day(clock.now() if as_of is None else as_of)
    past = is_past(as_of)
    facts = standing([evaluator.pk], round_id=round_.pk, as_of=as_of or at, past=past)[evaluator.pk]
    relatives = Evaluator.objects.filter(pk__in=facts.group_evaluator_ids).exclude(pk=evaluator.pk)
    rows = engagements_visible_to(actor).filter(evaluator=evaluator, round=round_).order_by("id")
    mine = Q(first_id=evaluator.organisation_id) | Q(second_id=evaluator.organisation_id)
    entered = evaluator.registrations.filter(round=round_)
    last = (entered if as_of is None else entered.filter(acknowledged_at__lte=at)).order_by("-number").first()
    sanctions = sanctions_visible_to(actor).filter(organisation_id=evaluator.organisation_id)
    if not actor.is_city:
        # When the second person agreed is the city's deliberation: the body meets a sanction from then on.
        sanctions = sanctions.filter(confirmed_at__lte=at)
    return EvaluatorPage(
        evaluator=evaluator,
        round=round_,
        standing=facts,
        conditions=conditions_of(facts, book),
        cap=book.cap,
        affiliates=tuple(relatives.select_related("organisation")),
        engagements=_lines(actor, rows, at, then=past),
        sanctions=_sanctions(sanctions, facts.sanctions, at, day),
        source=last.source if last else "",
        level=cap_level(facts.union, warn_from=warn_from(book), limit=book.cap),
        relations=tuple(relations_visible_to(actor).filter(mine, proposed_at__lte=at).order_by("state", "id")),
        as_of=as_of,
    )
