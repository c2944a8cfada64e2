"""A notice to a unit as DOCX to edit further and as PDF. It prints what the officer wrote and nothing else."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string

from dynamic_mgmt.notices import NoticeText
from greenportal.documents import docx, pdf

NUMBER = "（发文字号）"


def notice_docx(text: NoticeText, *, issued_at: datetime) -> bytes:
    """Return the notice as DOCX; the office adds its document number and seal."""
    content = docx.Letter(
        title=text.title,
        addressee=text.addressee,
        body=text.paragraphs,
        signed=(text.signed, text.day),
        number=NUMBER,
    )
    return docx.letter(content, issued_at=issued_at)


def notice_pdf(text: NoticeText, *, issued_at: datetime) -> bytes:
    """Return the notice as PDF. Raises `fonts.GlyphMissing` for characters that no font has."""
    context = {
        "heading": text.title,
        "addressee": text.addressee,
        "paragraphs": text.paragraphs,
        "signed": (text.signed, text.day),
        "title": text.title,
        "draft": False,
    }
    html = render_to_string("documents/letter.html", context)
    return pdf.render_pdf(html, title=text.title, issued_at=issued_at, tagged=True)
