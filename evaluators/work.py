"""Registration, annual report and roster as lines of the home page: what to do, by when."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from evaluators.constants import CLOCK_REPORT, SCOPE_REGISTRATION, SCOPE_REPORT
from evaluators.models import ReportSeal
from evaluators.selectors import visible_to
from evaluators.selectors.desk import papers
from evaluators.selectors.registering import cases_visible_to
from evaluators.selectors.reporting import reports_visible_to
from evaluators.states import RegistrationState, ReportState
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import Group, WorkItem
from greenportal.rounds.selectors import open_round, window

_SHOWN = 20


def own_papers(actor: Actor) -> list[WorkItem]:
    """What an evaluator's administrator must do with its registration and its report. A handful of queries."""
    year = open_round() if actor.role == Role.EVALUATOR_ADMIN else None
    if year is None:
        return []
    evaluator = visible_to(actor).first()
    if evaluator is None:
        return [WorkItem("办理机构登记", reverse("evaluators:mine"), status="未开始")]
    held = papers(evaluator, round_id=year.pk)
    items = []
    if held.case is None or held.case.state in {RegistrationState.DRAFT, RegistrationState.RETURNED}:
        items.append(_case(held.case.pk if held.case else None, held.case.state if held.case else "", held.returned))
    if held.report is None or held.report.state in {ReportState.DRAFT, ReportState.RETURNED}:
        state = held.report.state if held.report else ""
        closes_at = window(round_id=year.pk, key=CLOCK_REPORT, authority_id=None, at=clock.now()).closes_at
        items.append(
            WorkItem(
                "修改并重新报送年度工作情况报告" if state == ReportState.RETURNED else "报送年度工作情况报告（附件10）",
                reverse("evaluators:report", args=[held.report.pk]) if held.report else reverse("evaluators:mine"),
                due_at=held.returned.get(SCOPE_REPORT) or closes_at,
                status=ReportState(state).label if state else "未开始",
                colour="red" if state == ReportState.RETURNED else "",
            )
        )
    elif held.report.state == ReportState.FILED and not _sealed(held.report.current_id):
        url = reverse("evaluators:report_seal", args=[held.report.pk])
        items.append(WorkItem("上传盖章的年度工作情况报告", url, status="待上传"))
    return items


def _sealed(filing_id: int | None) -> bool:
    return ReportSeal.objects.filter(filing_id=filing_id).exists()


def _case(case_id: int | None, state: str, returned: dict[str, datetime]) -> WorkItem:
    return WorkItem(
        "修改并重新提交机构登记" if state == RegistrationState.RETURNED else "办理机构登记",
        reverse("evaluators:case", args=[case_id]) if case_id else reverse("evaluators:mine"),
        due_at=returned.get(SCOPE_REGISTRATION),
        status=RegistrationState(state).label if state else "未开始",
        colour="red" if state == RegistrationState.RETURNED else "",
    )


def city_papers(actor: Actor) -> list[WorkItem]:
    """Registrations and reports that wait for the city, oldest first. Two queries."""
    cases = cases_visible_to(actor).filter(state=RegistrationState.FILED).order_by("filed_at")[:_SHOWN]
    items = [
        WorkItem(
            f"确认机构登记：{row.evaluator.organisation.name}",
            reverse("evaluators:case_desk", args=[row.pk]),
            group=Group.TODO,
            at=row.filed_at,
            status="待确认",
            colour="amber",
        )
        for row in cases
    ]
    reports = reports_visible_to(actor).filter(state=ReportState.FILED, current__seals__isnull=False).distinct()
    return items + [
        WorkItem(
            f"核对年度工作情况报告：{row.evaluator.organisation.name}",
            reverse("evaluators:report_desk", args=[row.pk]),
            group=Group.TODO,
            status="待核对",
            colour="amber",
        )
        for row in reports[:_SHOWN]
    ]
