"""Notices to a unit: a prefilled text, edited, taken away as Word or PDF."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dynamic_mgmt.forms.notices import NoticeForm
from dynamic_mgmt.notices import NoticeKind, draft, may_write
from dynamic_mgmt.selectors.notices import notice_facts, signer
from dynamic_mgmt.services import notifying
from dynamic_mgmt.views.dispatching import download
from dynamic_mgmt.views.tables import CITY, DISTRICT, seen
from greenportal import clock
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible, WrongState

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {"docx": DOCX, "pdf": "application/pdf"}


@roles(*CITY, *DISTRICT)
def notice(request: HttpRequest, table_id: int, kind: str) -> HttpResponse:
    """Show the text to edit; the two buttons give the letter as typed."""
    actor = actor_of(request)
    table = seen(actor, table_id)
    if kind not in NoticeKind.values:
        raise NotVisible
    chosen = NoticeKind(kind)
    verdict = may_write(chosen, role=actor.role, state=table.state, decision=table.decision)
    if not verdict:
        raise WrongState(verdict.reason)
    form = NoticeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        target = "pdf" if "pdf" in request.POST else "docx"
        content = form.run(
            lambda: notifying.make_notice(actor=actor, table_id=table.pk, kind=chosen, text=form.text(), form=target)
        )
        if content is not None:
            return download(content, name=f"{chosen.label}_{table.unit.current_name}.{target}", kind=TYPES[target])
    if request.method != "POST":
        text = draft(chosen, notice_facts(table, chosen), signed=signer(actor, table), today=clock.today())
        form = NoticeForm(initial=asdict(text))
    context = {"form": form, "table": table, "label": chosen.label, "has_errors": bool(form.errors)}
    return render(request, "dynamic_mgmt/notice.html", context)
