"""What the district sees and finds out itself: signatures and seals of what was uploaded, independence."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.rounds.booktypes import DocumentSlot
from greenportal.rounds.selectors import rulebook_at
from nominations.forms.inspecting import IndependenceForm, InspectionForm
from nominations.models import Nomination, NominationDocument
from nominations.selectors.content import contents
from nominations.selectors.nominations import get_visible
from nominations.services.independence import record_independence
from nominations.services.inspecting import Mark, record_inspection
from nominations.views.district import DISTRICT
from nominations.views.shared import answered, done, findings_of

LEAD = "逐件打开材料，核对签字页和盖章页后记录。更换过的材料须重新核对。"
EMPTY = "尚未上传需要签字盖章的材料，上传后再核对。"
INDEPENDENT = "第三方评价机构应与申报主体自我评价活动保持独立性，不参与自我评价报告编写（通知 二、第1段）。"
#: Rules whose findings the officer weighs here: what both sides declare, and signs that a person judges.
INDEPENDENCE = "INDEPENDENCE"


@roles(*DISTRICT)
def signatures(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Record what was seen on each document: signatures and seals complete, lacking, not looked at."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    places = _with_places(nomination)
    form = InspectionForm(posted(request), documents=places, initial={"version": nomination.version})
    if request.method == "POST" and form.is_valid():
        marks = [Mark(document.pk, *form.seen_on(document)) for _, document in places]
        result = form.run(
            lambda: record_inspection(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=form.cleaned_data["version"],
                marks=marks,
            )
        )
        if result is not None:
            return done(request, "已记录签字盖章核对情况。", "nominations:detail", nomination.pk)
    context = {
        "nomination": nomination,
        "form": form,
        "title": "签字盖章核对",
        "submit": "保存核对情况",
        "lead": LEAD if places else EMPTY,
        "documents": [document for _, document in places],
    }
    return answered(request, "nominations/signatures.html", context, form)


def _with_places(nomination: Nomination) -> list[tuple[DocumentSlot, NominationDocument]]:
    """Uploaded documents of slots with places for signature or seal, in the order of the rulebook."""
    rulebook, _ = rulebook_at(nomination.round_id)
    documents = contents([nomination.pk])[nomination.pk].documents
    return [
        (slot, document)
        for slot in rulebook.documents.get(nomination.category, ())
        if slot.signatures or slot.seals
        for document in documents
        if document.slot == slot.key
    ]


@roles(*DISTRICT)
def independence(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Record whether the evaluator kept out of the self-evaluation, beside what both sides declare."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    value = {True: "yes", False: "no", None: ""}[nomination.independence]
    initial = {"version": nomination.version, "value": value, "reason": nomination.independence_reason}
    form = IndependenceForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        result = form.run(
            lambda: record_independence(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=data["version"],
                independent=data["value"],
                reason=data["reason"],
            )
        )
        if result is not None:
            return done(request, "已记录独立性核实情况。", "nominations:detail", nomination.pk)
    context = {
        "nomination": nomination,
        "form": form,
        "title": "独立性核实",
        "submit": "保存核实情况",
        "lead": INDEPENDENT,
        "findings": [f for f in findings_of(nomination, actor) if f.rule.startswith(INDEPENDENCE)],
    }
    return answered(request, "nominations/independence.html", context, form)
