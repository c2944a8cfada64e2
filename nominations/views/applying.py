"""What an applicant does with its nomination; its district may do the same for it."""

from __future__ import annotations

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from evaluators.selectors.lists import choosable_by
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.audit.services import record_read
from greenportal.directory.forms import posted
from greenportal.files.services import open_path
from greenportal.filings.models import FieldComment
from greenportal.filings.services import answer_comment
from greenportal.findings.types import Invalid, NotVisible
from greenportal.rounds.booktypes import DocumentSlot
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import FILE_DOCUMENT, SCOPE_NOMINATION
from nominations.forms.nomination import (
    AnswerForm,
    ConfirmForm,
    DocumentForm,
    EvaluatorForm,
    LinkForm,
    NationalForm,
    ReasonForm,
    StandardForm,
)
from nominations.models import Nomination, NominationDocument
from nominations.selectors.content import condition_holds, contents, gaps
from nominations.selectors.nominations import documents_visible_to, get_visible
from nominations.services import accepting, correcting, documents, drafting, handing_in, withdrawing
from nominations.services.independence import declare_independence
from nominations.states import EDITABLE
from nominations.views.nomination import OWNERS
from nominations.views.shared import answered, behind_link, done, kept, sheets_printed, version_of


@roles(*OWNERS)
def document_list(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Every slot the rulebook asks for, what is in it, and what could be reused from another nomination."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    rulebook, _ = rulebook_at(nomination.round_id)
    content = contents([nomination.pk])[nomination.pk]
    held: dict[str, list[NominationDocument]] = {}
    for row in content.documents:
        held.setdefault(row.slot, []).append(row)
    slots = [
        (slot, held.get(slot.key, []))
        for slot in rulebook.documents.get(nomination.category, ())
        if condition_holds(nomination, content, slot.only_if)
    ]
    context = {"nomination": nomination, "slots": slots, "editable": nomination.state in EDITABLE}
    return render(request, "nominations/documents.html", context)


@roles(*OWNERS)
def upload(request: HttpRequest, nomination_id: int, slot: str) -> HttpResponse:
    """Upload one document into one slot; the file goes through the one pipeline."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    wanted = _slot(nomination, slot)
    if request.method == "POST":
        # Before anything is kept: a file that may not be attached must not fill the storage.
        rules.may_change_documents(actor, nomination).require()
    form = DocumentForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def store() -> NominationDocument:
            file = kept(
                actor,
                form.cleaned_data["file"],
                kind=FILE_DOCUMENT,
                accept=wanted.accept,
                organisation_id=actor.organisation_id,
            )
            return documents.attach(
                actor=actor,
                nomination_id=nomination.pk,
                slot=slot,
                file_id=file.pk,
                title=form.cleaned_data["title"],
                issued_on=form.cleaned_data["issued_on"],
            )

        if form.run(store) is not None:
            return done(request, f"已上传“{wanted.label}”。", "nominations:documents", nomination.pk)
    reusable = (
        documents_visible_to(actor)
        .filter(nomination__applicant_id=nomination.applicant_id, removed_at=None)
        .exclude(nomination=nomination)
        .select_related("file", "nomination__subject")
        .order_by("-pk")[:20]
    )
    context = {"nomination": nomination, "slot": wanted, "form": form, "reusable": reusable}
    return answered(request, "nominations/upload.html", context, form)


def _slot(nomination: Nomination, key: str) -> DocumentSlot:
    rulebook, _ = rulebook_at(nomination.round_id)
    for slot in rulebook.documents.get(nomination.category, ()):
        if slot.key == key:
            return slot
    raise NotVisible


@roles(*OWNERS)
@require_POST
def reuse(request: HttpRequest, nomination_id: int, slot: str, document_id: int) -> HttpResponse:
    """Use a document of another nomination of the same applicant here too."""
    documents.reuse(actor=actor_of(request), nomination_id=nomination_id, slot=slot, document_id=document_id)
    return done(request, "已引用该材料。", "nominations:documents", nomination_id)


@roles(*OWNERS)
@require_POST
def remove(request: HttpRequest, nomination_id: int, document_id: int) -> HttpResponse:
    """Take a document out of its slot; the file is kept where a version holds it."""
    documents.remove(actor=actor_of(request), nomination_id=nomination_id, document_id=document_id)
    return done(request, "已移除该材料。", "nominations:documents", nomination_id)


@roles(*OWNERS)
def evaluator(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Name the evaluator, or take the choice back."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    choices = choosable_by(actor).order_by("organisation__sort_key").values_list("pk", "organisation__name")
    declared = {True: "yes", False: "no", None: ""}[nomination.declared_independent]
    initial = {
        "version": nomination.version,
        "evaluator": nomination.evaluator_id,
        "independent": declared,
        "authors": nomination.report_authors,
    }
    form = EvaluatorForm(posted(request), initial=initial, evaluators=choices)
    if request.method == "POST" and form.is_valid():
        result = form.run(lambda: _chosen(actor, nomination, form))
        if result is not None:
            return done(request, "已保存评价机构。", "nominations:detail", nomination.pk)
    context = {"nomination": nomination, "form": form, "title": "第三方评价机构", "submit": "保存"}
    return answered(request, "nominations/form.html", context, form)


@transaction.atomic
def _chosen(actor: Actor, nomination: Nomination, form: EvaluatorForm) -> Nomination:
    """The evaluator, and what the applicant declares of it: both or neither."""
    values = form.cleaned_data
    chosen = drafting.choose_evaluator(
        actor=actor,
        nomination_id=nomination.pk,
        seen_version=values["version"],
        evaluator_id=values["evaluator"],
    )
    if chosen.evaluator_id is None:
        return chosen
    return declare_independence(
        actor=actor,
        nomination_id=chosen.pk,
        seen_version=chosen.version,
        independent=values["independent"],
        authors=values["authors"],
    )


@roles(*OWNERS)
def standard(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The industry class and the standard that the evaluations follow."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    initial = {"version": nomination.version, "industry": nomination.industry_id, "standard": nomination.standard}
    rulebook, _ = rulebook_at(nomination.round_id)
    listed = rulebook.product_standards.items if nomination.category == "product" else ()
    form = StandardForm(
        posted(request), initial=initial, standards=[(s.number, f"{s.number} {s.name}") for s in listed]
    )
    if request.method == "POST" and form.is_valid() and form.run(lambda: _classed(actor, nomination, form)) is not None:
        return done(request, "已保存行业和评价标准。", "nominations:detail", nomination.pk)
    context = {"nomination": nomination, "form": form, "title": "所属行业和评价标准", "submit": "保存"}
    return answered(request, "nominations/form.html", context, form)


@transaction.atomic
def _classed(actor: Actor, nomination: Nomination, form: StandardForm) -> Nomination:
    """The industry class and the standard: both or neither."""
    seen = form.cleaned_data["version"]
    code = form.cleaned_data["industry"].strip()
    if code and code != nomination.industry_id:
        row = drafting.choose_industry(actor=actor, nomination_id=nomination.pk, seen_version=seen, code=code)
        seen = row.version
    return drafting.choose_standard(
        actor=actor, nomination_id=nomination.pk, seen_version=seen, standard=form.cleaned_data["standard"]
    )


@roles(*OWNERS)
def confirm(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The legal representative reads everything and confirms; or a dated link is made for him."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    content = contents([nomination.pk])[nomination.pk]
    on_paper = not actor.is_applicant
    confirming = request.method == "POST" and "sha256" in request.POST
    form = ConfirmForm(request.POST if confirming else None, initial={"sha256": content.digest}, on_paper=on_paper)
    asking = request.method == "POST" and not confirming
    link_form = LinkForm(request.POST if asking else None)
    link = ""
    if confirming and form.is_valid():
        result = form.run(
            lambda: handing_in.confirm(
                actor=actor,
                nomination_id=nomination.pk,
                seen_sha256=form.cleaned_data["sha256"],
                name=form.cleaned_data["name"],
                basis=form.cleaned_data.get("basis", ""),
            ),
        )
        if result is not None:
            return done(request, "已记录法定代表人确认。", "nominations:detail", nomination.pk)
    if asking and link_form.is_valid():
        _, token = handing_in.ask_confirmation(
            actor=actor, nomination_id=nomination.pk, email=link_form.cleaned_data["email"]
        )
        link = request.build_absolute_uri(reverse("nominations:confirm_link", args=[token]))
    context = {
        "nomination": nomination,
        "sheets": sheets_printed(content),
        "documents": content.documents,
        "form": form,
        "link_form": link_form,
        "link": link,
        "digest": content.digest,
        "confirmed": nomination.confirmed_sha256 == content.digest,
        "editable": nomination.state in EDITABLE,
    }
    return answered(request, "nominations/confirm.html", context, form, link_form)


@roles(*OWNERS)
def hand_in(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Check answers, then hand in to the district."""
    return _send(request, nomination_id, correction=False)


@roles(*OWNERS)
def correct(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Check answers, then hand the correction in to the city."""
    return _send(request, nomination_id, correction=True)


def _send(request: HttpRequest, nomination_id: int, *, correction: bool) -> HttpResponse:
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    rulebook, _ = rulebook_at(nomination.round_id)
    problem: Invalid | None = None
    if request.method == "POST":
        verb = correcting.correct if correction else handing_in.hand_in
        try:
            result = verb(actor=actor, nomination_id=nomination.pk, seen_version=version_of(request))
        except Invalid as error:
            problem = error
        else:
            soft = len(result.gaps.soft)
            note = f"有{soft}项建议补充的内容未填，已随申报列明。" if soft else ""
            to = "补正已提交市局。" if correction else "已提交主管部门。"
            return done(request, to + note, "nominations:detail", nomination.pk)
    content = contents([nomination.pk])[nomination.pk]
    context = {
        "nomination": nomination,
        "sheets": sheets_printed(content),
        "documents": content.documents,
        "missing": gaps(nomination, content, rulebook),
        "correction": correction,
        "problem": problem,
    }
    context["has_errors"] = problem is not None
    return render(request, "nominations/hand_in.html", context, status=400 if problem else 200)


@roles(*OWNERS)
@require_POST
def take_back(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Take it back to change it before the district checked it."""
    handing_in.take_back(actor=actor_of(request), nomination_id=nomination_id, seen_version=version_of(request))
    return done(request, "已取回，可以继续修改。", "nominations:detail", nomination_id)


@roles(*OWNERS)
def withdraw(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Withdraw the nomination from the round, with a reason."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    form = ReasonForm(posted(request), initial={"version": nomination.version})
    if request.method == "POST" and form.is_valid():
        result = form.run(
            lambda: withdrawing.withdraw(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
            ),
        )
        if result is not None:
            return done(request, "申报已撤回。", "nominations:index")
    context = {
        "nomination": nomination,
        "form": form,
        "title": "撤回申报",
        "submit": "确认撤回",
        "lead": "撤回后本年度不再推荐该申报；需要恢复的，须重新建立申报。",
    }
    return answered(request, "nominations/form.html", context, form)


@roles(*OWNERS)
def national(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Note when the applicant filed on the national platform."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    initial = {"version": nomination.version, "filed_on": nomination.national_filed_on or clock.today()}
    form = NationalForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        result = form.run(
            lambda: accepting.mark_national(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=form.cleaned_data["version"],
                filed_on=form.cleaned_data["filed_on"],
            ),
        )
        if result is not None:
            return done(request, "已登记国家平台填报情况。", "nominations:detail", nomination.pk)
    context = {"nomination": nomination, "form": form, "title": "国家平台填报登记", "submit": "保存"}
    return answered(request, "nominations/form.html", context, form)


@roles(*OWNERS)
def answer(request: HttpRequest, nomination_id: int, comment_id: int) -> HttpResponse:
    """Answer one remark: changed, or why not."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    comment = get_object_or_404(FieldComment, pk=comment_id, scope=SCOPE_NOMINATION, scope_id=nomination.pk)
    form = AnswerForm(posted(request))
    if request.method == "POST" and form.is_valid():
        result = form.run(
            lambda: answer_comment(
                actor=actor,
                comment_id=comment.pk,
                answer=form.cleaned_data["answer"],
                text=form.cleaned_data["text"],
            ),
        )
        if result is not None:
            return done(request, f"已答复“{comment.label}”的意见。", "nominations:detail", nomination.pk)
    context = {"nomination": nomination, "comment": comment, "form": form}
    return answered(request, "nominations/answer.html", context, form)


def confirm_link(request: HttpRequest, token: str) -> HttpResponse:
    """The legal representative's page, reached by the dated link: read, then confirm by POST."""
    link, nomination, content = behind_link(token)
    form = ConfirmForm(posted(request), initial={"sha256": content.digest})
    if request.method == "POST" and form.is_valid():
        result = form.run(
            lambda: handing_in.confirm_by_link(
                token=token, seen_sha256=form.cleaned_data["sha256"], name=form.cleaned_data["name"]
            ),
        )
        if result is not None:
            return render(request, "nominations/confirmed.html", {"nomination": nomination})
    context = {
        "nomination": nomination,
        "sheets": sheets_printed(content),
        "documents": content.documents,
        "form": form,
        "until": clock.spoken(link.expires_at),
        "token": token,
    }
    return answered(request, "nominations/confirm_link.html", context, form)


@require_GET
def confirm_document(request: HttpRequest, token: str, document_id: int) -> HttpResponseBase:
    """One document of what the link's holder is asked to confirm: nobody vouches for what he cannot open."""
    link, nomination, content = behind_link(token)
    document = next((d for d in content.documents if d.pk == document_id), None)
    if document is None:
        raise NotVisible
    holder = Actor(role=Role.APPLICANT, name="法定代表人（确认链接）", organisation_id=nomination.applicant_id)
    record_read(actor=holder, target=f"{SCOPE_NOMINATION}:{nomination.pk}", what="申报材料", data={"link": link.pk})
    with open_path(document.file) as path:
        # The open file outlives the context: a temporary copy may be unlinked while it is being sent.
        response = FileResponse(path.open("rb"), as_attachment=True, filename=document.file.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
