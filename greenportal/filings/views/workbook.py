"""A sheet in Excel: download filled, upload, look through, store."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from greenportal.accounts.http import actor_of
from greenportal.accounts.views.resume import to_sign_in
from greenportal.files import jail
from greenportal.files import services as files
from greenportal.files.fields import upload_field
from greenportal.files.messages import UploadRefused
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_file
from greenportal.filings import services
from greenportal.filings.selectors.workbooks import FILE_WORKBOOK, annotated, filled
from greenportal.filings.views.desk import Desk, desk_for, opened
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused, Stale
from greenportal.sheets.workbook import CellProblem, Item, Kind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 300
#: Colours of `components/tag.html`: red for what takes something away, amber for a choice.
_COLOURS = {Kind.NEW: "green", Kind.CHANGED: "green", Kind.CLEARED: "red", Kind.REMOVED: "red", Kind.CONFLICT: "amber"}


@require_http_methods(["GET", "HEAD", "POST"])
def workbook_page(request: HttpRequest, filing_id: int) -> HttpResponseBase:
    """Say how it goes, give the filled workbook, take it back."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = desk_for(actor, filing_id) if request.method == "POST" else opened(actor, filing_id)
    error = ""
    if request.method == "POST":
        try:
            file = services.receive_workbook(filing_id=filing_id, upload=request.FILES.get("file"), actor=actor)
            try:
                _previewed(desk, file)
            except DomainError:
                files.delete(actor=actor, file=file)
                raise
            return HttpResponseRedirect(reverse("filings:workbook_checked", args=[filing_id, file.pk]))
        except (UploadRefused, Invalid) as refused:
            error = refused.message
    upload = upload_field(name="file", label="填好的Excel", accept={"xlsx"}, error=error)
    problems = [{"anchor": "id_file", "message": error}] if error else []
    context = {**desk.context(), "upload": upload, "problems": problems, "has_errors": bool(error)}
    return render(request, "filings/workbook.html", context, status=422 if error else 200)


@require_safe
def workbook_file(request: HttpRequest, filing_id: int) -> HttpResponseBase:
    """The filled workbook, with the remarks of a return as comments."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = opened(actor, filing_id)
    content = filled(desk.filing, desk.sheet, readonly=desk.readonly, locked=not desk.editable, settled=desk.settled)
    return _attachment(content, f"{desk.sheet.title}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def checked_page(request: HttpRequest, filing_id: int, file_id: uuid.UUID) -> HttpResponseBase:
    """Show what an uploaded workbook would change, and store it when confirmed."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = desk_for(actor, filing_id)
    file = _file(desk, file_id)
    refused = ""
    if request.method == "POST":
        try:
            return _stored(request, desk, file)
        except (Stale, Refused) as problem:
            refused = problem.message
            desk = desk_for(actor, filing_id)
    context = {**desk.context(), **_shown(desk, file, request), "refused": refused, "has_errors": bool(refused)}
    return render(request, "filings/workbook_checked.html", context, status=409 if refused else 200)


@require_safe
def annotated_file(request: HttpRequest, filing_id: int, file_id: uuid.UUID) -> HttpResponseBase:
    """The uploaded workbook with what is to be mended as comments at its cells."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = desk_for(actor, filing_id)
    found = _previewed(desk, _file(desk, file_id))
    outside = [problem for problem in found.problems if problem not in found.read.problems]
    content = annotated(
        desk.filing,
        desk.sheet,
        found.read,
        found.comparison,
        nonce=found.nonce,
        readonly=desk.readonly,
        settled=desk.settled,
        more=outside,
    )
    return _attachment(content, f"{desk.sheet.title}（已批注）.xlsx")


def _file(desk: Desk, file_id: uuid.UUID) -> StoredFile:
    file = visible_file(desk.actor, file_id)
    if file.kind != FILE_WORKBOOK:
        raise NotVisible
    return file


def _pages(file: StoredFile) -> list[jail.Worksheet]:
    with files.open_path(file) as path:
        return jail.read_workbook(path)


def _previewed(desk: Desk, file: StoredFile) -> services.Preview:
    return services.preview(filing_id=desk.filing.pk, pages=_pages(file), actor=desk.actor)


def _stored(request: HttpRequest, desk: Desk, file: StoredFile) -> HttpResponse:
    """Store what was looked through. The file stays while it holds cells that are still to be mended."""
    version = request.POST.get("version", "")
    imported = services.apply_workbook(
        filing_id=desk.filing.pk,
        pages=_pages(file),
        seen_version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
        actor=desk.actor,
        take=frozenset(request.POST.getlist("take")),
        file_sha256=file.sha256,
    )
    said = f"已从Excel保存{imported.stored}项。" if imported.stored else "内容与系统中的相同，没有需要保存的变更。"
    if imported.problems:
        messages.success(request, f"{said}另有{len(imported.problems)}处需要修改，没有保存。")
        return HttpResponseRedirect(request.path)
    files.delete(actor=desk.actor, file=file)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("filings:sheet", args=[desk.filing.pk]))


def _shown(desk: Desk, file: StoredFile, request: HttpRequest) -> dict[str, Any]:
    """Return what the page tells of a workbook."""
    found = _previewed(desk, file)
    items = [item for item in found.comparison.items if item.path not in found.kept]
    counts = Counter(item.kind for item in items)
    numbers = [(str(kind), counts[kind]) for kind in Kind if counts[kind]]
    plain = [item for item in items if item.kind != Kind.CONFLICT]
    taken = set(request.POST.getlist("take"))
    return {
        "file": file,
        "counts": [*numbers, ("相同", found.comparison.same)] if found.comparison.same else numbers,
        "rows": [_row(found, item) for item in plain[:SHOWN]],
        "heads": [{"label": label} for label in ("变更", "项目", "单元格", "系统中现有", "Excel中")],
        "left_out": max(0, len(plain) - SHOWN),
        "conflicts": [(item, item.path in taken) for item in items if item.kind == Kind.CONFLICT],
        "faults": [_fault(problem) for problem in found.problems[:SHOWN]],
        "fault_heads": [{"label": label} for label in ("位置", "项目", "填写的内容", "怎样修改")],
        "fault_count": len(found.problems),
        "withheld": found.withheld,
        "after": found.after,
        "storable": found.storable,
    }


def _row(found: services.Preview, item: Item) -> dict[str, Any]:
    place = found.read.places.get(item.path)
    texts = [
        ("变更", str(item.kind)),
        ("项目", item.label),
        ("单元格", f"{place.worksheet}!{place.cell}" if place else ""),
        ("系统中现有", item.before or "（空）"),
        ("Excel中", item.after or "（空）"),
    ]
    cells: list[dict[str, Any]] = [{"label": label, "text": text} for label, text in texts]
    cells[0] |= {"tag": True, "colour": _COLOURS[item.kind]}
    return {"cells": cells}


def _fault(problem: CellProblem) -> dict[str, Any]:
    texts = [
        ("位置", problem.place),
        ("项目", problem.label),
        ("填写的内容", problem.value or "（空）"),
        ("怎样修改", problem.message),
    ]
    return {"cells": [{"label": label, "text": text} for label, text in texts]}


def _attachment(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response
