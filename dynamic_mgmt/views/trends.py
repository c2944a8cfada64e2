"""Trends of a unit, a district, an industry, the city; the yearly report for the bureau's leaders."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.packets.year import year_paper, year_pdf
from dynamic_mgmt.selectors.lists import visible_to
from dynamic_mgmt.selectors.tables import periods
from dynamic_mgmt.selectors.trends import USUAL, group_charts, unit_charts
from dynamic_mgmt.views.dispatching import download
from dynamic_mgmt.views.tables import CITY, DISTRICT, READERS
from greenportal import clock
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.selectors import nominating_authorities
from greenportal.findings.types import NotVisible

ANY = ("", "全部")
CATEGORIES = dict(ListedUnit.Category.choices)


class TrendFilter(forms.Form):
    """What the totals are of; what cannot be read does not filter."""

    authority = forms.ChoiceField(label="区市县", required=False)
    category = forms.ChoiceField(label="类别", choices=ListedUnit.Category.choices, required=False)
    industry = forms.RegexField(r"^\d{2,4}$", label="行业代码（2至4位）", max_length=4, required=False)


@roles(*CITY, *DISTRICT)
def index(request: HttpRequest) -> HttpResponse:
    """Totals by year of the units that the officer sees, with the table beside each chart."""
    actor = actor_of(request)
    form = TrendFilter({"category": USUAL, **request.GET.dict()})
    places = list(nominating_authorities()) if actor.is_city else []
    form.fields["authority"].choices = [ANY, *((str(a.pk), a.name) for a in places)]  # type: ignore[attr-defined]
    if not actor.is_city:
        del form.fields["authority"]
    values = form.cleaned_data if form.is_valid() else {}
    chosen = values.get("category") or USUAL
    charts = group_charts(
        actor,
        authority_id=int(values["authority"]) if values.get("authority") else None,
        industry=values.get("industry", ""),
        category=chosen,
    )
    context = {
        "form": form,
        "charts": charts,
        "is_city": actor.is_city,
        "period": periods().first(),
        "of": CATEGORIES[chosen],
    }
    return render(request, "dynamic_mgmt/trends.html", context)


@roles(*READERS)
def unit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One unit's figures over the years: its own people, its district, the city."""
    found = visible_to(actor_of(request)).filter(pk=unit_id).first()
    if found is None:
        raise NotVisible
    return render(request, "dynamic_mgmt/unit_trend.html", {"unit": found, "charts": unit_charts(found.pk)})


@roles(*CITY)
def report(request: HttpRequest, period_id: int) -> HttpResponse:
    """The year as a PDF: the same charts and tables as on the page."""
    actor = actor_of(request)
    period = periods().filter(pk=period_id).first()
    if period is None:
        raise NotVisible
    paper = year_paper(actor, period)
    content = year_pdf(paper, issued_at=clock.now())
    return download(content, name=f"{paper.title}.pdf", kind="application/pdf")
