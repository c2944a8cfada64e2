"""Dynamic tables: the board with filters in the address, one table, begin and file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt import table_rules
from dynamic_mgmt.forms.tables import TableFilter
from dynamic_mgmt.models import DynamicTable, TablePeriod
from dynamic_mgmt.notices import kinds_for
from dynamic_mgmt.selectors.table_detail import detail
from dynamic_mgmt.selectors.tables import board, filtered, period_window, periods, table_window, visible_to
from dynamic_mgmt.services import filing
from dynamic_mgmt.table_states import TABLE_TRANSITIONS, TableState, state_for
from dynamic_mgmt.views.table_actions import VERBS
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused
from greenportal.transitions import actions_from

CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)
DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
READERS = (*CITY, *DISTRICT, Role.APPLICANT)
PER_PAGE = 50
COLOURS = {
    TableState.DECIDED: "green",
    TableState.FILED: "amber",
    TableState.OPINION_GIVEN: "amber",
    TableState.RECHECK: "amber",
    TableState.ON_SITE: "amber",
    TableState.REMOVAL_PROPOSED: "amber",
    TableState.RETURNED: "red",
    TableState.REFUSED: "red",
}


def seen(actor: Actor, table_id: int) -> DynamicTable:
    """Return a table that the actor may open; absent and foreign ones answer alike."""
    found = (
        visible_to(actor)
        .select_related("filing", "opinion_by", "proposed_by", "decided_by", "removal")
        .filter(pk=table_id)
        .first()
    )
    if found is None:
        raise NotVisible
    return found


@roles(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """The chasing board: numbers per district, then the tables by the filter."""
    actor = actor_of(request)
    all_periods = list(periods())
    wanted = TableFilter(request.GET, role=actor.role, periods=all_periods, authorities=[]).chosen_period()
    period = next((p for p in all_periods if p.pk == wanted), all_periods[0] if all_periods else None)
    if period is None:
        return render(request, "dynamic_mgmt/tables.html", {"period": None, "is_city": actor.is_city})
    numbers = board(actor, period) if not actor.is_applicant else []
    form = TableFilter(
        {**request.GET.dict(), "period": str(period.pk)},
        role=actor.role,
        periods=all_periods,
        authorities=[r.authority for r in numbers],
    )
    rows = filtered(actor, period, form.filters())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "period": period,
        "numbers": [(row, clock.spoken(row.closes_at) if row.closes_at else "") for row in numbers],
        "totals": _totals(numbers),
        "form": form,
        "page": page,
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(actor, table)} for table in page],
        "query": query.urlencode(),
        "is_city": actor.is_city,
        "is_district": actor.is_district,
        "closes": _spoken_end(period, actor),
    }
    return render(request, "dynamic_mgmt/tables.html", context)


HEADS = ("单位", "类别", "区市县", "状态", "区县意见", "市局决定", "提交时间")


def _totals(numbers: list[Any]) -> list[tuple[str, int]]:
    names = (
        ("应报", "total"),
        ("待填报", "due"),
        ("填报中", "draft"),
        ("已报区县", "filed"),
        ("已提意见", "opinion"),
        ("已决定", "decided"),
        ("已逾期", "overdue"),
    )
    return [(label, sum(getattr(row, key) for row in numbers)) for label, key in names]


def _spoken_end(period: TablePeriod, actor: Actor) -> str:
    closes = period_window(period, actor.authority_id if actor.is_district else None).closes_at
    return clock.spoken(closes) if closes else ""


def _cells(actor: Actor, table: DynamicTable) -> list[dict[str, str]]:
    state = state_for(actor.role, table.state)
    marks = "（逾期补报）" if table.late else ""
    values: list[dict[str, str]] = [
        {"text": table.unit.current_name, "url": reverse("dynamic_mgmt:table", args=[table.pk])},
        {"text": table.get_category_display()},
        {"text": table.authority.name},
        {"text": str(state.label) + marks, "tag": "1", "colour": COLOURS.get(state, "")},
        {"text": table.get_opinion_display() if table.opinion else ""},
        {"text": _decided(actor, table)},
        {"text": f"{clock.local(table.filed_at):%Y-%m-%d}" if table.filed_at else ""},
    ]
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


def _decided(actor: Actor, table: DynamicTable) -> str:
    """Return the decision in words; before it, for the city, what its reviewer proposed."""
    if table.decision:
        return table.get_decision_display()
    return f"建议：{table.get_proposal_display()}" if actor.is_city and table.proposal else ""


@roles(*READERS)
def one(request: HttpRequest, table_id: int) -> HttpResponse:
    """One table: three years beside each other, findings, proposals, opinion, decision, history."""
    actor = actor_of(request)
    table = seen(actor, table_id)
    return _page(request, actor, table)


def _page(request: HttpRequest, actor: Actor, table: DynamicTable, **more: Any) -> HttpResponse:
    window = table_window(table)
    state = state_for(actor.role, table.state)
    moves = {t.action for t in actions_from(TABLE_TRANSITIONS, state=table.state, role=actor.role)}
    context = {
        "table": table,
        "detail": detail(actor, table),
        "closes": clock.spoken(window.closes_at) if window.closes_at else "",
        "mend_by": clock.spoken(table.correct_by) if table.correct_by and table.state == TableState.RETURNED else "",
        "window": window,
        "state_label": state.label,
        "colour": COLOURS.get(state, ""),
        "moves": moves,
        "verbs": [(verb, spec.label) for verb, spec in VERBS.items() if spec.action in moves],
        "notices": kinds_for(role=actor.role, state=table.state, decision=table.decision),
        "may_attach": bool(
            table_rules.may_edit_answers(
                actor, table, organisation_id=table.unit.organisation_id, in_window=window.open
            )
        ),
        "may_file": "file" in moves and (window.open or actor.is_district or "file_again" in moves),
        "may_link": actor.is_district and table_rules.may_send_link(table, in_window=window.open),
        "is_late": not window.open and "file_again" not in moves,
        "is_officer": actor.is_city or actor.is_district,
        "is_city": actor.is_city,
        "is_district": actor.is_district,
        **more,
    }
    return render(request, "dynamic_mgmt/table.html", context, status=400 if more else 200)


@require_POST
@roles(*DISTRICT, Role.APPLICANT)
def begin(request: HttpRequest, table_id: int) -> HttpResponse:
    """Start filling and go to the sheet."""
    actor = actor_of(request)
    table = filing.begin(actor=actor, table_id=table_id)
    return redirect("filings:sheet", table.filing_id)


@require_POST
@roles(*DISTRICT, Role.APPLICANT)
def file(request: HttpRequest, table_id: int) -> HttpResponse:
    """File the table; what is missing is listed on its page."""
    actor = actor_of(request)
    table = seen(actor, table_id)
    version = request.POST.get("version", "")
    reason = request.POST.get("late_reason", "")
    try:
        receipt = filing.file_table(
            actor=actor,
            table_id=table.pk,
            seen_version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
            late_reason=reason,
        )
    except Invalid as error:
        gaps = [text for texts in error.errors.values() for text in texts]
        return _page(request, actor, table, problem=error.message, gaps=gaps, late_reason=reason)
    except (Refused, NotVisible):
        raise
    except DomainError as error:
        return _page(request, actor, table, problem=error.message, gaps=[], late_reason=reason)
    messages.success(request, f"已提交，收到时间：{clock.spoken(receipt.received_at)}。")
    return redirect("dynamic_mgmt:table", table.pk)
