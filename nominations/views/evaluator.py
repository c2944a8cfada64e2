"""What an evaluator does with nominations that name it: reads them, fills its own report, states it finished."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evaluators.selectors.leads import may_act
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.findings.types import NotVisible, Verdict
from greenportal.sheets import validate
from nominations import rules
from nominations.forms.nomination import FinishReportForm, ReopenReportForm
from nominations.models import Nomination, ReportStatement
from nominations.selectors.nominations import get_visible, visible_to
from nominations.selectors.reports import ReportState, report_filing, report_states
from nominations.services import reporting
from nominations.views.nomination import OWNERS
from nominations.views.shared import STATE_COLOURS, answered, done

EVALUATORS = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)
_PAGE = 50


@roles(*EVALUATORS)
@require_GET
def named(request: HttpRequest) -> HttpResponse:
    """The nominations that chose this evaluator, newest round first, each with the state of its report."""
    rows = visible_to(actor_of(request)).select_related("subject", "applicant", "authority", "round", "engagement")
    page = Paginator(rows.order_by("-round__year", "category", "pk"), _PAGE).get_page(request.GET.get("page"))
    states = report_states([row.pk for row in page])
    context = {"page": page, "rows": [(row, STATE_COLOURS.get(row.state, ""), states[row.pk].label) for row in page]}
    return render(request, "nominations/evaluator.html", context)


@roles(*EVALUATORS, *OWNERS)
def report(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The third-party report: its evaluator fills it and states it finished, applicant and district read its state."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    filing_id = report_filing(nomination)
    if filing_id is None:
        raise NotVisible
    filing = Filing.objects.get(pk=filing_id)
    state = report_states([nomination.pk])[nomination.pk]
    may = _may(actor, nomination, filing.sheet_key)
    finish, reopen = _forms(request, filing, state) if may else (None, None)
    if request.method == "POST":
        may.require()
        if finish is not None and finish.is_valid() and _finished(actor, nomination, finish):
            return done(request, "报告已确认完成并锁定。", "nominations:report", nomination.pk)
        if reopen is not None and reopen.is_valid() and _reopened(actor, nomination, reopen):
            return done(request, "报告已重新开放填写。", "nominations:report", nomination.pk)
    context: dict[str, Any] = {
        "nomination": nomination,
        "state": state,
        "filing_id": filing_id,
        "finish": finish,
        "reopen": reopen,
        "missing": len(validate(sheet_of(filing), filing.answers)) if finish else 0,
        "locked_why": may.reason if actor.is_evaluator and not may else "",
        "statements": ReportStatement.objects.filter(nomination=nomination).select_related("stated_by").order_by("-pk"),
    }
    return answered(request, "nominations/report.html", context, *(form for form in (finish, reopen) if form))


def _may(actor: Actor, nomination: Nomination, sheet_key: str) -> Verdict:
    named = nomination.evaluator.organisation_id if nomination.evaluator else None
    may = rules.may_edit_sheet(actor, nomination, sheet_key, evaluator_organisation_id=named)
    return may & may_act(actor, nomination.engagement_id)


def _forms(
    request: HttpRequest, filing: Filing, state: ReportState
) -> tuple[FinishReportForm | None, ReopenReportForm | None]:
    data = request.POST if request.method == "POST" else None
    if state.finished:
        return None, ReopenReportForm(data)
    return FinishReportForm(data, initial={"version": filing.version, "author": filing.answers.get("author", "")}), None


def _finished(actor: Actor, nomination: Nomination, form: FinishReportForm) -> bool:
    data = form.cleaned_data
    return (
        form.run(
            lambda: reporting.finish_report(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=data["version"],
                author=data["author"],
                report_on=data["report_on"],
            )
        )
        is not None
    )


def _reopened(actor: Actor, nomination: Nomination, form: ReopenReportForm) -> bool:
    reason = form.cleaned_data["reason"]
    made = form.run(lambda: reporting.reopen_report(actor=actor, nomination_id=nomination.pk, reason=reason))
    return made is not None
