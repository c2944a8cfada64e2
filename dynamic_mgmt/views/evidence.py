"""Evidence (佐证材料) of a table: a page to upload, and a button to take out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from dynamic_mgmt import table_rules
from dynamic_mgmt.constants import FILE_EVIDENCE
from dynamic_mgmt.forms.events import EvidenceForm
from dynamic_mgmt.models import TableEvidence
from dynamic_mgmt.selectors.evidence import evidence_for
from dynamic_mgmt.selectors.tables import table_window
from dynamic_mgmt.services import evidencing
from dynamic_mgmt.views.tables import DISTRICT, seen
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted


@roles(*DISTRICT, Role.APPLICANT)
def attach(request: HttpRequest, table_id: int) -> HttpResponse:
    """What was uploaded, and the form for one more."""
    actor = actor_of(request)
    table = seen(actor, table_id)
    table_rules.may_edit_answers(
        actor, table, organisation_id=table.unit.organisation_id, in_window=table_window(table).open
    ).require()
    form = EvidenceForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def verb() -> TableEvidence:
            return evidencing.attach_evidence(
                actor=actor,
                table_id=table.pk,
                group=form.cleaned_data["group"],
                file_id=form.keep(actor=actor, kind=FILE_EVIDENCE),
                title=form.cleaned_data["title"],
            )

        done = form.run(verb)
        if done is not None:
            messages.success(request, f"已上传：{done.title}。")
            return redirect("dynamic_mgmt:evidence", table.pk)
    context = {
        "form": form,
        "table": table,
        "rows": list(evidence_for(actor).filter(table=table)),
        "kept": form.kept,
        "has_errors": bool(form.errors),
    }
    return render(request, "dynamic_mgmt/evidence.html", context)


@require_POST
@roles(*DISTRICT, Role.APPLICANT)
def remove(request: HttpRequest, table_id: int, evidence_id: int) -> HttpResponse:
    """Take one file out."""
    actor = actor_of(request)
    evidencing.remove_evidence(actor=actor, table_id=table_id, evidence_id=evidence_id)
    messages.success(request, "已移除这份佐证材料。")
    return redirect("dynamic_mgmt:evidence", table_id)
