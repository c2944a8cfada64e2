"""The page of a written decision, the same for district and city."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of
from greenportal.directory.forms import posted
from greenportal.findings.types import Finding, WrongState
from nominations import rules
from nominations.forms.nomination import DecisionForm
from nominations.models import Nomination
from nominations.selectors.decisions import seen_of
from nominations.selectors.nominations import get_visible
from nominations.selectors.people import hats
from nominations.services import deciding
from nominations.services.checking import evaluator_organisation
from nominations.views.shared import answered, done, findings_of


def _asked(actor: Actor, nomination_id: int, rule: str) -> tuple[Nomination, Finding | None]:
    """The nomination and the finding that asks for the decision, None when the check of now has none."""
    nomination = get_visible(actor, nomination_id)
    found = findings_of(nomination, actor)
    return nomination, next((f for f in found if f.rule == rule and f.needs_decision), None)


def written_decision(request: HttpRequest, nomination_id: int, rule: str, *, template: str, back: str) -> HttpResponse:
    """Show the finding and take the decision on exactly what was shown; `back` names the page afterwards.

    When the check said something else meanwhile, the page comes again with what it says now and with what was typed.
    """
    actor = actor_of(request)
    nomination, finding = _asked(actor, nomination_id, rule)
    if request.method != "POST":
        worn, evaluator = hats(actor), evaluator_organisation(nomination)
        rules.may_decide(actor, nomination, hats=worn, evaluator_organisation_id=evaluator).require()
        if finding is None:
            raise WrongState("这一项目前不需要书面决定，请刷新核查结论。")
    initial = {"version": nomination.version, "facts": seen_of(finding) if finding else ""}
    form = DecisionForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        result = form.run(
            lambda: deciding.decide(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=data["version"],
                seen_facts=data["facts"],
                rule=rule,
                keep=data["keep"],
                reason=data["reason"],
            ),
        )
        if result is not None:
            return done(request, "书面决定已记录。", back, nomination.pk)
        nomination, finding = _asked(actor, nomination_id, rule)
        form.shows(seen_of(finding) if finding else "")
    return answered(request, template, {"nomination": nomination, "form": form, "finding": finding}, form)
