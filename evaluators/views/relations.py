"""Affiliates: the page of a group, a relation told with its evidence, and what the city finds."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evaluators.constants import FILE_RELATION
from evaluators.forms.evaluators import AsOfForm, ReasonForm
from evaluators.forms.relations import RelationForm
from evaluators.models import AffiliateRelation, Evaluator
from evaluators.selectors import visible_to
from evaluators.selectors.groups import effect_of, group_page, relations_visible_to
from evaluators.services import confirm_relation, end_relation, propose_relation, reject_relation
from evaluators.states import RelationState
from evaluators.views.city import CITY, seen
from evaluators.views.listing import shown_round
from evaluators.views.uploads import with_file
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.services import register_organisation
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible

OWN = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)


@roles(*CITY)
def group(request: HttpRequest, group_id: int) -> HttpResponse:
    """Members, relations with their history, and counts of one group, as of now or of the day in the address."""
    form = AsOfForm(request.GET or None)
    facts = group_page(actor_of(request), group_id, shown_round(form.day), as_of=form.day)
    context = {"facts": facts, "form": form}
    return render(request, "evaluators/group.html", context, status=400 if form.errors else 200)


@roles(*CITY)
def affiliates(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Tell a relation of this evaluator with its evidence; the city judges it afterwards."""
    actor = actor_of(request)
    evaluator = seen(actor, evaluator_id)
    others = [(o.organisation_id, o.organisation.name) for o in visible_to(actor).exclude(pk=evaluator.pk)]
    form = RelationForm(posted(request), request.FILES or None, others=others)
    if request.method == "POST" and form.is_valid():
        relation = form.run(lambda: _told(request, actor, evaluator, form))
        if relation is not None:
            messages.success(request, "已登记关联关系，经市局认定后合并计数。")
            return redirect("evaluators:relation", relation.pk)
    return render(request, "evaluators/relation_form.html", {"form": form, "evaluator": evaluator})


def _told(request: HttpRequest, actor: Actor, evaluator: Evaluator, form: RelationForm) -> AffiliateRelation:
    values = form.cleaned_data

    def told(file: StoredFile | None) -> AffiliateRelation:
        if file is None:
            raise Invalid("选择证明文件。", errors={"evidence": ["选择证明文件。"]})
        other_id = int(values["other"]) if values["other"] else 0
        if not other_id:
            other_id = register_organisation(actor=actor, uscc=values["uscc"], name=values["name"]).pk
        return propose_relation(
            actor=actor,
            organisation_id=evaluator.organisation_id,
            other_id=other_id,
            told=form.told(),
            evidence_id=file.pk,
        )

    return with_file(actor, request.FILES.get("evidence"), told, kind=FILE_RELATION, field="evidence", needed=True)


@roles(*CITY, *OWN)
def relation(request: HttpRequest, relation_id: int) -> HttpResponse:
    """One relation: what was told, what confirming it would count together, and the city's three verbs."""
    actor = actor_of(request)
    found = relations_visible_to(actor).select_related("ended_by").filter(pk=relation_id).first()
    if found is None:
        raise NotVisible
    label = "不予认定的理由（认定时可不填）" if found.state == RelationState.PROPOSED else "解除理由"
    data = posted(request) if actor.is_city else None
    form = ReasonForm(data, initial={"version": found.version}, label=label)
    if request.method == "POST" and not actor.is_city:
        raise NotVisible
    if request.method == "POST" and form.is_valid():
        done = form.run(lambda: _judged(request, actor, found, form))
        if done is not None:
            messages.success(request, f"{RelationState(done.state).label}。相关申报将重新核查。")
            return redirect("evaluators:relation", done.pk)
    bodies = Evaluator.objects.filter(organisation_id__in=[found.first_id, found.second_id])
    context = {
        "relation": found,
        "form": form,
        "effect": effect_of(found, shown_round()) if actor.is_city else None,
        "is_city": actor.is_city,
        "evaluators": visible_to(actor).filter(pk__in=bodies.values("pk")),
        "proposed": found.state == RelationState.PROPOSED,
        "confirmed": found.state == RelationState.CONFIRMED,
    }
    return render(request, "evaluators/relation.html", context)


def _judged(request: HttpRequest, actor: Actor, found: AffiliateRelation, form: ReasonForm) -> AffiliateRelation:
    version, reason = form.cleaned_data["version"], form.cleaned_data["reason"]
    if "confirm" in request.POST:
        return confirm_relation(actor=actor, relation_id=found.pk, seen_version=version)
    verb = reject_relation if "reject" in request.POST else end_relation
    return verb(actor=actor, relation_id=found.pk, reason=reason, seen_version=version)
