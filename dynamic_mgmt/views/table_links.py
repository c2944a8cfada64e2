"""A unit without an account fills its table through a dated link: sections, evidence, saving, filing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dynamic_mgmt.constants import FILE_EVIDENCE
from dynamic_mgmt.forms.events import EvidenceForm
from dynamic_mgmt.models import DynamicTable, TableEvidence
from dynamic_mgmt.selectors.evidence import standing
from dynamic_mgmt.selectors.tables import ends_at, table_window
from dynamic_mgmt.services import evidencing, filing
from dynamic_mgmt.table_states import TableState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.forms import posted as sent
from greenportal.filings import services as filings
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.selectors.tasks import task_status
from greenportal.filings.views import state
from greenportal.findings.types import DomainError, Invalid, NotVisible, Stale
from greenportal.sheets import Section
from greenportal.sheets.forms import SheetForm, bound_to_stored, build_form

LATER = "这张表已由他人修改，已保留他人的内容，请核对标出的各项。"


def _begun(token: str) -> tuple[Actor, DynamicTable, Filing]:
    actor, table = filing.behind_link(token)
    if table.state == "due":
        table = filing.begin(actor=actor, table_id=table.pk)
    row = Filing.objects.filter(pk=table.filing_id or 0).first()
    if row is None:
        raise NotVisible
    return actor, table, row


def front(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, its sections, and filing. Looking changes nothing; the first press begins the table."""
    actor, table = filing.behind_link(token)
    gaps: list[str] = []
    problem = ""
    if request.method == "POST" and "begin" in request.POST:
        filing.begin(actor=actor, table_id=table.pk)
        return redirect("dynamic_mgmt:table_link", token)
    if request.method == "POST":
        try:
            receipt = filing.file_by_link(token=token)
            return render(
                request, "dynamic_mgmt/link_thanks.html", {"table": table, "at": clock.spoken(receipt.received_at)}
            )
        except Invalid as error:
            problem, gaps = error.message, [text for texts in error.errors.values() for text in texts]
    row = Filing.objects.filter(pk=table.filing_id or 0).first()
    closes = ends_at(table, closes_at=table_window(table).closes_at)
    context = {
        "table": table,
        "token": token,
        "closes": clock.spoken(closes) if closes else "",
        "returned": table.state == TableState.RETURNED,
        "tasks": task_status(row) if row else [],
        "sheet": sheet_of(row) if row else None,
        "evidence": standing(table.pk).count(),
        "problem": problem,
        "gaps": gaps,
        "has_errors": bool(problem),
    }
    return render(request, "dynamic_mgmt/link.html", context, status=400 if problem else 200)


def section(request: HttpRequest, token: str, section: str) -> HttpResponse:
    """One section behind the link. What was typed is stored even when it is not right yet."""
    actor, table, row = _begun(token)
    sheet = sheet_of(row)
    part = next((item for item in sheet.sections if item.key == section), None)
    if part is None:
        raise NotVisible
    form = build_form(sheet, part.key, row.answers)
    if request.method == "POST":
        posted = state.read(sheet, part, row, request.POST)
        try:
            _saved(row, posted, actor)
        except Stale:
            messages.warning(request, LATER)
            return redirect("dynamic_mgmt:table_link_section", token, part.key)
        except DomainError as error:
            form = build_form(sheet, part.key, row.answers, request.POST)
            form.is_valid()
            form.add_error(None, error.message)
            return _section(request, token, table, row, form, part, status=error.status)
        row.refresh_from_db()
        form = bound_to_stored(sheet, part.key, row.answers)
        if form.is_valid() or request.POST.get("_later"):
            return redirect("dynamic_mgmt:table_link", token)
        return _section(request, token, table, row, form, part, status=422)
    return _section(request, token, table, row, form, part)


def evidence(request: HttpRequest, token: str) -> HttpResponse:
    """Evidence behind the link: what this table has, the form for one more, and taking out what came through a link."""
    actor, table, _ = _begun(token)
    if request.method == "POST" and request.POST.get("remove", "").isdecimal():
        evidencing.remove_by_link(token=token, evidence_id=int(request.POST["remove"][:18]))
        messages.success(request, "已移除这份佐证材料。")
        return redirect("dynamic_mgmt:table_link_evidence", token)
    form = EvidenceForm(sent(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def verb() -> TableEvidence:
            owner = actor.organisation_id
            file_id = form.keep(actor=actor, kind=FILE_EVIDENCE, owner_organisation_id=owner)
            values = form.cleaned_data
            return evidencing.attach_by_link(token=token, group=values["group"], file_id=file_id, title=values["title"])

        done = form.run(verb)
        if done is not None:
            messages.success(request, f"已上传：{done.title}。")
            return redirect("dynamic_mgmt:table_link_evidence", token)
    context = {
        "token": token,
        "table": table,
        "form": form,
        "rows": list(standing(table.pk).select_related("file", "added_by")),
        "kept": form.kept,
        "has_errors": bool(form.errors),
    }
    return render(request, "dynamic_mgmt/link_evidence.html", context)


def _saved(row: Filing, posted: state.Posted, actor: Actor) -> None:
    """Store; a place that somebody else changed keeps his text, everything else is stored."""
    args = {"filing_id": row.pk, "seen_version": posted.seen_version, "actor": actor, "client": posted.client}
    try:
        filings.save(changes=posted.changes, **args)  # type: ignore[arg-type]
    except Stale as stale:
        moved = {conflict.path for conflict in stale.current}
        rest = {path: value for path, value in posted.changes.items() if path not in moved}
        filings.save(changes=rest, **args)  # type: ignore[arg-type]
        raise


def _section(
    request: HttpRequest,
    token: str,
    table: DynamicTable,
    row: Filing,
    form: SheetForm,
    part: Section,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "token": token,
        "table": table,
        "filing": row,
        "section": part,
        "form": form,
        "client": state.new_client(),
        "base": state.base_of(sheet_of(row), part, row.answers),
        "has_errors": bool(form.errors),
    }
    return render(request, "dynamic_mgmt/link_section.html", context, status=status)
