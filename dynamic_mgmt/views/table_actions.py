"""Verbs of officers on one table: each a form in front of one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.forms.tables import (
    ConcludeForm,
    DecisionForm,
    OpinionForm,
    ProposalForm,
    ReasonForm,
    ReturnForm,
    TableForm,
    UnitRemovalForm,
    VisitForm,
)
from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.selectors.table_detail import detail
from dynamic_mgmt.selectors.tables import visible_to
from dynamic_mgmt.services import filing, judging
from dynamic_mgmt.table_states import TABLE_TRANSITIONS, state_for
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import ServiceForm, posted
from greenportal.findings.types import NotVisible, WrongState
from greenportal.transitions import actions_from

CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)
DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb's page: the transition it makes, its words, its form, its service, what is said afterwards."""

    action: str
    label: str
    form: type[ServiceForm]
    service: Callable[..., Any]
    said: str
    lead: str = ""


VERBS: dict[str, Verb] = {
    "opinion": Verb(
        "give_opinion",
        "提出动态调整意见",
        OpinionForm,
        judging.give_opinion,
        "已提出意见，由市局决定。",
        "系统的建议只供参考，意见由区市县核实后提出。",
    ),
    "return": Verb("return", "退回修改", ReturnForm, filing.return_table, "已退回，单位可以修改后重新提交。"),
    "refuse": Verb(
        "refuse",
        "登记拒不填报",
        ReasonForm,
        filing.refuse_table,
        "已登记拒不填报。",
        "写明催报的时间、方式和单位的答复。登记后留存，补报也不消除。",
    ),
    "resume": Verb("resume", "恢复填报", ReasonForm, filing.resume_table, "已恢复填报。"),
    "propose": Verb(
        "propose",
        "提出处理建议",
        ProposalForm,
        judging.propose,
        "已提出建议，由市局负责人决定。",
        "建议由市局负责人决定。须复核、现场评估、退回或移出的，返回后另行办理。",
    ),
    "decide": Verb("decide", "作出决定", DecisionForm, judging.decide, "已作出决定。"),
    "recheck": Verb("open_recheck", "安排复核", ReasonForm, judging.open_recheck, "已安排复核。"),
    "on-site": Verb("open_on_site", "安排现场评估", ReasonForm, judging.open_on_site, "已安排现场评估。"),
    "conclude": Verb("conclude", "登记结果", ConcludeForm, judging.conclude, "已登记结果，由市局决定。"),
    "remove": Verb(
        "propose_removal",
        "提出移出名单",
        UnitRemovalForm,
        judging.propose_unit_removal,
        "已提出移出，由市局另一名负责人复核后生效。",
        "移出须两人办理：提出的人不能复核。",
    ),
    "send-back": Verb("send_back", "退回区县重新审核", ReasonForm, judging.send_back, "已退回区县重新审核。"),
}


def _seen(actor: Actor, table_id: int) -> DynamicTable:
    found = visible_to(actor).select_related("filing").filter(pk=table_id).first()
    if found is None:
        raise NotVisible
    return found


#: The verbs that go on from the reviewer's proposal. Any other tells its reason to the district or the unit.
_FROM_PROPOSAL = frozenset({"propose", "decide"})


def _initial(actor: Actor, table: DynamicTable, action: str) -> dict[str, object]:
    """Return what a verb's form begins with; proposing and deciding with what the reviewer proposed, which is the city's."""
    found: dict[str, object] = {"version": table.version, "clause": "通知 三"}
    if actor.is_city and table.proposal and action in _FROM_PROPOSAL:
        found |= {"decision": table.proposal, "proposal": table.proposal, "reason": table.proposal_reason}
    return found


@roles(*CITY, *DISTRICT)
def act(request: HttpRequest, table_id: int, verb: str) -> HttpResponse:
    """One verb's page; a verb that this state does not have says so."""
    actor = actor_of(request)
    table = _seen(actor, table_id)
    spec = VERBS.get(verb)
    if spec is None:
        raise NotVisible
    if spec.action not in {t.action for t in actions_from(TABLE_TRANSITIONS, state=table.state, role=actor.role)}:
        label = state_for(actor.role, table.state).label
        raise WrongState(f"当前状态为“{label}”，您不能{spec.label}。请刷新页面查看最新状态。")
    form = spec.form(posted(request), initial=_initial(actor, table, spec.action))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        done = form.run(lambda: spec.service(actor=actor, table_id=table.pk, seen_version=version, **values))
        if done is not None:
            messages.success(request, spec.said)
            return redirect("dynamic_mgmt:table", table.pk)
    context = {
        "form": form,
        "table": table,
        "spec": spec,
        "detail": detail(actor, table),
        "is_city": actor.is_city,
        "has_errors": bool(form.errors),
    }
    return render(request, "dynamic_mgmt/table_act.html", context)


@require_POST
@roles(Role.CITY_LEAD)
def settle(request: HttpRequest, table_id: int) -> HttpResponse:
    """The other lead confirms or drops the removal."""
    actor = actor_of(request)
    table = _seen(actor, table_id)
    form = TableForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    confirm = "confirm" in request.POST
    judging.settle_removal(actor=actor, table_id=table.pk, seen_version=version, confirm=confirm)
    messages.success(request, "已复核，该单位移出名单。" if confirm else "已复核，不予移出。")
    return redirect("dynamic_mgmt:table", table.pk)


@roles(*CITY, *DISTRICT)
def guidance(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Write down a guidance visit (跟踪指导)."""
    actor = actor_of(request)
    unit = units_visible_to(actor).filter(pk=unit_id).first()
    if unit is None:
        raise NotVisible
    form = VisitForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = form.run(lambda: judging.log_guidance(actor=actor, unit_id=unit.pk, **form.cleaned_data))
        if done is not None:
            messages.success(request, "已登记跟踪指导。")
            return redirect("dynamic_mgmt:unit", unit.pk)
    context = {"form": form, "unit": unit, "title": "登记跟踪指导", "lead": ""}
    return render(request, "dynamic_mgmt/form.html", context)


@require_POST
@roles(*DISTRICT)
def send_link(request: HttpRequest, table_id: int) -> HttpResponse:
    """Make the dated link of a table and show it once."""
    actor = actor_of(request)
    table = _seen(actor, table_id)
    link, token = filing.issue_table_link(actor=actor, table_id=table.pk)
    url = request.build_absolute_uri(reverse("dynamic_mgmt:table_link", args=[token]))
    context = {"table": table, "url": url, "until": clock.spoken(link.expires_at)}
    return render(request, "dynamic_mgmt/table_link_made.html", context)
