"""Word letters that officers edit before sealing: GB/T 9704 measures, the faces that offices have installed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from greenportal.documents import zips

BODY_FACE, TITLE_FACE = "仿宋_GB2312", "方正小标宋简体"
BODY_SIZE, TITLE_SIZE, PITCH = Pt(16), Pt(22), Pt(28.95)
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """A table inside a letter: header cells and rows of cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of an office. `body` is paragraphs and tables in order; `signed` are the lines over the seal."""

    title: str
    addressee: str
    body: Sequence[str | Table]
    signed: tuple[str, ...]
    number: str = ""
    attachments: tuple[str, ...] = ()


def _run(paragraph: Paragraph, text: str, face: str, size: Pt) -> None:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = face, size
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _paragraph(
    document: Document,
    text: str,
    *,
    face: str = BODY_FACE,
    size: Pt = BODY_SIZE,
    indent: int = 0,
    align: WD_ALIGN_PARAGRAPH | None = None,
) -> Paragraph:
    paragraph = document.add_paragraph()
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, PITCH
    shape.space_before = shape.space_after = Pt(0)
    shape.first_line_indent = indent * BODY_SIZE
    if align is not None:
        paragraph.alignment = align
    _run(paragraph, text, face, size)
    return paragraph


def _table(document: Document, table: Table) -> None:
    grid = document.add_table(rows=1 + len(table.rows), cols=len(table.header))
    grid.style = "Table Grid"
    for row, cells in enumerate([table.header, *table.rows]):
        for column, text in enumerate(cells):
            cell = grid.cell(row, column)
            _run(cell.paragraphs[0], text, "黑体" if row == 0 else "宋体", Pt(10.5))


def letter(content: Letter, *, issued_at: datetime | None = None) -> bytes:
    """Return `content` as DOCX, the same bytes for the same letter. Nothing in it is a field or a macro."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = (
        Mm(37),
        Mm(26),
        Mm(35),
        Mm(28),
    )
    if content.number:
        _paragraph(document, content.number, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _paragraph(document, content.title, face=TITLE_FACE, size=TITLE_SIZE, align=WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(document, "")
    _paragraph(document, content.addressee)
    for part in content.body:
        if isinstance(part, Table):
            _table(document, part)
        else:
            _paragraph(document, part, indent=2)
    if content.attachments:
        _paragraph(document, "")
        for index, name in enumerate(content.attachments, 1):
            _paragraph(document, f"附件：{index}．{name}" if index == 1 else f"　　　{index}．{name}", indent=2)
    _paragraph(document, "")
    _paragraph(document, "")
    for line in content.signed:
        _paragraph(document, line, align=WD_ALIGN_PARAGRAPH.RIGHT)
    moment = (issued_at or _EPOCH).astimezone(UTC).replace(tzinfo=None)
    core = document.core_properties
    core.created = core.modified = moment
    core.author, core.last_modified_by, core.title, core.comments, core.revision = "", "", content.title, "", 1
    raw, out = io.BytesIO(), io.BytesIO()
    document.save(raw)
    zips.repack(raw, out, {})
    return out.getvalue()
