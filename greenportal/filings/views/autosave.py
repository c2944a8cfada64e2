"""Autosave: the changed fields of one section, answered in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from greenportal import clock
from greenportal.accounts.http import actor_of
from greenportal.filings import registry, services
from greenportal.filings.selectors import filing_for, worded_sheet
from greenportal.filings.views import state
from greenportal.filings.views.desk import live
from greenportal.filings.views.home import SAVED_COOKIE
from greenportal.findings.types import DomainError, NotVisible, Stale
from greenportal.sheets import Level, Section, compute
from greenportal.sheets.paths import cell, input_name, rows_of
from greenportal.sheets.printing import text_of

#: Refreshing would lose what stands in the page; sending it whole lists it to be copied.
FORM_MOVED = "表单已经更新。点“保存并继续”，系统会列出刚才填写的内容，复制后在新表单中填写。"
TWELVE_HOURS = 12 * 3600


@require_POST
def autosave(request: HttpRequest, filing_id: int, section: str) -> HttpResponse:
    """Save what changed. 200: {version, saved_at, errors, computed, findings}; 409: {conflicts}; 401, 403, 404: {message}."""
    actor = actor_of(request)
    if actor.user_id is None:
        return JsonResponse({"message": "登录已过期，请在新窗口登录后点“重试”，已填写的内容还在本页。"}, status=401)
    try:
        filing = filing_for(actor, filing_id)
        sheet = worded_sheet(filing)
        services.require_form(filing, state.form_of(request.POST))
        part = next((item for item in sheet.sections if item.key == section), None)
        if part is None:
            raise NotVisible
        posted = state.read(sheet, part, filing, request.POST, partial=True)
        saved = services.save(
            filing_id=filing_id,
            seen_version=posted.seen_version,
            changes=posted.changes,
            actor=actor,
            client=posted.client,
            definition=posted.definition,
        )
    except Stale as refused:
        rows = [
            {"name": input_name(c.path), "label": c.label, "mine": c.mine, "theirs": c.theirs, "by": c.by}
            for c in refused.current
        ]
        return JsonResponse({"message": refused.message, "conflicts": rows}, status=refused.status)
    except services.FormMoved as refused:
        return JsonResponse({"message": FORM_MOVED}, status=refused.status)
    except DomainError as refused:
        return JsonResponse({"message": refused.message}, status=refused.status)
    answers = compute(sheet, saved.filing.answers)
    at = f"{clock.local(clock.now()):%H:%M}"
    prefix = f"{sheet.key}."
    said = live(actor, registry.scope(filing.scope), saved.filing, part)
    response = JsonResponse(
        {
            "version": saved.filing.version,
            "saved_at": at,
            "errors": {
                input_name(problem.path.removeprefix(prefix)): problem.message
                for problem in saved.problems
                if problem.level == Level.ERROR
            },
            "computed": _computed(part, answers),
            "findings": render_to_string("filings/live.html", {"live": said}),
        }
    )
    remember_saved(response, at)
    return response


def _computed(part: Section, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is computed in the section, by the name of its input: fields, and cells of tables."""
    found = {item.key: text_of(item, answers.get(item.key)) for item in part.fields if item.formula}
    for table in part.tables:
        for column in (column for column in table.columns if column.formula):
            for row in rows_of(table, answers):
                found[input_name(cell(table.key, row["_id"], column.key))] = text_of(column, row.get(column.key))
    return found


def remember_saved(response: HttpResponse, at: str) -> None:
    """Note in the browser when the last save succeeded, so that an error page can say it without a database."""
    response.set_cookie(
        SAVED_COOKIE, at, max_age=TWELVE_HOURS, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
