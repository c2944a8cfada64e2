"""Incidents: the district reports at once, the city verifies; corrections stand beside what they correct."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dynamic_mgmt.constants import KIND_INCIDENT
from dynamic_mgmt.forms.events import IncidentForm, ReasonForm
from dynamic_mgmt.models import Incident, ListedUnit
from dynamic_mgmt.rules import may_verify_incident, may_withdraw_incident
from dynamic_mgmt.selectors.incidents import visible_to, was_verified
from dynamic_mgmt.services import incidents as services
from dynamic_mgmt.states import INCIDENT_TRANSITIONS, IncidentState
from dynamic_mgmt.views.register import CITY, PER_PAGE, seen
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.selectors import organisations_visible_to
from greenportal.directory.validators import validate_uscc
from greenportal.findings.types import Invalid, NotVisible
from greenportal.transitions import actions_from

REPORTERS = (*CITY, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
HEADS = ("单位", "类别", "等级", "发生或认定日期", "来源", "上报单位", "上报时间", "状态")
COLOURS = {
    IncidentState.REPORTED: "amber",
    IncidentState.VERIFIED: "red",
    IncidentState.REJECTED: "",
    IncidentState.WITHDRAWN: "",
}


def _cells(row: Incident) -> list[dict[str, str]]:
    told = row.current
    values: list[dict[str, str]] = [
        {"text": row.about, "url": reverse("dynamic_mgmt:incident", args=[row.pk])},
        {"text": told.get_kind_display() if told else ""},
        {"text": told.get_severity_display() if told else ""},
        {"text": told.happened_on.isoformat() if told else ""},
        {"text": told.source_words if told else ""},
        {"text": row.authority.name if row.authority else "市局"},
        {"text": f"{clock.local(row.reported_at):%Y-%m-%d %H:%M}"},
        {"text": row.get_state_display(), "tag": "1", "colour": COLOURS[IncidentState(row.state)]},
    ]
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


@roles(*REPORTERS)
def index(request: HttpRequest) -> HttpResponse:
    """What the reader may see, newest first."""
    actor = actor_of(request)
    page = Paginator(visible_to(actor), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(row)} for row in page],
        "page": page,
        "is_city": actor.is_city,
    }
    return render(request, "dynamic_mgmt/incidents.html", context)


def _seen(actor: Actor, incident_id: int) -> Incident:
    found = visible_to(actor).filter(pk=incident_id).first()
    if found is None:
        raise NotVisible
    return found


def _organisation_id(actor: Actor, uscc: str) -> int:
    """Return the legal person with this code that the actor may report, or raise `Invalid` at the field."""
    if not uscc.strip():
        raise Invalid("填写统一社会信用代码。", errors={"about": ["填写统一社会信用代码，或从名录中的单位页面上报。"]})
    try:
        code = validate_uscc(uscc)
    except Invalid as error:
        raise Invalid(error.message, errors={"about": [error.message]}) from error
    found = organisations_visible_to(actor).filter(uscc=code).values_list("pk", flat=True).first()
    if found is None:
        message = "没有找到这一代码的单位。核对代码；名单单位可在名录中打开单位页面上报。"
        raise Invalid(message, errors={"about": [message]})
    return found


def _told(form: IncidentForm, document_id: uuid.UUID | None) -> services.Told:
    data = form.cleaned_data
    names = ("kind", "severity", "source", "source_text", "happened_on", "text", "document_no")
    return services.Told(document_id=document_id, **{name: data[name] for name in names})


@roles(*REPORTERS)
def report(request: HttpRequest, unit_id: int | None = None) -> HttpResponse:
    """Report an incident of a listed unit, or of a legal person by code."""
    actor = actor_of(request)
    unit: ListedUnit | None = seen(actor, unit_id) if unit_id is not None else None
    form = IncidentForm(posted(request), request.FILES or None, known=unit is not None)
    if request.method == "POST" and form.is_valid():

        def verb() -> Incident:
            document = form.keep(actor=actor, kind=KIND_INCIDENT)
            organisation_id = None if unit else _organisation_id(actor, form.cleaned_data["about"])
            return services.report_incident(
                actor=actor,
                told=_told(form, document),
                organisation_id=organisation_id,
                unit_id=unit.pk if unit else None,
            )

        done = form.run(verb)
        if done is not None:
            messages.success(request, "已上报，市局已同时收到提醒。")
            return redirect("dynamic_mgmt:incident", done.pk)
    context = {"form": form, "unit": unit, "title": "上报事故和违法情况", "submit": "上报", "kept": form.kept}
    return render(request, "dynamic_mgmt/incident_form.html", context)


@roles(*REPORTERS)
def correct(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Add a corrected report."""
    actor = actor_of(request)
    row = _seen(actor, incident_id)
    told = row.current
    names = ("kind", "severity", "source", "source_text", "happened_on", "text", "document_no", "document_id")
    initial = {name: getattr(told, name) for name in names} | {"version": row.version}
    form = IncidentForm(posted(request), request.FILES or None, known=True, correcting=True, initial=initial)
    if request.method == "POST" and form.is_valid():

        def verb() -> Incident:
            document = form.keep(actor=actor, kind=KIND_INCIDENT)
            data = form.cleaned_data
            return services.correct_incident(
                actor=actor,
                incident_id=row.pk,
                seen_version=data["version"],
                told=_told(form, document),
                reason=data["reason"],
            )

        if form.run(verb) is not None:
            messages.success(request, "已更正，原上报内容保留在记录中，由市局重新核实。")
            return redirect("dynamic_mgmt:incident", row.pk)
    context = {"form": form, "incident": row, "title": "更正上报内容", "submit": "保存更正", "kept": form.kept}
    return render(request, "dynamic_mgmt/incident_form.html", context)


@roles(*REPORTERS)
def detail(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident with everything ever reported and decided about it, and what the reader may do now."""
    actor = actor_of(request)
    row = _seen(actor, incident_id)
    form = ReasonForm(posted(request), initial={"version": row.version})
    if request.method == "POST" and form.is_valid() and _acted(request, actor, row, form):
        return redirect("dynamic_mgmt:incident", row.pk)
    authors = frozenset({row.reported_by_id, row.current.written_by_id if row.current else row.reported_by_id})
    may_verify = may_verify_incident(actor, authors)
    moves = {move.action for move in actions_from(INCIDENT_TRANSITIONS, state=row.state, role=actor.role)}
    revisions = list(row.revisions.select_related("document", "written_by").order_by("-number"))
    context = {
        "incident": row,
        "told": revisions[0] if revisions else None,
        "earlier": revisions[1:],
        "steps": row.steps.select_related("by"),
        "colour": COLOURS[IncidentState(row.state)],
        "form": form,
        "moves": {
            "correct": "correct" in moves,
            "withdraw": "withdraw" in moves and bool(may_withdraw_incident(actor, was_verified=was_verified(row))),
            "verify": "verify" in moves and bool(may_verify),
            "reject": "reject" in moves and bool(may_verify),
        },
        "why_not": may_verify.reason if actor.is_city and "verify" in moves else "",
    }
    return render(request, "dynamic_mgmt/incident.html", context)


def _acted(request: HttpRequest, actor: Actor, row: Incident, form: ReasonForm) -> bool:
    """Do what the pressed button says."""
    data = form.cleaned_data
    if "withdraw" in request.POST:
        done = form.run(
            lambda: services.withdraw_incident(
                actor=actor, incident_id=row.pk, seen_version=data["version"], reason=data["reason"]
            )
        )
    else:
        done = form.run(
            lambda: services.decide_incident(
                actor=actor,
                incident_id=row.pk,
                seen_version=data["version"],
                verify="verify" in request.POST,
                reason=data["reason"],
            )
        )
    if done is not None:
        messages.success(request, f"已保存：{done.get_state_display()}。相关申报将重新核查。")
    return done is not None
