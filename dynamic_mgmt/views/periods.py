"""Periods of a round: begin the yearly tables, add a period of 定期报送, give a district longer time."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.forms.tables import ExtendForm, PeriodForm
from dynamic_mgmt.models import TablePeriod
from dynamic_mgmt.selectors.lists import unplaced
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.selectors.tables import overview, periods
from dynamic_mgmt.services import chasing
from dynamic_mgmt.services import periods as verbs
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.selectors import nominating_authorities
from greenportal.findings.types import NotVisible, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import open_round

CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)


def _round() -> Round:
    found = open_round()
    if found is None:
        raise WrongState("还没有进行中的年度批次，请先由市局负责人启动批次。")
    return found


@roles(*CITY)
def index(request: HttpRequest) -> HttpResponse:
    """Every period with its clock and numbers; adding one is the lead's."""
    actor = actor_of(request)
    found = open_round()
    rows = [
        (row.period, clock.spoken(row.closes_at) if row.closes_at else "", row.extended, row.total, row.filed)
        for row in overview(actor, list(periods()[:12]))
    ]
    context = {
        "rows": rows,
        "unplaced": unplaced(units_visible_to(actor)).count(),
        "round": found,
        "yearly": TablePeriod.objects.filter(round=found, key="year").exists() if found else True,
        "is_lead": actor.role == Role.CITY_LEAD,
    }
    return render(request, "dynamic_mgmt/periods.html", context)


@require_POST
@roles(*CITY)
def open_yearly(request: HttpRequest) -> HttpResponse:
    """Begin the yearly tables of the open round; asking again only looks for units that came meanwhile."""
    actor = actor_of(request)
    period = verbs.open_yearly(actor=actor, round_id=_round().pk)
    job = verbs.ask_due(actor=actor, period_id=period.pk)
    messages.success(request, "正在生成待填报的动态管理表，完成后可在“动态管理表”查看。")
    return redirect("jobs:progress", job.pk)


@roles(Role.CITY_LEAD)
def add(request: HttpRequest) -> HttpResponse:
    """Add a period of 定期报送 of key indicators (通知 三)."""
    actor = actor_of(request)
    form = PeriodForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: verbs.add_period(
                actor=actor,
                round_id=_round().pk,
                key=values["key"],
                label=values["label"],
                data_year=values["data_year"],
                **form.times(),
            )
        )
        if done is not None:
            messages.success(request, "已增加填报期，正在生成待填报的表。")
            return redirect("dynamic_mgmt:periods")
    context = {
        "form": form,
        "title": "增加定期报送期",
        "lead": "通知要求建立关键指标定期报送机制，报送哪些期由市局设定。",
        "back": reverse("dynamic_mgmt:periods"),
        "parent": "填报期",
    }
    return render(request, "dynamic_mgmt/plain_form.html", context)


@roles(Role.CITY_LEAD)
def extend(request: HttpRequest, period_id: int) -> HttpResponse:
    """Give one district longer time, as a row with document and reason."""
    actor = actor_of(request)
    period = periods().filter(pk=period_id).first()
    if period is None:
        raise NotVisible
    form = ExtendForm(posted(request), authorities=list(nominating_authorities()))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: chasing.extend(
                actor=actor,
                period_id=period.pk,
                authority_id=int(values["authority"]),
                until=form.until(),
                document_no=values["document_no"],
                reason=values["reason"],
            )
        )
        if done is not None:
            messages.success(request, f"已延期至{clock.spoken(done.until)}。")
            return redirect("dynamic_mgmt:periods")
    context = {
        "form": form,
        "title": "办理延期",
        "lead": period.label,
        "back": reverse("dynamic_mgmt:periods"),
        "parent": "填报期",
    }
    return render(request, "dynamic_mgmt/plain_form.html", context)
