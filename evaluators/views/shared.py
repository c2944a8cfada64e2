"""What the pages of an evaluator's papers have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluators.forms.papers import SendBackForm, more_rows, remark_rows, remarks_in, whole
from evaluators.models import Evaluator
from evaluators.selectors import visible_to
from evaluators.services.moving import Remark
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.forms import posted
from greenportal.files.messages import UploadRefused
from greenportal.files.models import StoredFile
from greenportal.files.services import receive
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors import task_status
from greenportal.findings.types import Invalid, NotVisible

OWN = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)
ADMIN = (Role.EVALUATOR_ADMIN,)
CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Colours of states: red for what must be mended, amber for what waits for the city, green for what is done.
COLOURS = {"returned": "red", "filed": "amber", "acknowledged": "green", "accepted": "green"}


@dataclass(frozen=True, slots=True)
class Task:
    """One line of a task list."""

    key: str
    label: str
    url: str
    status: str
    colour: str = ""
    hint: str = ""


def own_evaluator(actor: Actor) -> Evaluator:
    """Return the actor's own evaluator; NotVisible when it is not on file."""
    found = visible_to(actor).first() if actor.is_evaluator else None
    if found is None:
        raise NotVisible
    return found


def sheet_tasks(filing: Filing) -> list[Task]:
    """Return the sections of a sheet with their status. One query."""
    found = []
    for row in task_status(filing):
        left = [f"退回意见{row.comments}条"] if row.comments else []
        left += [f"还有{row.missing}项必填"] if row.missing else []
        url = reverse("filings:section", args=[filing.pk, row.key])
        found.append(Task(row.key, row.title, url, str(row.status), row.colour, "，".join(left)))
    return found


def answered(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a page; with errors in its form it has status 400 and its title says so."""
    form = context.get("form")
    wrong = bool(form is not None and form.is_bound and form.errors) or bool(context.get("problems"))
    return render(request, template, {**context, "has_errors": wrong}, status=400 if wrong else 200)


def done(request: HttpRequest, text: str, to: str, *args: object) -> HttpResponse:
    """Say what happened and go to the named page."""
    messages.success(request, text)
    return redirect(to, *args)


def version_of(request: HttpRequest) -> int:
    """Return the row version that the page showed; 0 (always stale) when the form did not carry one."""
    return whole(request.POST.get("version", ""))


def kept(
    actor: Actor,
    upload: UploadedFile[Any] | None,
    *,
    kind: str,
    accept: Collection[str],
    data_class: str = "ordinary",
    field: str = "file",
) -> StoredFile:
    """Take an upload for the actor's own body; a refusal, and a missing one, stand at `field`."""
    try:
        return receive(
            actor=actor,
            upload=upload,
            kind=kind,
            accept=frozenset(accept),
            data_class=data_class,
            owner_organisation_id=actor.organisation_id,
        )
    except UploadRefused as error:
        raise Invalid(error.message, errors={field: [error.message]}) from error


def attachment(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """Return bytes made for this request as a download. name: with its ending; kind: the media type."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the error summary: the id of the field and what to do there."""

    anchor: str
    message: str


SendBack = Callable[[int, str, datetime, list[Remark]], Any]


def return_page(
    request: HttpRequest, *, version: int, places: list[tuple[str, str]], title: str, back: str, send: SendBack
) -> HttpResponse:
    """Run the page of a return with remarks at fields: grows by three rows, keeps what was typed, then sends.

    send(version, reason, due_at, remarks) is the service; `back` the address to go to afterwards.
    """
    data = posted(request)
    context: dict[str, Any] = {"title": title, "back": back}
    if data is not None and "more" in data:
        typed = {name: data.get(name, "") for name in ("version", "reason", "due_on")}
        context |= {"form": SendBackForm(initial=typed), "comments": more_rows(data, places)}
        return answered(request, "evaluators/return.html", context)
    form = SendBackForm(data, initial={"version": version})
    rows = remark_rows(data, places)
    if data is not None and all([form.is_valid(), rows.is_valid()]):
        values, labels = form.cleaned_data, dict(places)
        sent = form.run(
            lambda: send(
                values["version"] or 0, values["reason"], clock.end_of(values["due_on"]), remarks_in(rows, labels)
            )
        )
        if sent is not None:
            messages.success(request, "已退回，机构会收到通知。")
            return redirect(back)
    problems = [
        Problem(str(field.auto_id), str(message))
        for row in (rows.forms if data is not None else [])
        for field in row.visible_fields()
        for message in field.errors
    ]
    return answered(
        request, "evaluators/return.html", {**context, "form": form, "comments": rows, "problems": problems}
    )


def remark_lines(remarks: list[FieldComment], filing_id: int | None, explain: str) -> list[dict[str, Any]]:
    """Return remarks with the address where each is answered. explain: URL name for remarks on proofs."""
    found = []
    for row in remarks:
        if row.path.startswith("document:"):
            url = reverse(explain, args=[row.scope_id, row.pk])
        else:
            url = reverse("filings:comment", args=[filing_id, row.pk]) if filing_id else ""
        found.append({"row": row, "url": url, "open": row.answer == FieldComment.Answer.OPEN})
    return found
