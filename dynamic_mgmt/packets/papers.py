"""The dynamic table for 存档 as PDF. Dataclass in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from dynamic_mgmt.models import DynamicTable, TableReceipt
from dynamic_mgmt.selectors.table_detail import YearRow, heads_of, year_rows
from greenportal import clock
from greenportal.documents import pdf
from greenportal.filings.selectors import sheets_of
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets.printing import PrintedSection, printed


@dataclass(frozen=True, slots=True)
class TablePaper:
    """A filed table: its sections without the figures, its figures (three years beside each other, or the one period), opinion and decision."""

    title: str
    attachment: str
    official: bool
    unit: str
    sections: Sequence[PrintedSection]
    heads: Sequence[str]
    rows: Sequence[YearRow]
    declaration: str
    opinion: str
    decision: str
    receipt: str
    late: bool


def paper_of(table: DynamicTable, receipt: TableReceipt) -> TablePaper:
    """Return what stands on paper of a received table: the version of the receipt, never living answers."""
    version = receipt.filing_version
    sheet = sheets_of([version.definition_sha256])[version.definition_sha256]
    shown = printed(sheet, version.answers)
    heads = heads_of(table.period)
    return TablePaper(
        title=sheet.title,
        attachment=sheet.attachment,
        official=sheet.official,
        unit=table.unit.current_name,
        sections=[
            s for part, s in zip(sheet.sections, shown.sections, strict=False) if not part.key.startswith("figures_")
        ],
        heads=heads,
        rows=year_rows(table.category, version.answers, book=rulebook_at(table.period.round_id)[0], years=len(heads)),
        declaration=sheet.declaration,
        opinion=_with(table.get_opinion_display() if table.opinion else "", table.opinion_reason),
        decision=_with(table.get_decision_display() if table.decision else "", table.decision_reason),
        receipt=f"{clock.spoken(receipt.received_at)}　{receipt.by_name}",
        late=receipt.late and table.late,
    )


def _with(label: str, reason: str) -> str:
    return f"{label}：{reason}" if label and reason else label


def table_pdf(paper: TablePaper, *, issued_at: datetime) -> bytes:
    """Return the table as filed. A form rebuilt without its original says 非官方样式."""
    html = render_to_string("documents/dynamic_table.html", {"paper": paper, "title": paper.title, "draft": False})
    return pdf.render_pdf(html, title=paper.title, issued_at=issued_at, tagged=True)
