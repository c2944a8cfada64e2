"""The city's lists of registrations and annual reports: who filed, late, missing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evaluators.selectors.papers import PaperLine, case_label, paper_lines
from evaluators.views.listing import shown_round
from evaluators.views.shared import CITY, COLOURS
from greenportal import clock
from greenportal.accounts.http import actor_of, roles

CASE_HEADS = ("机构名称", "统一社会信用代码", "登记状态")


@roles(*CITY)
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """Registrations of the round, evaluators by sound of name; never ranked."""
    year = shown_round()
    lines = paper_lines(actor_of(request), round_id=year.pk, closes_at=None, now=clock.now())
    context = {
        "round": year,
        "heads": [{"label": label} for label in CASE_HEADS],
        "rows": [{"cells": _case_cells(line)} for line in lines],
    }
    return render(request, "evaluators/cases.html", context)


def _case_cells(line: PaperLine) -> list[dict[str, str]]:
    url = reverse("evaluators:case_desk", args=[line.case_id]) if line.case_id else ""
    state = {"text": case_label(line.case_state), "tag": "1", "colour": COLOURS.get(line.case_state, "")}
    values: list[dict[str, str]] = [{"text": line.name, "url": url}, {"text": line.uscc}, state]
    return [{"label": label, **value} for label, value in zip(CASE_HEADS, values, strict=True)]
