"""Where every evaluator stands with its registration and its annual report in a round, by sound of name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from evaluators.models import AnnualReport, Engagement, Evaluator, LateAllowance, RegistrationCase, ReportFiling
from evaluators.selectors.lists import SEE_ALL, visible_to
from evaluators.selectors.reporting import GONE
from evaluators.states import RegistrationState, ReportState
from greenportal.accounts.actors import Actor


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One evaluator in a round. case_id and report_id only where the city may open them (filed at least once).

    owes: it has an evaluation or a registration in the round, so that a report is due; missing: it owes one, the
    clock is over and nothing was ever filed; late: the first filing came after it.
    """

    evaluator_id: int
    name: str
    uscc: str
    case_id: int | None
    case_state: str
    report_id: int | None
    report_state: str
    filed_at: datetime | None
    late: bool
    owes: bool
    missing: bool
    allowed_until: datetime | None


def obliged(round_id: int) -> QuerySet[Evaluator]:
    """Return who owes the round's report: bodies with an evaluation or a registration in it. The one rule of who is late."""
    engaged = Engagement.objects.filter(round_id=round_id).exclude(state__in=GONE).values("evaluator")
    return Evaluator.objects.filter(
        Q(pk__in=engaged)
        | Q(registrations__round_id=round_id)
        | Q(cases__round_id=round_id, cases__frozen__isnull=False)
    ).distinct()


def owing(round_id: int) -> list[Evaluator]:
    """Return who owes the round's report and has not filed. One query."""
    filed = AnnualReport.objects.filter(round_id=round_id, current__isnull=False).values("evaluator")
    return list(obliged(round_id).exclude(pk__in=filed).select_related("organisation").order_by("pk"))


def paper_lines(actor: Actor, *, round_id: int, closes_at: datetime | None, now: datetime) -> list[PaperLine]:
    """Return a line per evaluator on file; six queries for any number. The city's alone: others get none."""
    if actor.role not in SEE_ALL:
        return []
    bodies = list(visible_to(actor))
    cases = {row.evaluator_id: row for row in RegistrationCase.objects.filter(round_id=round_id)}
    reports = {row.evaluator_id: row for row in AnnualReport.objects.filter(round_id=round_id)}
    firsts = ReportFiling.objects.filter(report__round_id=round_id, number=1).select_related("report")
    first = {row.report.evaluator_id: row for row in firsts}
    allowed = dict(LateAllowance.objects.filter(round_id=round_id).order_by("until").values_list("evaluator", "until"))
    over = closes_at is not None and now >= closes_at
    owe = set(obliged(round_id).values_list("pk", flat=True))

    def line(pk: int, body: Evaluator) -> PaperLine:
        known = cases.get(pk), reports.get(pk), first.get(pk), allowed.get(pk)
        return _line(body, *known, owes=pk in owe, over=over)

    return [line(body.pk, body) for body in bodies]


def _line(
    body: Evaluator,
    case: RegistrationCase | None,
    report: AnnualReport | None,
    first: ReportFiling | None,
    allowed_until: datetime | None,
    *,
    owes: bool,
    over: bool,
) -> PaperLine:
    filed_case = case if case is not None and case.frozen_id is not None else None
    return PaperLine(
        evaluator_id=body.pk,
        name=body.organisation.name,
        uscc=body.organisation.uscc,
        case_id=filed_case.pk if filed_case else None,
        # The city learns that nothing was filed, not that somebody is drafting.
        case_state=filed_case.state if filed_case else "",
        report_id=report.pk if report is not None and first is not None else None,
        report_state=report.state if report is not None and first is not None else "",
        filed_at=first.received_at if first else None,
        late=first.late if first else False,
        owes=owes,
        missing=owes and over and first is None,
        allowed_until=allowed_until,
    )


def case_label(state: str) -> str:
    """Return the public name of a registration's state; "" is not filed."""
    return RegistrationState(state).label if state else "未提交"


def report_label(line: PaperLine) -> str:
    """Return the public name of where a report stands."""
    if line.missing:
        return "逾期未报"
    if line.report_state:
        return ReportState(line.report_state).label
    return "未报送" if line.owes else "本批次没有登记和评价项目"


def totals(lines: Sequence[PaperLine]) -> dict[str, int]:
    """Return how many reports are filed, accepted, late, missing, and not yet due."""
    return {
        "filed": sum(line.filed_at is not None for line in lines),
        "accepted": sum(line.report_state == ReportState.ACCEPTED for line in lines),
        "late": sum(line.late for line in lines),
        "missing": sum(line.missing for line in lines),
        "open": sum(line.owes and line.filed_at is None and not line.missing for line in lines),
    }
