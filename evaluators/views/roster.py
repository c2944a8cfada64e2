"""The roster: kept by the evaluator's administrator, read by the city; masked until somebody says why not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from evaluators.constants import FILE_ROSTER
from evaluators.forms.papers import StaffForm, WhyForm, whole
from evaluators.models import Evaluator, StaffMember
from evaluators.packets.roster_xlsx import roster_workbook
from evaluators.rules import may_keep_own
from evaluators.selectors.roster import (
    counts,
    lines,
    named_fields,
    shared_people,
    staff_visible_to,
)
from evaluators.services import roster, roster_import
from evaluators.services.roster import StaffFields, current_sheet
from evaluators.views.city import seen
from evaluators.views.shared import ADMIN, CITY, OWN, XLSX, answered, attachment, done, kept, own_evaluator
from greenportal import clock
from greenportal.accounts import masking
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.audit.services import record_read
from greenportal.directory.forms import UploadForm, posted
from greenportal.directory.workbooks import read_table
from greenportal.files import services as files
from greenportal.findings.types import Invalid, NotVisible
from greenportal.rounds.selectors import open_round, rulebook_at
from greenportal.sheets import Sheet

_BACK = "人员名册"


def _page(request: HttpRequest, evaluator: Evaluator, form: WhyForm, shown: list[StaffMember] | None) -> HttpResponse:
    actor, sheet = actor_of(request), current_sheet()
    rows = shown if shown is not None else list(staff_visible_to(actor).filter(evaluator=evaluator, removed_at=None))
    found = open_round()
    numbers = rulebook_at(found.pk)[0].numbers if found else {}
    keeps = bool(may_keep_own(actor, organisation_id=evaluator.organisation_id))
    context = {
        "evaluator": evaluator,
        "counts": counts([evaluator.pk], named=named_fields(sheet), at=clock.now())[evaluator.pk],
        "staff_min": int(numbers["staff_intermediate"].value) if numbers else None,
        "senior_min": int(numbers["staff_senior"].value) if numbers else None,
        "lines": lines(rows, sheet, shown=shown is not None),
        "shown": shown is not None,
        "keeps": keeps,
        "may_unmask": keeps or actor.is_city,
        "form": form,
    }
    return answered(request, "evaluators/roster.html", context)


def _roster(request: HttpRequest, evaluator: Evaluator) -> HttpResponse:
    """Show the roster masked; a posted reason shows it in full, once, and is written down."""
    actor = actor_of(request)
    form = WhyForm(posted(request))
    form.fields["reason"].label = "查看完整信息的理由"
    shown = None
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        shown = form.run(lambda: roster.unmask(actor=actor, evaluator_id=evaluator.pk, reason=reason))
    response = _page(request, evaluator, form, shown)
    response["Cache-Control"] = "private, no-store"
    return response


@roles(*OWN)
def own(request: HttpRequest) -> HttpResponse:
    """The actor's own roster."""
    return _roster(request, own_evaluator(actor_of(request)))


@roles(*CITY)
def of(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """The roster of one evaluator, for the city."""
    return _roster(request, seen(actor_of(request), evaluator_id))


def _member(actor: Actor, staff_id: int) -> StaffMember:
    found = staff_visible_to(actor).filter(pk=staff_id, removed_at=None).first()
    if found is None:
        raise NotVisible
    return found


def _entered(form: StaffForm, sheet: Sheet) -> StaffFields:
    entered, errors = roster.read_row(sheet, dict(form.cleaned_data))
    if entered is None:
        raise Invalid("核对下列各项。", errors=errors)
    return entered


def _form_page(request: HttpRequest, form: StaffForm, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "back": reverse("evaluators:staff"), "parent": _BACK, "submit": "保存"}
    return answered(request, "evaluators/own_form.html", context)


@roles(*ADMIN)
def add(request: HttpRequest) -> HttpResponse:
    """Put one person on the roster."""
    actor = actor_of(request)
    evaluator, sheet = own_evaluator(actor), current_sheet()
    form = StaffForm.started(posted(request), sheet, None, has_print=False)
    if request.method == "POST" and form.is_valid():

        def put() -> StaffMember:
            entered = _entered(form, sheet)
            number = form.cleaned_data["id_number"]
            return roster.add_staff(actor=actor, evaluator_id=evaluator.pk, entered=entered, id_number=number)

        if form.run(put) is not None:
            return done(request, "已加入人员名册。", "evaluators:staff")
    return _form_page(request, form, "新增人员")


@roles(*ADMIN)
def change(request: HttpRequest, staff_id: int) -> HttpResponse:
    """Correct what is known of one person. Opening the form shows the person in full, so it is written down."""
    actor = actor_of(request)
    member, sheet = _member(actor, staff_id), current_sheet()
    stored = StaffFields(**{name: getattr(member, name) for name in StaffFields.__dataclass_fields__})
    form = StaffForm.started(posted(request), sheet, stored, has_print=bool(member.id_print))
    if request.method == "POST" and form.is_valid():

        def put() -> StaffMember:
            entered = _entered(form, sheet)
            number = form.cleaned_data["id_number"]
            return roster.change_staff(actor=actor, staff_id=member.pk, entered=entered, id_number=number)

        if form.run(put) is not None:
            return done(request, "已更新人员信息。", "evaluators:staff")
    if request.method == "GET":
        target = f"evaluators.evaluator:{member.evaluator_id}"
        record_read(actor=actor, target=target, what="evaluators.staff", data={"staff": member.pk})
    return _form_page(request, form, "更新人员信息")


@roles(*ADMIN)
@require_POST
def remove(request: HttpRequest, staff_id: int) -> HttpResponse:
    """Take one person off the roster."""
    roster.remove_staff(actor=actor_of(request), staff_id=staff_id)
    return done(request, "已移出人员名册。", "evaluators:staff")


@roles(*ADMIN)
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The roster as a workbook to change and bring back. Reading is audited; no number stands in it."""
    actor = actor_of(request)
    evaluator, sheet = own_evaluator(actor), current_sheet()
    members = list(staff_visible_to(actor).filter(evaluator=evaluator, removed_at=None))
    target = f"evaluators.evaluator:{evaluator.pk}"
    record_read(actor=actor, target=target, what="evaluators.roster_export", data={"rows": len(members)})
    content = roster_workbook(
        sheet,
        [_cells(member, sheet) for member in members],
        title=f"{evaluator.organisation.name}人员名册",
        row_key=roster_import.ROW_KEY,
        row_label=roster_import.ROW_LABEL,
        issued_at=clock.now(),
    )
    return attachment(content, name="人员名册.xlsx", kind=XLSX)


def _cells(member: StaffMember, sheet: Sheet) -> dict[str, str]:
    table = sheet.table("staff")
    row = {roster_import.ROW_KEY: str(member.pk)}
    for column in table.columns:
        if column.key == "id_number":
            continue
        value = getattr(member, column.key)
        if column.key == "full_time":
            row[column.key] = "是" if value else "否"
        elif value not in (None, ""):
            row[column.key] = column.label_of(str(value)) if column.choices else str(value)
    return row


@roles(*ADMIN)
def bring_in(request: HttpRequest) -> HttpResponse:
    """Upload a workbook, look through, confirm. The workbook is gone before the page is answered."""
    actor = actor_of(request)
    evaluator = own_evaluator(actor)
    if request.method == "POST" and "confirm" in request.POST:
        batch_id = whole(request.POST.get("batch"))
        result = roster_import.apply_roster(actor=actor, evaluator_id=evaluator.pk, batch_id=batch_id)
        text = f"已导入人员名册：新增{result.count('new')}人，更新{result.count('changed')}人。"
        return done(request, text, "evaluators:staff")
    form = UploadForm(posted(request), request.FILES or None)
    preview = None
    if request.method == "POST" and form.is_valid():
        preview = form.run(lambda: _read(actor, evaluator, request))
    sheet = current_sheet()
    context: dict[str, Any] = {"form": form, "columns": sheet.table("staff").columns, "preview": preview}
    if preview is not None:
        context["problems"] = [{"message": problem.message} for problem in preview.problems]
        context["rows"] = [(row, _masked(row, sheet)) for row in preview.rows if row.status != "same"][:200]
        context["figures"] = [(label, preview.count(key)) for key, label in _FIGURES]
    return answered(request, "evaluators/roster_import.html", context)


_FIGURES = (("new", "新增"), ("changed", "更新"), ("same", "相同"))


def _masked(row: roster_import.RosterRow, sheet: Sheet) -> dict[str, str]:
    column = sheet.table("staff").column
    return {
        "name": masking.name(row.entered.name),
        "title": column("title").label_of(row.entered.title),
        "field": row.entered.field_text or column("field").label_of(row.entered.field),
        "full_time": "是" if row.entered.full_time else "否",
        "identity": "已填写" if row.id_print else "未填写",
        "status": dict(_FIGURES)[row.status],
    }


def _read(actor: Actor, evaluator: Evaluator, request: HttpRequest) -> roster_import.RosterPreview:
    """Read the workbook and remove it, whatever is found in it: its numbers stay nowhere."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid("选择要上传的Excel文件。", errors={"file": ["选择要上传的Excel文件。"]})
    file = kept(actor, upload, kind=FILE_ROSTER, accept={"xlsx"}, data_class="restricted")
    try:
        with files.open_path(file) as path:
            rows = read_table(path, headings=roster_import.headings(current_sheet()), required=roster_import.REQUIRED)
    finally:
        files.delete(actor=actor, file=file)
    return roster_import.read_roster(actor=actor, evaluator_id=evaluator.pk, rows=rows)


@roles(*CITY)
@require_GET
def shared(request: HttpRequest) -> HttpResponse:
    """One person on the rosters of several evaluators: the city alone learns of it."""
    people = shared_people(actor_of(request), at=clock.now())
    return render(request, "evaluators/shared_people.html", {"people": people})
