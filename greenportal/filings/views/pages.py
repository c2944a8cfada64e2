"""The task list of a sheet, and its check-answers page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from greenportal.accounts.http import actor_of
from greenportal.accounts.views.resume import to_sign_in
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.filings.selectors import task_status
from greenportal.filings.selectors.tasks import SectionStatus, Status
from greenportal.filings.views.desk import Desk, opened
from greenportal.sheets import Level, Problem, compute, validate
from greenportal.sheets.paths import input_id
from greenportal.sheets.printing import PrintedRow, PrintedSection, printed


@require_safe
def sheet_page(request: HttpRequest, filing_id: int) -> HttpResponseBase:
    """Show the sheet's task list."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = opened(actor, filing_id)
    tasks = [_task(desk.filing, row) for row in task_status(desk.filing)]
    return render(request, "filings/sheet.html", {**desk.context(), "tasks": tasks})


def _task(filing: Filing, row: SectionStatus) -> dict[str, str]:
    hints = []
    if row.comments:
        hints.append(f"{row.comments}条退回意见待处理")
    if row.errors:
        hints.append(f"{row.errors}处需修改")
    if row.missing and row.status != Status.NOT_STARTED:
        hints.append(f"还有{row.missing}项未填")
    url = "" if row.status == Status.NOT_YET else reverse("filings:section", args=[filing.pk, row.key])
    return {
        "key": row.key,
        "label": row.title,
        "url": url,
        "status": str(row.status),
        "colour": row.colour,
        "hint": "，".join(hints),
    }


@require_safe
def check_page(request: HttpRequest, filing_id: int) -> HttpResponseBase:
    """Show every answer with 修改 (UX-03), and what is still to be mended."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = opened(actor, filing_id)
    problems = validate(desk.sheet, desk.filing.answers)
    hard = {problem.path: problem for problem in problems if problem.level != Level.SOFT}
    sections = [_section(desk, part, hard) for part in printed(desk.sheet, desk.filing.answers).sections]
    soft = [problem for problem in problems if problem.level == Level.SOFT]
    owner = registry.scope(desk.filing.scope)
    hints = owner.hints(actor, desk.filing.scope_id, compute(desk.sheet, desk.filing.answers)) if desk.editable else ()
    context = {**desk.context(), "sections": sections, "open": len(hard), "soft": soft, "hints": hints}
    return render(request, "filings/check.html", context)


def _section(desk: Desk, part: PrintedSection, problems: dict[str, Problem]) -> dict[str, Any]:
    url = ""
    if desk.editable:
        url = reverse("filings:section", args=[desk.filing.pk, part.key]) + "?back=check"
    roots = tuple(f"{desk.sheet.key}.{table.key}" for table in part.tables)
    return {
        "title": part.title,
        "rows": [_row(row, url, problems.get(row.path)) for row in part.rows],
        "tables": part.tables,
        "change_url": f"{url}&fix=1" if url else "",
        "problems": [row for path, row in problems.items() if path.partition("[")[0] in roots],
    }


def _row(row: PrintedRow, url: str, problem: Problem | None) -> dict[str, str]:
    return {
        "id": f"row-{row.path.partition('.')[2]}",
        "label": row.label,
        "value": row.text,
        "unit": row.unit,
        "problem": problem.message if problem else "",
        "change_url": f"{url}{'&fix=1' if problem else ''}#{input_id(row.path)}" if url else "",
    }
