"""One evaluation: how it was done, read by the city and its evaluator, written by the evaluator."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evaluators.constants import FILE_STATEMENT
from evaluators.forms.papers import WhyForm
from evaluators.forms.working import WorkForm
from evaluators.models import Engagement
from evaluators.selectors import engagements_visible_to
from evaluators.selectors.detail import claim_overdue
from evaluators.selectors.leads import may_act
from evaluators.selectors.working import work_page
from evaluators.services import record_work
from evaluators.services.working import unmask_team
from evaluators.views.city import CITY
from evaluators.views.own import OWN
from evaluators.views.shared import answered
from evaluators.views.uploads import with_file
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible
from greenportal.rounds.selectors import rulebook_at


def _seen(actor: Actor, engagement_id: int) -> Engagement:
    rows = engagements_visible_to(actor).select_related("statement", "round")
    found: Engagement | None = rows.filter(pk=engagement_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*CITY, *OWN)
def engagement(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Dates, steps, declarations, the dispute and its decision; the city reads names of the team for a posted reason."""
    actor = actor_of(request)
    found = _seen(actor, engagement_id)
    form = WhyForm(posted(request) if actor.is_city else None)
    form.fields["reason"].label = "查看人员姓名的理由"
    shown = not actor.is_city
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        form.run(lambda: unmask_team(actor=actor, engagement_id=found.pk, reason=reason))
        shown = not form.errors
    facts = work_page(found, masked=not shown)
    team = any(step.people for step in facts.steps)
    context = {
        "facts": facts,
        "engagement": found,
        "is_city": actor.is_city,
        "form": form,
        "shown": shown,
        "team": team,
        "answer_due": clock.spoken(found.confirm_due_at) if found.confirm_due_at else "",
        "answer_overdue": claim_overdue(found),
        "acts": actor.is_evaluator and bool(may_act(actor, found.pk)),
    }
    response = answered(request, "evaluators/work.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@roles(*OWN)
def work(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Report contract, visit, report, score, steps and the signed statement."""
    actor = actor_of(request)
    found = _seen(actor, engagement_id)
    may_act(actor, found.pk).require()
    form = WorkForm.started(posted(request), found, rulebook_at(found.round_id)[0])

    def stored() -> Engagement:
        return with_file(
            actor,
            request.FILES.get("statement"),
            lambda file: record_work(
                actor=actor,
                engagement_id=found.pk,
                told=form.told(),
                steps=form.steps(),
                seen_version=form.cleaned_data["version"],
                statement_id=file.pk if file else None,
            ),
            kind=FILE_STATEMENT,
            field="statement",
            needed=False,
        )

    if request.method == "POST" and form.is_valid() and form.run(stored) is not None:
        messages.success(request, "已保存评价过程。")
        return redirect("evaluators:engagement", found.pk)
    return render(request, "evaluators/work_form.html", {"form": form, "engagement": found})
