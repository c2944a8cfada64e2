"""不予采信: a verified case, its second person, an appeal and its outcome, an early end; what it touches."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from evaluators.constants import FILE_SANCTION
from evaluators.forms.evaluators import ReasonForm
from evaluators.forms.papers import whole
from evaluators.forms.sanctions import AppealForm, LiftForm, OutcomeForm, SanctionForm
from evaluators.models import Evaluator, Sanction, SanctionStep
from evaluators.selectors.lists import sanctions_visible_to
from evaluators.selectors.sanctions import sanction_page
from evaluators.services import (
    confirm_sanction,
    confirm_step,
    drop_step,
    propose_lift,
    propose_outcome,
    record_appeal,
    record_sanction,
)
from evaluators.views.city import CITY, seen
from evaluators.views.listing import shown_round
from evaluators.views.shared import answered
from evaluators.views.uploads import with_file
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import DomainError, NotVisible, Refused
from greenportal.rounds.selectors import rulebook_at

OWN = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)


def _seen(actor: Actor, sanction_id: int) -> tuple[Sanction, Evaluator]:
    """Return a visible sanction and the evaluator whose page shows it."""
    found = sanctions_visible_to(actor).filter(pk=sanction_id, organisation__evaluator__isnull=False).first()
    if found is None:
        raise NotVisible
    return found, Evaluator.objects.select_related("organisation").get(organisation_id=found.organisation_id)


def _form(request: HttpRequest, evaluator: Evaluator, form: Any, title: str, lead: str = "") -> HttpResponse:
    context = {"form": form, "title": title, "evaluator": evaluator, "lead": lead}
    return render(request, "evaluators/form.html", context)


@roles(*CITY)
def sanction(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Write down a verified case."""
    evaluator, round_ = seen(actor_of(request), evaluator_id), shown_round()
    form = SanctionForm(posted(request), initial={"verified_on": clock.today()})
    if request.method == "POST" and form.is_valid():
        saved = form.run(
            lambda: record_sanction(
                actor=actor_of(request),
                organisation_id=evaluator.organisation_id,
                round_id=round_.pk,
                **form.cleaned_data,
            )
        )
        if saved is not None:
            messages.success(request, f"已登记，不予采信至{saved.until:%Y-%m-%d}，由市局另一名人员复核后生效。")
            return redirect("evaluators:sanction_detail", saved.pk)
    years = rulebook_at(round_.pk)[0].sanction_years
    lead = f"自查实之日起{years}年内不予采信其出具的评价结果（通知 二、第1段）。登记后须由市局另一名人员复核，复核前不生效。"
    return _form(request, evaluator, form, "登记不予采信", lead)


@roles(*CITY, *OWN)
def sanction_detail(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """One sanction: its dated steps, what it touches, and what may be done next."""
    actor = actor_of(request)
    found, evaluator = _seen(actor, sanction_id)
    return _detail(request, found, evaluator, ReasonForm(label="不同意的理由"))


def _detail(request: HttpRequest, found: Sanction, evaluator: Evaluator, form: ReasonForm) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "facts": sanction_page(actor, found, evaluator),
        "evaluator": evaluator,
        "is_city": actor.is_city,
        "me": actor.user_id,
        "form": form,
    }
    return answered(request, "evaluators/sanction.html", context)


@require_POST
@roles(*CITY)
def second(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """The second person: of the sanction itself, or (`step`) of a lifting or an outcome, agreed or (`drop`) not."""
    actor = actor_of(request)
    found, evaluator = _seen(actor, sanction_id)
    step = _step(request, found)
    if step is not None and "drop" in request.POST:
        form = ReasonForm(request.POST, label="不同意的理由")
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            if form.run(lambda: drop_step(actor=actor, step_id=step.pk, reason=reason)) is not None:
                messages.success(request, "已记录复核不同意。")
                return redirect("evaluators:sanction_detail", found.pk)
        return _detail(request, found, evaluator, form)
    try:
        if step is None:
            confirm_sanction(actor=actor, sanction_id=found.pk)
        else:
            confirm_step(actor=actor, step_id=step.pk)
        messages.success(request, "已复核。")
    except Refused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("evaluators:sanction_detail", found.pk)


def _step(request: HttpRequest, found: Sanction) -> SanctionStep | None:
    """Return the step that was posted, None where the sanction itself is meant; a step of another one is nobody's."""
    if "step" not in request.POST:
        return None
    step = found.steps.filter(pk=whole(request.POST["step"])).first()
    if step is None:
        raise NotVisible
    return step


@roles(*CITY)
def lift(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """Propose that a sanction ends early."""
    actor = actor_of(request)
    found, evaluator = _seen(actor, sanction_id)
    form = LiftForm(posted(request))
    if request.method == "POST" and form.is_valid():
        saved = form.run(lambda: propose_lift(actor=actor, sanction_id=found.pk, **form.cleaned_data))
        if saved is not None:
            messages.success(request, "已提出解除，由市局另一名人员复核后生效。")
            return redirect("evaluators:sanction_detail", found.pk)
    return _form(request, evaluator, form, "提出解除不予采信")


@roles(*CITY)
def appeal(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """Write down that the body appealed, with its letter."""
    actor = actor_of(request)
    found, evaluator = _seen(actor, sanction_id)
    form = AppealForm(posted(request), request.FILES or None)

    def written() -> SanctionStep:
        return with_file(
            actor,
            request.FILES.get("letter"),
            lambda file: record_appeal(
                actor=actor,
                sanction_id=found.pk,
                on=form.cleaned_data["on"],
                text=form.cleaned_data["text"],
                file_id=file.pk if file else None,
            ),
            kind=FILE_SANCTION,
            field="letter",
            needed=False,
        )

    if request.method == "POST" and form.is_valid() and form.run(written) is not None:
        messages.success(request, "已登记申诉。申诉期间登记继续有效。")
        return redirect("evaluators:sanction_detail", found.pk)
    return _form(request, evaluator, form, "登记申诉", "申诉不停止执行；处理结果由一人提出、另一人复核。")


@roles(*CITY)
def outcome(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Propose what comes of an appeal."""
    actor = actor_of(request)
    step = SanctionStep.objects.filter(pk=appeal_id, kind=SanctionStep.Kind.APPEAL).first()
    if step is None:
        raise NotVisible
    found, evaluator = _seen(actor, step.sanction_id)
    form = OutcomeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        saved = form.run(
            lambda: propose_outcome(
                actor=actor,
                appeal_id=step.pk,
                revoke=values["outcome"] == "revoke",
                on=values["on"],
                text=values["text"],
                document_no=values["document_no"],
            )
        )
        if saved is not None:
            messages.success(request, "已提出处理意见，由市局另一名人员复核后生效。")
            return redirect("evaluators:sanction_detail", found.pk)
    return _form(request, evaluator, form, "处理申诉", f"申诉内容：{step.text}")
