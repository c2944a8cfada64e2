"""One evaluator as the city sees it: standing, registration, affiliates, sanctions, disputes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from evaluators.forms.evaluators import AffiliateForm, LiftForm, ReasonForm, RegistrationForm, SanctionForm
from evaluators.models import Engagement, Evaluator, Sanction
from evaluators.selectors import engagements_visible_to, visible_to
from evaluators.selectors.detail import evaluator_page
from evaluators.selectors.lists import sanctions_visible_to
from evaluators.services import (
    affiliate,
    confirm_lift,
    confirm_sanction,
    decide_dispute,
    leave_group,
    propose_lift,
    record_registration,
    record_sanction,
)
from evaluators.services.registration import latest_registration
from evaluators.services.sanctions import years_after
from evaluators.views.listing import the_round
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import DomainError, NotVisible, Refused
from greenportal.rounds.selectors import rulebook_at

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
    """Everything on one evaluator that the actor may see."""
    actor = actor_of(request)
    evaluator = seen(actor, evaluator_id)
    context = {"facts": evaluator_page(actor, evaluator, the_round()), "is_city": actor.is_city}
    return render(request, "evaluators/detail.html", context)


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
def affiliates(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Confirm a relation with another evaluator."""
    actor = actor_of(request)
    evaluator = seen(actor, evaluator_id)
    others = [(o.pk, o.organisation.name) for o in visible_to(actor).exclude(pk=evaluator.pk)]
    form = AffiliateForm(posted(request), others=others)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        merged = form.run(
            lambda: affiliate(
                actor=actor,
                evaluator_id=evaluator.pk,
                other_id=int(values["other"]),
                reason=values["reason"],
                basis=values["basis"],
            )
        )
        if merged is not None:
            messages.success(request, "已认定关联关系，项目数合并计算，相关申报将重新核查。")
            return redirect("evaluators:detail", evaluator.pk)
    return _form(
        request,
        evaluator,
        form,
        "认定关联关系",
        "认定后两家机构的评价项目合并计数。通知没有规定关联的标准，由认定人依据材料判断。",
    )


@roles(*CITY)
def leave(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Undo a relation that does not hold."""
    evaluator = seen(actor_of(request), evaluator_id)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        done = form.run(lambda: leave_group(actor=actor_of(request), evaluator_id=evaluator.pk, reason=reason))
        if done is not None:
            messages.success(request, "已解除关联关系，项目数分别计算。")
            return redirect("evaluators:detail", evaluator.pk)
    return _form(request, evaluator, form, "解除关联关系")


@roles(*CITY)
def sanction(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Write down a verified case."""
    evaluator = seen(actor_of(request), evaluator_id)
    years = rulebook_at(the_round().pk)[0].sanction_years
    today = clock.today()
    form = SanctionForm(posted(request), initial={"verified_on": today, "until": years_after(today, years)})
    if request.method == "POST" and form.is_valid():
        saved = form.run(
            lambda: record_sanction(
                actor=actor_of(request), organisation_id=evaluator.organisation_id, **form.cleaned_data
            )
        )
        if saved is not None:
            messages.success(request, "已登记，由市局另一名人员复核后生效。")
            return redirect("evaluators:detail", evaluator.pk)
    return _form(request, evaluator, form, "登记不予采信", "登记后须由市局另一名人员复核，复核前不生效。")


def _sanction(actor: Actor, sanction_id: int) -> tuple[Sanction, int]:
    """Return a visible sanction and the evaluator whose page shows it."""
    found = sanctions_visible_to(actor).filter(pk=sanction_id, organisation__evaluator__isnull=False).first()
    if found is None:
        raise NotVisible
    return found, Evaluator.objects.values_list("pk", flat=True).get(organisation_id=found.organisation_id)


@require_POST
@roles(*CITY)
def second(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """The second person's confirmation, of a sanction or of its lifting (`what=lift`)."""
    actor = actor_of(request)
    found, evaluator_id = _sanction(actor, sanction_id)
    try:
        if request.POST.get("what") == "lift":
            confirm_lift(actor=actor, sanction_id=found.pk)
        else:
            confirm_sanction(actor=actor, sanction_id=found.pk)
        messages.success(request, "已复核。")
    except Refused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("evaluators:detail", evaluator_id)


@roles(*CITY)
def lift(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """Propose that a sanction ends early."""
    actor = actor_of(request)
    found, evaluator_id = _sanction(actor, sanction_id)
    form = LiftForm(posted(request))
    if request.method == "POST" and form.is_valid():
        saved = form.run(lambda: propose_lift(actor=actor, sanction_id=found.pk, **form.cleaned_data))
        if saved is not None:
            messages.success(request, "已提出解除，由市局另一名人员复核后生效。")
            return redirect("evaluators:detail", evaluator_id)
    return _form(request, seen(actor, evaluator_id), form, "提出解除不予采信")


@roles(*CITY)
def decide(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Decide a dispute: the claimed evaluation exists, or it does not."""
    actor = actor_of(request)
    engagement: Engagement | None = engagements_visible_to(actor).filter(pk=engagement_id).first()
    if engagement is None:
        raise NotVisible
    form = ReasonForm(posted(request), initial={"version": engagement.version})
    if request.method == "POST" and form.is_valid():
        done = form.run(
            lambda: decide_dispute(
                actor=actor,
                engagement_id=engagement.pk,
                uphold="uphold" in request.POST,
                reason=form.cleaned_data["reason"],
                seen_version=form.cleaned_data["version"],
            )
        )
        if done is not None:
            messages.success(request, f"已认定：{done.get_state_display()}。")
            return redirect("evaluators:detail", engagement.evaluator_id)
    return render(request, "evaluators/decide.html", {"form": form, "engagement": engagement})
