"""Published lists pasted as text, and published removals and renames: look through, then store."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dynamic_mgmt.forms.lists import PasteForm, PublishedForm
from dynamic_mgmt.pasted import Around, Pasted, read
from dynamic_mgmt.services import import_listed
from dynamic_mgmt.services.publishing import Published, understand
from dynamic_mgmt.services.removing import propose_removals
from dynamic_mgmt.services.renaming import propose_published_renames
from dynamic_mgmt.views.register import CITY, shown_preview
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import Invalid

SHOWN = 300


def _pasted(form: PasteForm) -> Pasted:
    data = form.cleaned_data
    around = Around(
        category=data["category"],
        level=data["level"],
        batch=data["batch"],
        year=data["year"],
        listed_on=data["listed_on"].isoformat() if data["listed_on"] else "",
        source=data["source"],
    )
    return read(data["text"], around)


@roles(*CITY)
def paste(request: HttpRequest) -> HttpResponse:
    """Bring in a list from its text: what was understood is shown before anything is stored."""
    actor = actor_of(request)
    form = PasteForm(posted(request), request.FILES or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        found = _pasted(form)
        shown = shown_preview(list(found.rows))
        problems = [*(p.message for p in found.problems), *(p.message for p in shown.problems)]
        if "confirm" in request.POST and not problems:
            source = form.cleaned_data["source"]
            done = form.run(lambda: import_listed(actor=actor, rows=found.rows, source=source))
            if done is not None:
                waiting = f"，{len(done.doubts)}项待确认" if done.doubts else ""
                messages.success(request, f"已导入名单：新增{done.new}项，补充{done.updated}项{waiting}。")
                return redirect("dynamic_mgmt:matches" if done.doubts else "dynamic_mgmt:index")
        context |= {
            "shown": shown,
            "understood": len(found.rows),
            "left_out": found.left_out[:SHOWN],
            "problems": [{"message": message} for message in problems[:SHOWN]],
            "heads": [{"label": label} for label in shown.heads],
            "rows": [
                {"cells": [{"label": h, "text": text} for h, text in zip(shown.heads, row, strict=True)]}
                for row in shown.rows[:SHOWN]
            ],
        }
    return render(request, "dynamic_mgmt/paste.html", context)


@roles(*CITY)
def published(request: HttpRequest) -> HttpResponse:
    """Write down the removals or renames of a published document at once; the city lead decides."""
    actor = actor_of(request)
    form = PublishedForm(posted(request))
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        found = understand(data["text"], kind=data["kind"], category=data["category"], level=data["level"])
        problems = list(found.problems) or ([] if found.lines else ["没有读出单位名称，核对粘贴的文字。"])
        if "confirm" in request.POST and not problems:
            done = form.run(lambda: _propose(actor, form, found))
            if done is not None:
                messages.success(request, f"已登记{done}项，由市局另一名负责人复核后生效。")
                return redirect("dynamic_mgmt:changes" if data["kind"] == "rename" else "dynamic_mgmt:removals")
        context |= {"found": found, "problems": [{"message": message} for message in problems[:SHOWN]]}
    return render(request, "dynamic_mgmt/published.html", context)


def _propose(actor: Actor, form: PublishedForm, found: Published) -> int:
    """Store the proposals; refusals that name units stand above the form."""
    data = form.cleaned_data
    try:
        if data["kind"] == "rename":
            names = {line.unit.pk: line.other for line in found.lines}
            return len(
                propose_published_renames(
                    actor=actor, items=names, changed_on=data["on"], document_no=data["document_no"]
                )
            )
        ids = [line.unit.pk for line in found.lines]
        reason = data["reason"]
        return len(
            propose_removals(
                actor=actor, unit_ids=ids, removed_on=data["on"], reason=reason, document_no=data["document_no"]
            )
        )
    except Invalid as error:
        errors = {"on" if name == "removed_on" else name: texts for name, texts in error.errors.items()}
        raise Invalid(error.message, errors=errors) from error
