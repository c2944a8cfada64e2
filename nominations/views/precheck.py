"""Precheck as a page: a workbook in, findings out. Nothing is stored, neither file nor answer."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from greenportal.accounts.actors import Role
from greenportal.accounts.http import roles
from greenportal.files import jail, pipeline
from greenportal.findings.types import DomainError
from greenportal.rounds import rulebook
from greenportal.rounds.rulebook import Rulebook
from nominations.eligibility import candidates, precheck, report
from nominations.forms.precheck import PrecheckForm

SIGNED_IN = tuple(role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Candidates shown on the page; the report holds all of them.
SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@roles(*SIGNED_IN)
def page(request: HttpRequest) -> HttpResponse:
    """Ask the rules about the candidates of a workbook; answer as a page, or as the report to download."""
    if request.method != "POST":
        return render(request, "nominations/precheck.html", {"form": PrecheckForm(initial={"rulebook": "2022"})})
    form = PrecheckForm(request.POST, request.FILES)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        book = rulebook.load(form.cleaned_data["rulebook"])
        as_of = form.cleaned_data["as_of"] or precheck.default_day(book)
        try:
            checked, problems = _check(form.cleaned_data["file"], book, as_of)
        except DomainError as error:
            form.take(error)
        else:
            if "download" in request.POST:
                return _file(report.workbook(checked, problems, book, as_of=as_of), "申报条件预核查报告.xlsx")
            context |= {"checked": checked[:SHOWN], "total": len(checked), "problems": problems, "as_of": as_of}
    return render(request, "nominations/precheck.html", context)


def _check(upload: Any, book: Rulebook, as_of: date) -> tuple[list[report.Checked], list[candidates.RowProblem]]:
    with pipeline.examined(upload, accept={"xlsx"}) as file:
        sheets = jail.read_workbook(file.path)
    return report.check(candidates.parse(sheets, as_of=as_of), book)


@require_safe
@roles(*SIGNED_IN)
def template(request: HttpRequest) -> HttpResponse:
    """The empty candidates workbook."""
    return _file(candidates.template(), "申报条件预核查名单.xlsx")


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
