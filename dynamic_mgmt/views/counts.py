"""How many units stand on which list, and the register as Excel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dynamic_mgmt.forms.register import RegisterFilter
from dynamic_mgmt.selectors import Filters
from dynamic_mgmt.selectors.counts import counts
from dynamic_mgmt.services.register_export import export_register
from dynamic_mgmt.views.dispatching import XLSX, download
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles

OFFICERS = (Role.CITY_LEAD, Role.CITY_REVIEWER, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)


@roles(*OFFICERS)
def index(request: HttpRequest) -> HttpResponse:
    """Counts by level, category and list year, with their sums."""
    rows = counts(actor_of(request))
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        total = sums.setdefault((row.level, row.category), [0, 0, 0])
        for place, number in enumerate((row.listed, row.removed, row.standing)):
            total[place] += number
    totals = [(level, category, *numbers) for (level, category), numbers in sums.items()]
    return render(request, "dynamic_mgmt/counts.html", {"rows": rows, "totals": totals})


@roles(*OFFICERS)
def export(request: HttpRequest) -> HttpResponse:
    """The register as Excel: what the reader sees, narrowed by the filters in the address."""
    form = RegisterFilter(request.GET or None)
    filters = form.filters() if form.is_bound else Filters()
    content = export_register(actor=actor_of(request), filters=filters)
    return download(content, name="绿色制造名录.xlsx", kind=XLSX)
