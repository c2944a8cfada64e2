"""Where every evaluator stands with its registration and its annual report in a round, by sound of name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluators.models import AnnualReport, Evaluator, LateAllowance, RegistrationCase, ReportFiling
from evaluators.selectors.lists import SEE_ALL, visible_to
from evaluators.states import RegistrationState, ReportState
from greenportal.accounts.actors import Actor


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One evaluator in a round. case_id and report_id only where the city may open them (filed at least once).

    missing: the report's clock is over and nothing was ever filed; late: the first filing came after it.
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
    missing: bool
    allowed_until: datetime | None


def paper_lines(actor: Actor, *, round_id: int, closes_at: datetime | None, now: datetime) -> list[PaperLine]:
    """Return a line per evaluator on file; five queries for any number. The city's alone: others get none."""
    if actor.role not in SEE_ALL:
        return []
    bodies = list(visible_to(actor))
    cases = {row.evaluator_id: row for row in RegistrationCase.objects.filter(round_id=round_id)}
    reports = {row.evaluator_id: row for row in AnnualReport.objects.filter(round_id=round_id)}
    firsts = ReportFiling.objects.filter(report__round_id=round_id, number=1).select_related("report")
    first = {row.report.evaluator_id: row for row in firsts}
    allowed = dict(LateAllowance.objects.filter(round_id=round_id).order_by("until").values_list("evaluator", "until"))
    over = closes_at is not None and now >= closes_at
    return [
        _line(body, cases.get(body.pk), reports.get(body.pk), first.get(body.pk), allowed.get(body.pk), over)
        for body in bodies
    ]


def _line(
    body: Evaluator,
    case: RegistrationCase | None,
    report: AnnualReport | None,
    first: ReportFiling | None,
    allowed_until: datetime | None,
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
        missing=over and first is None,
        allowed_until=allowed_until,
    )


def case_label(state: str) -> str:
    """Return the public name of a registration's state; "" is not filed."""
    return RegistrationState(state).label if state else "未提交"


def report_label(line: PaperLine) -> str:
    """Return the public name of where a report stands."""
    if line.missing:
        return "逾期未报"
    return ReportState(line.report_state).label if line.report_state else "未报送"


def totals(lines: Sequence[PaperLine]) -> dict[str, int]:
    """Return how many reports are filed, accepted, late, missing, and not yet due."""
    return {
        "filed": sum(line.filed_at is not None for line in lines),
        "accepted": sum(line.report_state == ReportState.ACCEPTED for line in lines),
        "late": sum(line.late for line in lines),
        "missing": sum(line.missing for line in lines),
        "open": sum(line.filed_at is None and not line.missing for line in lines),
    }
