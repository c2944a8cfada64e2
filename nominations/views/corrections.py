"""补正页: where a correction changed a printed row, its page is printed, sealed and comes back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible
from nominations.constants import FILE_SCAN
from nominations.forms.district import PageScanForm
from nominations.models import Correction, ListEntry, SealScan
from nominations.packets import assembling, papers
from nominations.packets.correction_pdf import correction_pdf
from nominations.selectors.nominations import versions_visible_to, visible_to
from nominations.selectors.packet_data import packet_data
from nominations.services import sealing
from nominations.views.district import DISTRICT
from nominations.views.lists import told
from nominations.views.shared import PDF, answered, attachment, done, kept

READERS = (*DISTRICT, Role.CITY_REVIEWER, Role.CITY_LEAD)


def get_correction(actor: Actor, correction_id: int) -> Correction:
    """Return an answered correction that asks for a sealed page, of a nomination the actor sees."""
    rows = Correction.objects.filter(
        pk=correction_id,
        needs_seal_page=True,
        nomination__in=visible_to(actor),
        answered_version__in=versions_visible_to(actor),
    )
    found = rows.select_related("nomination__subject", "nomination__list", "answered_version").first()
    if found is None:
        raise NotVisible
    return found


@roles(*READERS)
@require_GET
def page(request: HttpRequest, correction_id: int) -> HttpResponse:
    """The page to print and seal."""
    correction = get_correction(actor_of(request), correction_id)
    sent = ListEntry.objects.filter(nomination=correction.nomination, list_version__submission__isnull=False)
    entry = sent.select_related("list_version__submission").first()
    if entry is None:
        raise NotVisible
    packet = packet_data(entry.list_version_id)
    paper = papers.correction_page(correction, entry, packet, assembling.book(packet))
    return attachment(correction_pdf(paper), name=f"补正页-{correction.nomination.subject.name}.pdf", kind=PDF)


@roles(*DISTRICT)
def seal(request: HttpRequest, correction_id: int) -> HttpResponse:
    """The sealed page comes back and is matched with the correction."""
    actor = actor_of(request)
    correction = get_correction(actor, correction_id)
    form = PageScanForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def match() -> SealScan:
            file = kept(actor, form.cleaned_data["file"], kind=FILE_SCAN, accept={"pdf", "image"})
            return sealing.seal_correction(
                actor=actor,
                correction_id=correction.pk,
                file_id=file.pk,
                declared_reason=form.cleaned_data["declared_reason"],
            )

        scan = form.run(match)
        if scan is not None:
            return done(request, f"补正页{told(scan)}。", "nominations:detail", correction.nomination_id)
    scans = SealScan.objects.filter(correction=correction).select_related("file", "uploaded_by").order_by("-pk")
    context = {"nomination": correction.nomination, "correction": correction, "form": form, "scans": scans}
    return answered(request, "nominations/seal_page.html", context, form)
