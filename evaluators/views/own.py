"""An evaluator's own pages: what is claimed from it, confirm or dispute."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evaluators.forms.evaluators import ConfirmForm, ReasonForm
from evaluators.models import Engagement
from evaluators.selectors import engagements_visible_to
from evaluators.selectors.leads import may_act
from evaluators.selectors.working import cap_line
from evaluators.services import confirm, dispute
from evaluators.services.counting import fills_cap
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible

OWN = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)


def _engagement(actor: Actor, engagement_id: int) -> Engagement:
    found = engagements_visible_to(actor).filter(pk=engagement_id).first()
    if found is None:
        raise NotVisible
    return found


def _to_answer(actor: Actor, engagement_id: int) -> Engagement:
    """Return an engagement that the actor may answer for; Refused, before anything is typed, without delegation."""
    found = _engagement(actor, engagement_id)
    may_act(actor, found.pk).require()
    return found


def _answer_due(engagement: Engagement) -> str:
    return clock.spoken(engagement.confirm_due_at) if engagement.confirm_due_at else ""


@roles(*OWN)
def confirm_engagement(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Say that this evaluation is ours."""
    actor = actor_of(request)
    engagement = _to_answer(actor, engagement_id)
    form = ConfirmForm(posted(request), initial={"version": engagement.version})
    if request.method == "POST" and form.is_valid():
        done = form.run(
            lambda: confirm(
                actor=actor,
                engagement_id=engagement.pk,
                seen_version=form.cleaned_data["version"],
                report_on=form.cleaned_data["report_on"],
                independent=form.cleaned_data["independent"],
                cap_seen=form.cleaned_data["cap_seen"],
            )
        )
        if done is not None:
            messages.success(request, f"已确认对“{engagement.subject.name}”的评价项目，请继续填写评价过程。")
            return redirect("evaluators:engagement", engagement.pk)
    if not fills_cap(engagement.group_id, engagement.round_id):
        del form.fields["cap_seen"]
    context: dict[str, Any] = {"form": form, "engagement": engagement, "title": "确认评价项目", "submit": "确认"}
    context |= {"line": cap_line(engagement), "answer_due": _answer_due(engagement)}
    return render(request, "evaluators/engagement.html", context)


@roles(*OWN)
def dispute_engagement(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Say that this evaluation is not ours; the city decides."""
    actor = actor_of(request)
    engagement = _to_answer(actor, engagement_id)
    form = ReasonForm(posted(request), initial={"version": engagement.version})
    if request.method == "POST" and form.is_valid():
        done = form.run(
            lambda: dispute(
                actor=actor,
                engagement_id=engagement.pk,
                reason=form.cleaned_data["reason"],
                seen_version=form.cleaned_data["version"],
            )
        )
        if done is not None:
            messages.success(request, "已提出异议，由市局认定。")
            return redirect("evaluators:detail", engagement.evaluator_id)
    context = {"form": form, "engagement": engagement, "title": "提出异议", "submit": "提出异议"}
    context["answer_due"] = _answer_due(engagement)
    return render(request, "evaluators/engagement.html", context)
