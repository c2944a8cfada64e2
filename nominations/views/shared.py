"""What the pages of nominations have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from greenportal.accounts.actors import Actor
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import peek_link
from greenportal.files.messages import UploadRefused
from greenportal.files.models import StoredFile
from greenportal.files.services import receive
from greenportal.findings.types import Finding, Invalid, NotVisible, WrongState
from greenportal.sheets.printing import Printed, printed
from nominations.constants import SCOPE_NOMINATION
from nominations.forms.base import PlainForm, whole
from nominations.models import Correction, Nomination
from nominations.selectors.content import Content, contents, shown_of
from nominations.selectors.live import readable

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Colours of `components/tag.html` by state: red only for what must be mended, amber for what waits for a decision.
STATE_COLOURS = {
    "returned_by_district": "red",
    "returned_by_city": "red",
    "checked": "green",
    "finalised": "green",
    "submitted": "green",
    "accepted": "green",
    "corrected": "amber",
    "sealed": "green",
    "partly_returned": "red",
}


def answered(request: HttpRequest, template: str, context: dict[str, Any], *forms: PlainForm) -> HttpResponse:
    """Show a page with its forms. With errors it has their status, and its title starts with 错误：.

    `problems` of the context are errors of further forms on the page, for the summary.
    """
    wrong = [form for form in forms if form.is_bound and form.errors]
    status = max((form.status for form in wrong), default=200)
    if not wrong and context.get("problems"):
        status = 400
    return render(request, template, {**context, "has_errors": status != 200}, status=status)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the error summary: the id of the field and what to do there."""

    anchor: str
    message: str


def problems_of(forms: Iterable[BaseForm]) -> list[Problem]:
    """Return the errors of forms that stand together on one page, each leading to its field."""
    found = []
    for form in forms:
        for field in form.visible_fields():
            # A group of choices has no element of the field's own id; its first choice has.
            anchor = f"{field.auto_id}_0" if field.use_fieldset else str(field.auto_id)
            found += [Problem(anchor, str(message)) for message in field.errors]
        found += [Problem("", str(message)) for message in form.non_field_errors()]
    return found


def kept(
    actor: Actor, upload: UploadedFile[Any], *, kind: str, accept: Collection[str], organisation_id: int | None = None
) -> StoredFile:
    """Take an upload through the one pipeline for the actor's own place; a refusal stands at the field `file`."""
    try:
        return receive(
            actor=actor,
            upload=upload,
            kind=kind,
            accept=frozenset(accept),
            owner_organisation_id=organisation_id,
            owner_authority_id=actor.authority_id,
        )
    except UploadRefused as error:
        raise Invalid(error.message, errors={"file": [error.message]}) from error


def attachment(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """Return bytes made for this request as a download. name: with its ending; kind: the media type."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


def done(request: HttpRequest, text: str, to: str, *args: object) -> HttpResponse:
    """Say what happened and go to the named page."""
    messages.success(request, text)
    return redirect(to, *args)


def version_of(request: HttpRequest) -> int:
    """Return the row version that the page showed; 0 (always stale) when the form did not carry one."""
    text = request.POST.get("version", "")
    return whole(text)


def sorted_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with what needs somebody first: blockers, decisions, to be verified, the rest."""

    def weight(finding: Finding) -> int:
        if finding.blocks:
            return 0
        if finding.needs_decision:
            return 1
        return 2 if finding.open else 3

    return sorted(findings, key=weight)


def findings_of(nomination: Nomination, actor: Actor) -> list[Finding]:
    """Return the findings of the last check as the actor may read them, most urgent first; empty before it.

    What came of comparing with other firms is for officers only.
    """
    run = nomination.last_check
    found = [Finding.from_json(row) for row in run.findings] if run else []
    return sorted_findings(readable(actor, found))


def sheets_printed(content: Content) -> list[Printed]:
    """Return the applicant's sheets as they are printed, for reading before confirming or sending."""
    own = [part for part in content.own if shown_of(part.sheet, part.answers)]
    return [printed(part.sheet, dict(part.answers)) for part in own]


def behind_link(token: str) -> tuple[DatedLink, Nomination, Content]:
    """Return a confirmation link, its nomination and content without using it up; the link is the permission.

    It opens exactly the content it was made for: after any change it shows nothing (WrongState).
    """
    link = peek_link(token=token, purpose=DatedLink.Purpose.CONFIRMATION)
    rows = Nomination.objects.select_related("subject", "applicant", "authority")
    found = rows.filter(pk=link.scope_id).first() if link.scope == SCOPE_NOMINATION else None
    if found is None:
        raise NotVisible
    content = contents([found.pk])[found.pk]
    if content.digest != link.payload.get("sha256"):
        raise WrongState("申报内容在链接生成之后有改动，请向申报单位索取新的确认链接。")
    return link, found, content


def current_correction(nomination: Nomination) -> Correction | None:
    """Return the open return of a nomination for reading; services lock it."""
    return Correction.objects.filter(nomination=nomination, closed_at=None).first()
