"""The list of product standards from the city's Excel: template, upload, preview, take."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.files import services as files
from greenportal.findings.types import DomainError
from greenportal.rounds import rules, selectors, services
from greenportal.rounds.forms import ConfirmStandardsForm, StandardsForm
from greenportal.rounds.models import Round
from greenportal.rounds.services.standards import KIND, StandardsPreview
from greenportal.rounds.views.shared import attempt, listing, posted

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@roles(Role.CITY_LEAD)
def template(request: HttpRequest) -> HttpResponse:
    """The empty workbook."""
    response = HttpResponse(services.template(), content_type=XLSX)
    response["Content-Disposition"] = "attachment; filename*=UTF-8''%E6%A0%87%E5%87%86%E6%B8%85%E5%8D%95.xlsx"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def upload(request: HttpRequest, round_id: int) -> HttpResponse:
    """Upload the workbook and see what it would change; nothing is taken yet."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    rules.may_revise(actor, row.state).require()
    form = StandardsForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            stored = files.receive(actor=actor, upload=form.cleaned_data["file"], kind=KIND, accept={"xlsx"})
            preview = services.preview_standards(actor=actor, round_id=row.pk, file_id=str(stored.pk))
        except DomainError as error:
            form.take(error)
        else:
            confirm = ConfirmStandardsForm(initial={"version": row.version, "file_id": stored.pk})
            return _preview(request, row, preview, confirm)
    return render(request, "rounds/standards.html", {"form": form, "round": row})


@require_POST
@roles(Role.CITY_LEAD)
def take(request: HttpRequest, round_id: int) -> HttpResponse:
    """Take the previewed list as a revision."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    form = ConfirmStandardsForm(request.POST)
    if "file_id" in form.errors:
        return redirect("rounds:standards", row.pk)
    form.is_valid()

    def act() -> object:
        data = form.cleaned_data
        return services.import_standards(
            actor=actor,
            round_id=row.pk,
            seen_version=data["version"],
            file_id=str(data["file_id"]),
            complete=data["complete"],
            reason=data["reason"],
        )

    if form.is_valid() and attempt(form, act) is not None:
        messages.success(request, "标准清单已导入，从现在起适用。")
        return redirect("rounds:detail", row.pk)
    file_id = str(form.cleaned_data["file_id"])
    return _preview(request, row, services.preview_standards(actor=actor, round_id=row.pk, file_id=file_id), form)


def _preview(request: HttpRequest, row: Round, preview: StandardsPreview, form: ConfirmStandardsForm) -> HttpResponse:
    items = listing("将导入的标准（前200项）", "标准编号", "标准名称", "产品种类", "批次")
    for item in preview.items[:200]:
        items.add(item.number, item.name, item.product, item.batch)
    errors = listing("不能导入的行", "行号", "怎么改")
    for error in preview.errors:
        errors.add(str(error.row), error.message)
    context = {"round": row, "form": form, "preview": preview, "items": items, "errors_table": errors}
    return render(request, "rounds/standards_preview.html", context)
