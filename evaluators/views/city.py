"""One evaluator as the city sees it: standing, registration, disputes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evaluators.forms.evaluators import AsOfForm, ReasonForm, RegistrationForm
from evaluators.models import Engagement, Evaluator
from evaluators.selectors import engagements_visible_to, visible_to
from evaluators.selectors.detail import evaluator_page
from evaluators.services import decide_dispute, record_registration
from evaluators.services.registration import latest_registration
from evaluators.views.listing import shown_round, the_round
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible

CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)


def seen(actor: Actor, evaluator_id: int) -> Evaluator:
    """Return the evaluator if the actor may open it; absent and foreign ones answer alike."""
    found = visible_to(actor).filter(pk=evaluator_id).first()
    if found is None:
        raise NotVisible
    return found


def _form(request: HttpRequest, evaluator: Evaluator, form: Any, title: str, lead: str = "") -> HttpResponse:
    context = {"form": form, "title": title, "evaluator": evaluator, "lead": lead}
    return render(request, "evaluators/form.html", context)


@roles(*CITY, Role.EVALUATOR, Role.EVALUATOR_ADMIN)
def detail(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Everything on one evaluator that the actor may see, as of now or of the day in the address."""
    actor = actor_of(request)
    evaluator = seen(actor, evaluator_id)
    form = AsOfForm(request.GET or None)
    facts = evaluator_page(actor, evaluator, shown_round(form.day), as_of=form.day)
    context = {"facts": facts, "is_city": actor.is_city, "form": form}
    return render(request, "evaluators/detail.html", context, status=400 if form.errors else 200)


@roles(*CITY)
def registration(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Enter what the body proved of the five conditions."""
    actor, round_ = actor_of(request), the_round()
    evaluator = seen(actor, evaluator_id)
    form = RegistrationForm.started(posted(request), latest_registration(evaluator.pk, round_.pk))
    if request.method == "POST" and form.is_valid():
        saved = form.run(
            lambda: record_registration(
                actor=actor,
                evaluator_id=evaluator.pk,
                round_id=round_.pk,
                entered=form.entered(),
                source=form.cleaned_data["source"],
                seen_number=form.cleaned_data["seen_number"],
            )
        )
        if saved is not None:
            messages.success(request, "已保存基本条件登记。")
            return redirect("evaluators:detail", evaluator.pk)
    return _form(request, evaluator, form, "登记基本条件", "对照证明材料逐项登记；没有看到材料的选“未核实”或留空。")


@roles(*CITY)
def decide(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Decide a dispute: the claimed evaluation exists, or it does not."""
    actor = actor_of(request)
    engagement: Engagement | None = engagements_visible_to(actor).filter(pk=engagement_id).first()
    if engagement is None:
        raise NotVisible
    form = ReasonForm(posted(request), initial={"version": engagement.version})
    pressed = [name for name in ("uphold", "void") if name in request.POST]
    if request.method == "POST" and len(pressed) != 1:
        form.add_error(None, "按“认定有效，恢复计数”或“认定无效”提交。")
    if request.method == "POST" and form.is_valid():
        done = form.run(
            lambda: decide_dispute(
                actor=actor,
                engagement_id=engagement.pk,
                uphold=pressed == ["uphold"],
                reason=form.cleaned_data["reason"],
                seen_version=form.cleaned_data["version"],
            )
        )
        if done is not None:
            messages.success(request, f"已认定：{done.get_state_display()}。")
            return redirect("evaluators:engagement", engagement.pk)
    return render(request, "evaluators/decide.html", {"form": form, "engagement": engagement})
