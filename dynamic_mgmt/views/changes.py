"""Renames and major changes: told by unit, district or city; decided, and re-checked, by the city lead."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.constants import KIND_CHANGE
from dynamic_mgmt.forms.events import ChangeForm, ReasonForm
from dynamic_mgmt.models import UnitChange
from dynamic_mgmt.rules import may_decide_change, may_withdraw_change
from dynamic_mgmt.selectors.changes import visible_to
from dynamic_mgmt.services import renaming as services
from dynamic_mgmt.states import CHANGE_TRANSITIONS, ChangeState
from dynamic_mgmt.views.register import PER_PAGE, READERS, seen
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import DomainError, NotVisible, Refused
from greenportal.transitions import actions_from

HEADS = ("单位", "变更类别", "变更后名称", "变更日期", "提出时间", "状态")
COLOURS = {
    ChangeState.PROPOSED: "amber",
    ChangeState.RECHECK: "amber",
    ChangeState.CONFIRMED: "green",
    ChangeState.FAILED: "red",
    ChangeState.REFUSED: "",
    ChangeState.WITHDRAWN: "",
}


def _cells(row: UnitChange) -> list[dict[str, str]]:
    values: list[dict[str, str]] = [
        {"text": row.old_name, "url": reverse("dynamic_mgmt:change", args=[row.pk])},
        {"text": row.get_kind_display()},
        {"text": row.new_name},
        {"text": row.changed_on.isoformat()},
        {"text": f"{clock.local(row.proposed_at):%Y-%m-%d}"},
        {"text": row.get_state_display(), "tag": "1", "colour": COLOURS[ChangeState(row.state)]},
    ]
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


@roles(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """Changes of the units that the reader may see; what waits for a decision can be confirmed in one go."""
    actor = actor_of(request)
    rows = visible_to(actor).order_by("-id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    waiting = []
    if actor.role == Role.CITY_LEAD:
        found = rows.filter(state=ChangeState.PROPOSED, kind=UnitChange.Kind.RENAME)
        waiting = list(found.exclude(proposed_by_id=actor.user_id)[:PER_PAGE])
    context = {
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(row)} for row in page],
        "page": page,
        "waiting": waiting,
    }
    return render(request, "dynamic_mgmt/changes.html", context)


def _seen(actor: Actor, change_id: int) -> UnitChange:
    found = visible_to(actor).filter(pk=change_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*READERS)
def propose(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Tell of a rename or major change of one unit."""
    actor = actor_of(request)
    unit = seen(actor, unit_id)
    form = ChangeForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def verb() -> UnitChange:
            document = form.keep(actor=actor, kind=KIND_CHANGE)
            names = ("kind", "changed_on", "new_name", "text", "document_no")
            told = services.ChangeTold(document_id=document, **{name: form.cleaned_data[name] for name in names})
            return services.propose_change(actor=actor, unit_id=unit.pk, told=told)

        done = form.run(verb)
        if done is not None:
            messages.success(request, "已提出变更，由市局决定后生效。批次和名单年度不会改变。")
            return redirect("dynamic_mgmt:change", done.pk)
    context = {"form": form, "unit": unit, "kept": form.kept}
    return render(request, "dynamic_mgmt/change_form.html", context)


@roles(*READERS)
def detail(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change with its proof and decision, and what the reader may do now."""
    actor = actor_of(request)
    row = _seen(actor, change_id)
    moves = {move.action for move in actions_from(CHANGE_TRANSITIONS, state=row.state, role=actor.role)}
    may_decide = may_decide_change(actor, row.proposed_by_id)
    deciding = bool(may_decide) and "refuse" in moves
    rechecking = bool(may_decide) and "pass" in moves
    withdrawing = "withdraw" in moves and bool(may_withdraw_change(actor, row.proposed_by_id, row.proposer_role))
    label = "复核情况" if rechecking else "理由"
    hint = "写明复核方式、日期和结论。" if rechecking else "确认时可不填；不予确认或撤回时必填。"
    form = ReasonForm(posted(request), label=label, hint=hint, needed=rechecking, initial={"version": row.version})
    if request.method == "POST" and form.is_valid() and _acted(request, actor, row, form):
        return redirect("dynamic_mgmt:change", row.pk)
    context = {
        "change": row,
        "colour": COLOURS[ChangeState(row.state)],
        "form": form,
        "deciding": deciding,
        "rechecking": rechecking,
        "withdrawing": withdrawing,
        "why_not": may_decide.reason if actor.role == Role.CITY_LEAD and moves & {"refuse", "pass"} else "",
    }
    return render(request, "dynamic_mgmt/change.html", context)


def _acted(request: HttpRequest, actor: Actor, row: UnitChange, form: ReasonForm) -> bool:
    """Do what the pressed button says."""
    version, reason = form.cleaned_data["version"], form.cleaned_data["reason"]

    def verb() -> UnitChange:
        if "withdraw" in request.POST:
            return services.withdraw_change(actor=actor, change_id=row.pk, seen_version=version, reason=reason)
        if "pass" in request.POST or "fail" in request.POST:
            passed = "pass" in request.POST
            return services.record_recheck(
                actor=actor, change_id=row.pk, seen_version=version, passed=passed, text=reason
            )
        accept = "accept" in request.POST
        return services.decide_change(actor=actor, change_id=row.pk, seen_version=version, accept=accept, reason=reason)

    done = form.run(verb)
    if done is not None:
        messages.success(request, f"已保存：{done.get_state_display()}。")
    return done is not None


@require_POST
@roles(Role.CITY_LEAD)
def confirm_many(request: HttpRequest) -> HttpResponse:
    """Confirm the ticked renames, all or none."""
    ids = [int(text) for text in request.POST.getlist("change") if text.isdigit()]
    if not ids:
        messages.error(request, "先勾选要确认的更名。")
        return redirect("dynamic_mgmt:changes")
    try:
        done = services.confirm_renames(actor=actor_of(request), change_ids=ids)
        messages.success(request, f"已确认{len(done)}项更名。")
    except (Refused, NotVisible):
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("dynamic_mgmt:changes")
