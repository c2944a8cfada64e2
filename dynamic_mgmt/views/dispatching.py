"""The city's exports and what it sent up; a district's workbook out and in; a table for 存档."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from dynamic_mgmt.constants import FILE_TABLES
from dynamic_mgmt.forms.dispatching import ColumnsForm, DispatchForm
from dynamic_mgmt.models import ListedUnit, TablePeriod
from dynamic_mgmt.packets.papers import paper_of, table_pdf
from dynamic_mgmt.selectors import exports
from dynamic_mgmt.selectors.tables import periods
from dynamic_mgmt.services import archiving, dispatching, table_workbooks
from dynamic_mgmt.views.tables import CITY, DISTRICT, READERS, seen
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import UploadForm, posted
from greenportal.files import jail
from greenportal.files import services as files
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_file
from greenportal.findings.types import Invalid, NotVisible

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200


def _period(period_id: int) -> TablePeriod:
    found = periods().filter(pk=period_id).first()
    if found is None:
        raise NotVisible
    return found


def download(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """Return bytes made for this request as a download."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


@roles(*CITY)
def index(request: HttpRequest, period_id: int) -> HttpResponse:
    """Exports by category and what was sent up."""
    actor, period = actor_of(request), _period(period_id)
    form = DispatchForm(posted(request))
    waiting = exports.waiting(period)
    form.choose(waiting)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        chosen = int(values.pop("export"))
        done = form.run(lambda: dispatching.record_dispatch(actor=actor, period=period, export_id=chosen, **values))
        if done is not None:
            messages.success(request, f"已登记上报{done.export.rows.count()}张动态管理表。")
            return redirect("dynamic_mgmt:exports", period.pk)
    ready = [
        (value, label, len(exports.reported(period, value)), archiving.newest(actor, period, value))
        for value, label in ListedUnit.Category.choices
    ]
    made = [(row, row.get_category_display()) for row in exports.exports_of(period)[:SHOWN]]
    context = {"period": period, "form": form, "ready": ready, "made": made, "waiting": bool(waiting)}
    return render(request, "dynamic_mgmt/exports.html", {**context, "has_errors": bool(form.errors)})


@require_POST
@roles(*CITY)
def category(request: HttpRequest, period_id: int, category: str) -> HttpResponse:
    """Make the Excel of one category in the city's columns; it is kept as issued, to be sent up and written down."""
    period = _period(period_id)
    try:
        made = dispatching.export(actor=actor_of(request), period=period, category=category)
    except Invalid as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, f"已导出{made.rows.count()}张动态管理表，在“导出的文件”中下载；上报后按这份文件登记。"
        )
    return redirect("dynamic_mgmt:exports", period.pk)


@require_POST
@roles(*CITY)
def archive(request: HttpRequest, period_id: int, category: str) -> HttpResponse:
    """Ask for the PDF of every received table of a category as one ZIP."""
    job = archiving.ask_archive(actor=actor_of(request), period_id=period_id, category=category)
    messages.success(request, "正在生成存档，完成后在“导出和上报”页下载。")
    return redirect("jobs:progress", job.pk)


@roles(*CITY)
def columns(request: HttpRequest, period_id: int, category: str) -> HttpResponse:
    """Set the order of columns of one category."""
    actor, period = actor_of(request), _period(period_id)
    if category not in ListedUnit.Category.values:
        raise NotVisible
    sheet = exports.sheet_of_category(period, category)
    stored = exports.map_of(period, category)
    lines = "\n".join(f"{heading}={key}" for heading, key in exports.columns(stored, sheet))
    initial = {"columns": lines, "note": stored.note if stored else "", "version": stored.version if stored else 0}
    form = ColumnsForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: dispatching.set_columns(
                actor=actor,
                period=period,
                category=category,
                pairs=form.pairs(),
                note=values["note"],
                seen_version=values["version"],
            )
        )
        if done is not None:
            messages.success(request, "已保存列序，导出按此排列。")
            return redirect("dynamic_mgmt:exports", period.pk)
    context = {
        "form": form,
        "period": period,
        "label": ListedUnit.Category(category).label,
        "known": list(exports.choices(sheet).items()),
        "has_errors": bool(form.errors),
    }
    return render(request, "dynamic_mgmt/columns.html", context)


@roles(*DISTRICT)
def workbook(request: HttpRequest, period_id: int) -> HttpResponse:
    """A whole district's unfiled tables as one workbook."""
    period = _period(period_id)
    content = table_workbooks.district_workbook(actor=actor_of(request), period=period)
    return download(content, name=f"{period.label}_全区填报.xlsx", kind=XLSX)


@roles(*DISTRICT)
def workbook_import(request: HttpRequest, period_id: int) -> HttpResponse:
    """Upload, look through, store. Nothing is stored before the confirmation."""
    actor, period = actor_of(request), _period(period_id)
    form = UploadForm(posted(request), request.FILES)
    context: dict[str, object] = {"period": period, "form": form}
    if request.method == "POST" and "confirm" in request.POST:
        form.is_valid()
        file = _kept(actor, request.POST.get("file_id", ""))
        done = form.run(lambda: table_workbooks.import_workbook(actor=actor, period=period, pages=_pages(file)))
        if done is not None:
            files.delete(actor=actor, file=file)
            messages.success(request, f"已导入{len(done.units)}家单位的{done.cells}处内容，请逐家核对后提交。")
            return redirect(f"{reverse('dynamic_mgmt:tables')}?period={period.pk}")
    elif request.method == "POST" and form.is_valid():
        found = form.run(lambda: _looked_through(actor, period, request))
        if found is not None:
            file, preview = found
            context |= {
                "file": file,
                "preview": preview,
                "units": preview.units[:SHOWN],
                "has_errors": bool(preview.problems),
            }
    return render(
        request,
        "dynamic_mgmt/workbook_import.html",
        {**context, "has_errors": context.get("has_errors") or bool(form.errors)},
    )


def _looked_through(
    actor: Actor, period: TablePeriod, request: HttpRequest
) -> tuple[StoredFile, table_workbooks.WorkbookPreview]:
    file = files.receive(actor=actor, upload=request.FILES.get("file"), kind=FILE_TABLES, accept={"xlsx"})
    return file, table_workbooks.preview_workbook(actor=actor, period=period, pages=_pages(file))


def _pages(file: StoredFile) -> list[jail.Worksheet]:
    with files.open_path(file) as path:
        return jail.read_workbook(path)


def _kept(actor: Actor, text: str) -> StoredFile:
    try:
        file = visible_file(actor, uuid.UUID(text))
    except ValueError as error:
        raise NotVisible from error
    if file.kind != FILE_TABLES:
        raise NotVisible
    return file


@roles(*READERS)
def paper(request: HttpRequest, table_id: int) -> HttpResponse:
    """The table as last received, for 存档: a version, never living answers."""
    table = seen(actor_of(request), table_id)
    receipt = table.receipts.select_related("filing_version").first()
    if receipt is None:
        raise NotVisible
    made = paper_of(table, receipt)
    content = table_pdf(made, issued_at=receipt.received_at)
    return download(content, name=f"{table.unit.current_name}_{made.title}.pdf", kind="application/pdf")
