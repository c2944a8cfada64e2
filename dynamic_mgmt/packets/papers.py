"""The dynamic table for 存档 and the yearly report for the bureau's leaders, as PDF. Dataclass in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from dynamic_mgmt.selectors.table_detail import YearRow
from dynamic_mgmt.selectors.trends import Chart
from greenportal.documents import pdf
from greenportal.sheets.printing import PrintedSection


@dataclass(frozen=True, slots=True)
class TablePaper:
    """A filed table: its sections without the figures, three years beside each other, opinion and decision."""

    title: str
    attachment: str
    official: bool
    unit: str
    sections: Sequence[PrintedSection]
    years: Sequence[int]
    rows: Sequence[YearRow]
    declaration: str
    opinion: str
    decision: str
    receipt: str
    late: bool


@dataclass(frozen=True, slots=True)
class YearPaper:
    """The year in one paper: numbers per district, opinions and decisions, trends with their tables."""

    title: str
    until: str
    districts: Sequence[tuple[str, int, int, int, int, int]]
    decisions: Sequence[tuple[str, int]]
    charts: Sequence[Chart]
    experiences: Sequence[tuple[str, str]]


def table_pdf(paper: TablePaper, *, issued_at: datetime) -> bytes:
    """Return the table as filed. A form rebuilt without its original says 非官方样式."""
    html = render_to_string("documents/dynamic_table.html", {"paper": paper, "title": paper.title, "draft": False})
    return pdf.render_pdf(html, title=paper.title, issued_at=issued_at)


def year_pdf(paper: YearPaper, *, issued_at: datetime) -> bytes:
    """Return the yearly report with charts, each with its table."""
    html = render_to_string("documents/dynamic_year.html", {"paper": paper, "title": paper.title, "draft": False})
    return pdf.render_pdf(html, title=paper.title, issued_at=issued_at)
