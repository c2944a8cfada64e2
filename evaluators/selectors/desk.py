"""An evaluator's own desk: every evaluation over all districts, its years, and its standing against the cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evaluators.constants import CLOCK_REPORT, CLOCK_SUBMIT, SCOPE_REGISTRATION, SCOPE_REPORT, EvaluatedCategory
from evaluators.models import AnnualReport, Engagement, Evaluator, FiledReturn, RegistrationCase
from evaluators.selectors.detail import claim_overdue
from evaluators.selectors.leads import assigned_ids, leads_of
from evaluators.selectors.lists import engagements_visible_to
from evaluators.states import COUNTED, EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.rounds.selectors import window


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One evaluation as the desk shows it. may_act: this person may confirm or dispute it."""

    id: int
    round_name: str
    year: int
    district: str
    subject: str
    category: str
    state: str
    colour: str
    over_cap: bool
    claimed: bool
    report_on: str
    leads: str
    may_act: bool
    due: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """When the clocks of a round close: districts hand in their lists; evaluators file their reports."""

    submit: datetime | None = None
    report: datetime | None = None


def ends_of(round_id: int, *, at: datetime) -> Ends:
    """Return the two ends, for all districts alike: one that was granted more time is not waited for."""
    keys = (CLOCK_SUBMIT, CLOCK_REPORT)
    return Ends(*(window(round_id=round_id, key=key, authority_id=None, at=at).closes_at for key in keys))


@dataclass(frozen=True, slots=True)
class YearLine:
    """How many evaluations of a year count, by category, and how many were disputed, void or withdrawn."""

    year: int
    counted: int
    by_category: tuple[tuple[str, int], ...]
    other: int


NO_ENDS = Ends()


def projects(actor: Actor, *, round_id: int | None = None, ends: Ends = NO_ENDS) -> list[ProjectLine]:
    """Return the actor's body's evaluations, newest round first, then by district. Three queries.

    round_id: of one round, whose clocks are `ends`; None for all years. The city and others get none here: they have lists of their own.
    """
    if not actor.is_evaluator:
        return []
    rows = engagements_visible_to(actor).select_related("round", "subject__authority")
    if round_id is not None:
        rows = rows.filter(round_id=round_id)
    found = list(rows.order_by("-round__year", "subject__authority__sort_key", "id"))
    leads = leads_of([row.pk for row in found])
    mine = assigned_ids(actor)
    return [_line(row, leads[row.pk], row.pk in mine or actor.role == Role.EVALUATOR_ADMIN, ends) for row in found]


def _line(row: Engagement, leads: list[tuple[int, str]], may_act: bool, ends: Ends) -> ProjectLine:
    state = EngagementState(row.state)
    colours = {"disputed": "amber", "void": "", "withdrawn": "", "claimed": "plain"}
    return ProjectLine(
        id=row.pk,
        round_name=row.round.name,
        year=row.round.year,
        district=row.subject.authority.name,
        subject=row.subject.name,
        category=EvaluatedCategory(row.category).label,
        state=state.label,
        colour=colours.get(state, "green"),
        over_cap=row.over_cap,
        claimed=state == EngagementState.CLAIMED,
        report_on=row.report_on.isoformat() if row.report_on else "",
        leads="、".join(name for _, name in leads),
        may_act=may_act,
        due=_due(row, ends),
        overdue=claim_overdue(row),
    )


def district_end(ends: Ends) -> str:
    """Return, of a claim made while no day of confirming was set, when the districts hand in; "" without that clock. Pure."""
    return f"登记时没有规定确认期限，区市县{clock.spoken(ends.submit)}前报送" if ends.submit else ""


def _due(row: Engagement, ends: Ends) -> str:
    """Return what an evaluation waits for and by when; "" for nothing. The notice itself sets no day for these."""
    if row.state == EngagementState.DISPUTED and row.dispute_due_at:
        return f"{clock.spoken(row.dispute_due_at)}前由市局认定"
    if row.state == EngagementState.CLAIMED and row.confirm_due_at:
        return f"{clock.spoken(row.confirm_due_at)}前确认或提出异议"
    if row.state == EngagementState.CLAIMED:
        return district_end(ends)
    open_work = row.state in {EngagementState.CONFIRMED, EngagementState.UPHELD}
    if open_work and ends.report and not (row.report_on and row.statement_id):
        return f"{clock.spoken(ends.report)}前补齐评价过程"
    return ""


def years(actor: Actor) -> list[YearLine]:
    """Return the body's evaluations by year, newest first. One query."""
    if not actor.is_evaluator:
        return []
    found: dict[int, list[tuple[str, str]]] = {}
    rows = engagements_visible_to(actor).order_by("-round__year").values_list("round__year", "category", "state")
    for year, category, state in rows:
        found.setdefault(year, []).append((category, state))
    return [
        YearLine(
            year=year,
            counted=sum(state in COUNTED for _, state in seen),
            by_category=tuple(
                (choice.label, sum(category == choice.value and state in COUNTED for category, state in seen))
                for choice in EvaluatedCategory
            ),
            other=sum(state not in COUNTED for _, state in seen),
        )
        for year, seen in found.items()
    ]


@dataclass(frozen=True, slots=True)
class Papers:
    """The body's own papers of a round, with the day that each waits for."""

    case: RegistrationCase | None
    report: AnnualReport | None
    returned: dict[str, datetime]


def papers(evaluator: Evaluator, *, round_id: int) -> Papers:
    """Return registration and report of a round and the open due days. Three queries."""
    case = RegistrationCase.objects.filter(evaluator=evaluator, round_id=round_id).first()
    report = AnnualReport.objects.filter(evaluator=evaluator, round_id=round_id).first()
    owners = [(SCOPE_REGISTRATION, case.pk if case else 0), (SCOPE_REPORT, report.pk if report else 0)]
    ids = [pk for _, pk in owners]
    rows = FiledReturn.objects.filter(closed_at=None, scope__in=[scope for scope, _ in owners], scope_id__in=ids)
    returned = {row.scope: row.due_at for row in rows if (row.scope, row.scope_id) in owners}
    return Papers(case, report, returned)
