"""Papers made for one request: previews that bear 草稿, the receipt, a department's request."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from greenportal.accounts.http import actor_of, roles
from greenportal.findings.types import NotVisible
from greenportal.rounds.selectors import rulebook_at
from nominations.models import Consultation, ConsultationItem
from nominations.packets import assembling, papers
from nominations.packets.annex1_pdf import annex1_pdf
from nominations.packets.annex1_xlsx import annex1_xlsx
from nominations.packets.nominee_pdf import nominee_pdf
from nominations.packets.receipt_pdf import receipt_pdf
from nominations.selectors.nominations import consultations_visible_to
from nominations.selectors.packet_data import packet_data
from nominations.services import previewing, submitting
from nominations.views.district import DISTRICT
from nominations.views.nomination import OWNERS
from nominations.views.shared import DOCX, PDF, XLSX, attachment


@roles(*DISTRICT)
@require_GET
def list_preview(request: HttpRequest, list_id: int, form: str) -> HttpResponse:
    """附件1 as it would be finalised now, marked 草稿, without code. form: pdf or xlsx."""
    if form not in {"pdf", "xlsx"}:
        raise NotVisible
    packet = previewing.preview_list(actor=actor_of(request), list_id=list_id)
    listed = replace(assembling.list_data(packet, assembling.book(packet)), stamp=None)
    if form == "xlsx":
        return attachment(annex1_xlsx(listed), name="附件1-推荐汇总表（草稿）.xlsx", kind=XLSX)
    return attachment(annex1_pdf(listed), name="附件1-推荐汇总表（草稿）.pdf", kind=PDF)


@roles(*OWNERS)
@require_GET
def own_pages(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """A nomination's own pages (cover, contents, sheets) as they stand, marked 草稿."""
    packet = previewing.preview_nomination(actor=actor_of(request), nomination_id=nomination_id)
    part = assembling.nominee_part(packet, packet.nominees[0], assembling.book(packet))
    content = nominee_pdf(replace(part, draft=True))
    return attachment(content, name=f"{packet.nominees[0].name}（草稿）.pdf", kind=PDF)


@roles(*DISTRICT)
@require_GET
def receipt(request: HttpRequest, list_id: int) -> HttpResponse:
    """The receipt as PDF: printed again, the same bytes."""
    found = submitting.receipt(actor=actor_of(request), list_id=list_id)
    packet = packet_data(found.list_version_id)
    phone = settings.SITE_OWNER["phone"]
    contact = f"{settings.SITE_OWNER['name']}{settings.SITE_OWNER['department']}{f'，{phone}' if phone else ''}"
    paper = papers.receipt_of(found, packet, assembling.book(packet), contact=contact)
    return attachment(receipt_pdf(paper), name=f"报送回执{found.receipt_no}.pdf", kind=PDF)


@roles(*DISTRICT)
@require_GET
def request_paper(request: HttpRequest, consultation_id: int, form: str) -> HttpResponse:
    """The letter (docx) or the list (xlsx) of one request for opinion."""
    if form not in {"docx", "xlsx"}:
        raise NotVisible
    rows = consultations_visible_to(actor_of(request)).select_related("authority", "round")
    row = get_object_or_404(rows, pk=consultation_id)
    items = items_of(row)
    bureau = row.authority.bureau_name or row.authority.name
    if form == "docx":
        rulebook, _ = rulebook_at(row.round_id)
        letter = papers.request_letter(row, items, rulebook, bureau=bureau, issued_at=row.asked_at)
        return attachment(letter, name=f"征求意见函-{row.department}.docx", kind=DOCX)
    book = papers.request_workbook(
        row, items, year=row.round.year, bureau=bureau, due_on=row.due_on, issued_at=row.asked_at
    )
    return attachment(book, name=f"征求意见表-{row.department}.xlsx", kind=XLSX)


def items_of(row: Consultation) -> list[ConsultationItem]:
    """Return the nominees that a request names, by category. One query."""
    related = ConsultationItem.objects.filter(consultation=row).select_related(
        "nomination__subject", "nomination__applicant"
    )
    return list(related.order_by("nomination__category", "pk"))
