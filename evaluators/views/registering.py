"""An evaluator's registration: its own pages, and the city's desk for what was filed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from evaluators.constants import FILE_EVIDENCE, SCOPE_REGISTRATION
from evaluators.forms.papers import AcknowledgeForm, EvidenceForm, ExplainForm, WhyForm
from evaluators.models import CaseEvidence, FiledReturn, RegistrationCase
from evaluators.rules import kind_of_code, may_keep_own
from evaluators.selectors.registering import (
    EVIDENCE,
    cases_visible_to,
    declared_by,
    evidence_visible_to,
    judged,
    remark_places,
    remarks_of,
)
from evaluators.services import registering
from evaluators.services.moving import Remark
from evaluators.states import RegistrationState
from evaluators.views.listing import the_round
from evaluators.views.shared import (
    ADMIN,
    CITY,
    COLOURS,
    OWN,
    Task,
    answered,
    done,
    remark_lines,
    return_page,
    sheet_tasks,
    version_of,
)
from evaluators.views.uploads import with_upload
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.filings.models import FieldComment
from greenportal.filings.selectors import sheets_of
from greenportal.filings.services import answer_comment
from greenportal.findings.types import DomainError, Invalid, NotVisible
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets.printing import printed

EDITABLE = frozenset({RegistrationState.DRAFT, RegistrationState.RETURNED})


def seen_case(actor: Actor, case_id: int) -> RegistrationCase:
    """Return the registration if the actor may open it; absent and foreign answer alike."""
    found = cases_visible_to(actor).select_related("filing").filter(pk=case_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*ADMIN)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin this round's registration, or go to the one that is there."""
    case = registering.begin(actor=actor_of(request), round_id=the_round().pk)
    return redirect("evaluators:case", case.pk)


def _open_return(case: RegistrationCase) -> FiledReturn | None:
    return FiledReturn.objects.filter(scope=SCOPE_REGISTRATION, scope_id=case.pk, closed_at=None).first()


def _proofs(actor: Actor, case: RegistrationCase) -> list[tuple[str, str, list[CaseEvidence]]]:
    """Conditions in order with the proofs in place. One query."""
    rows = list(evidence_visible_to(actor).filter(case=case))
    return [
        (value, label, [row for row in rows if row.condition == value])
        for value, label in CaseEvidence.Condition.choices
    ]


@roles(*OWN)
@require_GET
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """The registration's home: sections, proofs, roster, computed conditions, what was sent back, what may be done."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    if row.filing is None:
        raise NotVisible
    book = rulebook_at(row.round_id)[0]
    facts = declared_by(row, row.filing.answers, book=book, at=clock.now())
    keeps = bool(may_keep_own(actor, organisation_id=row.evaluator.organisation_id))
    editable = keeps and row.state in EDITABLE
    remarks = remark_lines(remarks_of(SCOPE_REGISTRATION, row.pk), row.filing.pk, "evaluators:case_explain")
    context = {
        "case": row,
        "colour": COLOURS.get(row.state, ""),
        "kind": kind_of_code(row.evaluator.organisation.uscc)[0],
        "tasks": [*sheet_tasks(row.filing), _roster_task(facts.staff_intermediate, facts.staff_senior)],
        "proofs": _proofs(actor, row),
        "conditions": judged(facts, book),
        "returned": _open_return(row),
        "remarks": remarks,
        "editable": editable,
        "keeps": keeps,
    }
    return render(request, "evaluators/case.html", context)


def _roster_task(staff: int | None, senior: int | None) -> Task:
    url = reverse("evaluators:staff")
    if staff is None:
        return Task("roster", "（三）人员名册", url, "未开始")
    return Task(
        "roster", "（三）人员名册", url, "已登记", "plain", f"中级以上专职{staff}人，其中相关专业高级{senior}人"
    )


@roles(*ADMIN)
def evidence(request: HttpRequest, case_id: int) -> HttpResponse:
    """Upload one proof of a condition: licences, payrolls and contracts may show numbers, so all are restricted."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    form = EvidenceForm(posted(request), request.FILES or None, initial={"condition": request.GET.get("condition")})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data

        def put() -> CaseEvidence:
            return with_upload(
                actor,
                values["file"],
                lambda file: registering.attach(
                    actor=actor,
                    case_id=row.pk,
                    condition=values["condition"],
                    file_id=file.pk,
                    title=values["title"],
                ),
                kind=FILE_EVIDENCE,
            )

        if form.run(put) is not None:
            return done(request, "已上传证明材料。", "evaluators:case", row.pk)
    back = reverse("evaluators:case", args=[row.pk])
    context = {"form": form, "title": "上传证明材料", "back": back, "parent": "机构登记", "submit": "上传"}
    return answered(request, "evaluators/own_form.html", context)


@roles(*ADMIN)
@require_POST
def evidence_remove(request: HttpRequest, evidence_id: int) -> HttpResponse:
    """Take a proof out."""
    actor = actor_of(request)
    row = evidence_visible_to(actor).filter(pk=evidence_id).first()
    if row is None:
        raise NotVisible
    registering.detach(actor=actor, evidence_id=row.pk)
    return done(request, "已移除证明材料。", "evaluators:case", row.case_id)


@roles(*ADMIN)
def file(request: HttpRequest, case_id: int) -> HttpResponse:
    """Read everything once more, then file it with the city."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    if row.filing is None:
        raise NotVisible
    problem: DomainError | None = None
    if request.method == "POST":
        try:
            registering.file(actor=actor, case_id=row.pk, seen_version=version_of(request))
        except Invalid as error:
            problem = error
        else:
            return done(request, "已提交登记，由市局确认。", "evaluators:case", row.pk)
    sheet = sheets_of([row.filing.definition_sha256])[row.filing.definition_sha256]
    context = {
        "row": row,
        "title": "核对并提交登记",
        "sheets": [printed(sheet, row.filing.answers)],
        "proofs": _proofs(actor, row),
        "problem": problem,
        "back": reverse("evaluators:case", args=[row.pk]),
        "parent": "机构登记",
        "submit": "确认并提交登记",
        "editable": row.state in EDITABLE,
        "has_errors": problem is not None,
    }
    return render(request, "evaluators/file.html", context, status=400 if problem else 200)


@roles(*ADMIN)
@require_POST
def take_back(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take the registration back to change it."""
    registering.take_back(actor=actor_of(request), case_id=case_id, seen_version=version_of(request))
    return done(request, "已取回，可以继续修改。", "evaluators:case", case_id)


@roles(*ADMIN)
def amend(request: HttpRequest, case_id: int) -> HttpResponse:
    """Begin a change of what was acknowledged."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    form = WhyForm(posted(request), initial={"version": row.version})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        moved = form.run(
            lambda: registering.amend(
                actor=actor, case_id=row.pk, seen_version=values["version"] or 0, reason=values["reason"]
            )
        )
        if moved is not None:
            return done(request, "可以修改登记内容了。市局确认新内容之前，原登记继续有效。", "evaluators:case", row.pk)
    back = reverse("evaluators:case", args=[row.pk])
    context = {"form": form, "title": "变更登记", "back": back, "parent": "机构登记", "submit": "开始变更"}
    return answered(request, "evaluators/own_form.html", context)


@roles(*ADMIN)
def explain(request: HttpRequest, case_id: int, comment_id: int) -> HttpResponse:
    """Say why the proofs stay as they are although the city asked for others."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    remarks = FieldComment.objects.filter(scope=SCOPE_REGISTRATION, scope_id=row.pk, path__startswith=EVIDENCE)
    remark = remarks.filter(pk=comment_id, answer=FieldComment.Answer.OPEN).first()
    if remark is None:
        raise NotVisible
    form = ExplainForm(posted(request))
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        answer = FieldComment.Answer.EXPLAINED
        if form.run(lambda: answer_comment(comment_id=remark.pk, answer=answer, text=text, actor=actor)) is not None:
            return done(request, "已说明理由。", "evaluators:case", row.pk)
    context = {
        "form": form,
        "title": f"答复：{remark.label}",
        "lead": f"市局意见：{remark.text}。已补充材料的不用在此答复，直接提交即可。",
        "back": reverse("evaluators:case", args=[row.pk]),
        "parent": "机构登记",
        "submit": "提交答复",
    }
    return answered(request, "evaluators/own_form.html", context)


# --- the city ---------------------------------------------------------------------------------------------------------


@roles(*CITY)
@require_GET
def desk(request: HttpRequest, case_id: int) -> HttpResponse:
    """A filed registration as the city reads it: the frozen sheet, proofs, and the computed conditions."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    context = {**_read(row), "proofs": _proofs(actor, row), "waits": row.state == RegistrationState.FILED}
    return render(request, "evaluators/case_desk.html", context)


def _read(row: RegistrationCase) -> dict[str, Any]:
    if row.frozen is None or row.filed_at is None:
        raise NotVisible
    book = rulebook_at(row.round_id)[0]
    sheet = sheets_of([row.frozen.definition_sha256])[row.frozen.definition_sha256]
    return {
        "case": row,
        "colour": COLOURS.get(row.state, ""),
        "kind": kind_of_code(row.evaluator.organisation.uscc)[0],
        "sheets": [printed(sheet, row.frozen.answers)],
        "conditions": judged(declared_by(row, row.frozen.answers, book=book, at=row.filed_at), book),
        "returned": _open_return(row),
        "remarks": [{"row": remark} for remark in remarks_of(SCOPE_REGISTRATION, row.pk)],
        "filed_at": clock.spoken(row.filed_at),
    }


@roles(*CITY)
def send_back(request: HttpRequest, case_id: int) -> HttpResponse:
    """Return the registration with remarks at its fields."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    if row.frozen is None:
        raise NotVisible
    sheet = sheets_of([row.frozen.definition_sha256])[row.frozen.definition_sha256]

    def send(version: int, reason: str, due_at: Any, remarks: list[Remark]) -> FiledReturn:
        return registering.return_registration(
            actor=actor, case_id=row.pk, seen_version=version, reason=reason, due_at=due_at, remarks=remarks
        )

    return return_page(
        request,
        version=row.version,
        places=remark_places(sheet),
        title=f"退回登记：{row.evaluator.organisation.name}",
        back=reverse("evaluators:case_desk", args=[row.pk]),
        send=send,
    )


@roles(*CITY)
def acknowledge(request: HttpRequest, case_id: int) -> HttpResponse:
    """Acknowledge the registration: what was declared, corrected by what the officer found proved."""
    actor = actor_of(request)
    row = seen_case(actor, case_id)
    form = AcknowledgeForm.proposing(posted(request), registering.proposed(row), row.version)
    if request.method == "POST" and form.is_valid():
        moved = form.run(
            lambda: registering.acknowledge(
                actor=actor,
                case_id=row.pk,
                seen_version=form.cleaned_data["version"] or 0,
                entered=form.entered(),
            )
        )
        if moved is not None:
            return done(request, "已确认登记。", "evaluators:case_desk", row.pk)
    lead = "各项已按机构填报和人员名册填好，对照证明材料核对；没有看到材料的改为“未核实”或清空。确认不作排序和推荐。"
    context = {
        "form": form,
        "title": "确认登记",
        "lead": f"{row.evaluator.organisation.name}。{lead}",
        "back": reverse("evaluators:case_desk", args=[row.pk]),
        "parent": row.evaluator.organisation.name,
        "submit": "确认登记",
    }
    return answered(request, "evaluators/own_form.html", context)
