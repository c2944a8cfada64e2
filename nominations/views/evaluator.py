"""What an evaluator sees of nominations: those that name it, to read. Its own sheet is written through filings."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from nominations.selectors.nominations import visible_to
from nominations.views.shared import STATE_COLOURS

_PAGE = 50


@roles(Role.EVALUATOR, Role.EVALUATOR_ADMIN)
@require_GET
def named(request: HttpRequest) -> HttpResponse:
    """The nominations that chose this evaluator, newest round first."""
    rows = visible_to(actor_of(request)).select_related("subject", "applicant", "authority", "round", "engagement")
    page = Paginator(rows.order_by("-round__year", "category", "pk"), _PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [(row, STATE_COLOURS.get(row.state, "")) for row in page]}
    return render(request, "nominations/evaluator.html", context)
