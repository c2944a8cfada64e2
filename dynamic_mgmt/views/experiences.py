"""典型经验 and statements of units (通知 四)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.forms.dispatching import ExperienceForm, MoveForm, RevisionForm, StatementForm, WithdrawForm
from dynamic_mgmt.models import Experience, ListedUnit, Statement
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.selectors.table_work import experiences_visible_to
from dynamic_mgmt.services import experiences
from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS
from dynamic_mgmt.views.tables import DISTRICT, READERS
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import ServiceForm, posted
from greenportal.findings.types import NotVisible, WrongState
from greenportal.transitions import actions_from

SHOWN = 100
WRITERS = (*DISTRICT, Role.APPLICANT)
SAID = {
    "offer": "已报送。",
    "recommend": "已推荐给市局。",
    "decline": "已登记不采用。",
    "publish": "已发布。",
    "withdraw": "已撤下。",
}


def _units(actor: Actor) -> list[ListedUnit]:
    return list(units_visible_to(actor).filter(removed_on=None).order_by("sort_key", "pk")[:500])


@roles(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """What the reader may see, newest first, and the statements of its units."""
    actor = actor_of(request)
    writer = actor.is_applicant or actor.is_district
    mine = units_visible_to(actor).order_by().values("pk")
    statements = Statement.objects.filter(unit__in=mine, withdrawn_at=None).select_related("unit")[:SHOWN]
    context = {
        "rows": list(experiences_visible_to(actor)[:SHOWN]),
        "statements": list(statements),
        "may_write": writer and mine.filter(removed_on=None).exists(),
        "writer": writer,
    }
    return render(request, "dynamic_mgmt/experiences.html", context)


@roles(*WRITERS)
def add(request: HttpRequest) -> HttpResponse:
    """Offer a typical experience."""
    actor = actor_of(request)
    form = ExperienceForm(posted(request))
    form.choose(_units(actor))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: experiences.draft_experience(
                actor=actor, unit_id=int(values["unit"]), title=values["title"], text=values["text"]
            )
        )
        if done is not None:
            messages.success(request, SAID["offer"])
            return redirect("dynamic_mgmt:experience", done.pk)
    return _form(request, form, "报送典型经验", "通知 四：做好典型经验的总结和推荐工作。由区市县总结推荐，市局发布。")


@roles(*WRITERS)
def state(request: HttpRequest) -> HttpResponse:
    """Write down a sustainability report or a green commitment."""
    actor = actor_of(request)
    form = StatementForm(posted(request))
    form.choose(_units(actor))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        unit_id = int(values.pop("unit"))
        done = form.run(lambda: experiences.add_statement(actor=actor, unit_id=unit_id, **values))
        if done is not None:
            messages.success(request, "已登记。")
            return redirect("dynamic_mgmt:experiences")
    return _form(request, form, "登记报告或承诺", "通知 四：鼓励发布绿色发展或可持续发展报告，作出绿色发展承诺。")


@roles(*WRITERS)
def withdraw(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Take a report or commitment back, with the reason."""
    actor = actor_of(request)
    mine = units_visible_to(actor).order_by().values("pk")
    row = Statement.objects.select_related("unit").filter(pk=statement_id, unit__in=mine).first()
    if row is None:
        raise NotVisible
    form = WithdrawForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        done = form.run(lambda: experiences.withdraw_statement(actor=actor, statement_id=row.pk, reason=reason))
        if done is not None:
            messages.success(request, "已撤回。")
            return redirect("dynamic_mgmt:experiences")
    lead = f"{row.unit.current_name}，{row.get_kind_display()}：{row.title}。撤回后不再显示，记录和理由留存。"
    return _form(request, form, "撤回报告或承诺", lead)


def _form(request: HttpRequest, form: ServiceForm, title: str, lead: str, *, submit: str = "保存") -> HttpResponse:
    back = reverse("dynamic_mgmt:experiences")
    context = {"form": form, "title": title, "lead": lead, "back": back, "parent": "典型经验和承诺", "submit": submit}
    return render(request, "dynamic_mgmt/plain_form.html", context)


def _seen(actor: Actor, experience_id: int) -> Experience:
    found = experiences_visible_to(actor).filter(pk=experience_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*READERS)
def one(request: HttpRequest, experience_id: int) -> HttpResponse:
    """One experience, and what the reader may do with it."""
    actor = actor_of(request)
    row = _seen(actor, experience_id)
    return _page(request, actor, row, MoveForm(initial={"version": row.version}))


def _page(request: HttpRequest, actor: Actor, row: Experience, form: MoveForm) -> HttpResponse:
    moves = [(t.action, t.label) for t in actions_from(EXPERIENCE_TRANSITIONS, state=row.state, role=actor.role)]
    if actor.is_district and row.authority_id != actor.authority_id:
        moves = []
    may_revise = _REVISE in moves and row.unit.removed_on is None
    moves = [move for move in moves if move != _REVISE]
    context = {"row": row, "form": form, "moves": moves, "may_revise": may_revise, "has_errors": bool(form.errors)}
    return render(request, "dynamic_mgmt/experience.html", context, status=400 if form.errors else 200)


_REVISE = ("revise", "修改后重新报送")


@roles(*WRITERS)
def revise(request: HttpRequest, experience_id: int) -> HttpResponse:
    """Mend what was not taken, and offer it again."""
    actor = actor_of(request)
    row = _seen(actor, experience_id)
    if _REVISE[0] not in {t.action for t in actions_from(EXPERIENCE_TRANSITIONS, state=row.state, role=actor.role)}:
        raise WrongState(f"当前状态为“{row.get_state_display()}”，不能修改。请返回查看最新状态。")
    first = {"title": row.title, "text": row.text, "version": row.version}
    form = RevisionForm(posted(request), initial=first)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: experiences.revise_experience(
                actor=actor,
                experience_id=row.pk,
                seen_version=values["version"],
                title=values["title"],
                text=values["text"],
            )
        )
        if done is not None:
            messages.success(request, "已修改并重新报送。")
            return redirect("dynamic_mgmt:experience", row.pk)
    lead = f"未采用的理由：{row.reason}" if row.reason else ""
    return _form(request, form, "修改典型经验", lead, submit=_REVISE[1])


@require_POST
@roles(*READERS)
def move(request: HttpRequest, experience_id: int) -> HttpResponse:
    """Recommend, decline, publish or withdraw."""
    actor = actor_of(request)
    row = _seen(actor, experience_id)
    action = request.POST.get("action", "")
    form = MoveForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: experiences.move_experience(
                actor=actor, experience_id=row.pk, seen_version=values["version"], action=action, text=values["text"]
            )
        )
        if done is not None:
            messages.success(request, SAID.get(action, "已办理。"))
            # What the city did not take is its district's and unit's again.
            if not experiences_visible_to(actor).filter(pk=row.pk).exists():
                return redirect("dynamic_mgmt:experiences")
            return redirect("dynamic_mgmt:experience", row.pk)
    return _page(request, actor, row, form)
