"""The yearly report for the bureau's leaders as PDF: numbers, decisions, totals, trends. Dataclass in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Count
from django.template.loader import render_to_string

from dynamic_mgmt.models import DynamicTable, Experience, ListedUnit, Statement, TablePeriod
from dynamic_mgmt.selectors.catalogue import indicators, limit
from dynamic_mgmt.selectors.table_detail import measure_of
from dynamic_mgmt.selectors.tables import DistrictRow, board
from dynamic_mgmt.selectors.trends import GROUPED, Chart, GroupRow, GroupTrend, group_charts, group_rows, group_trends
from dynamic_mgmt.table_states import ExperienceState, Opinion
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Industry
from greenportal.documents import pdf

DECIDED = (Opinion.KEEP, Opinion.RENAMED, Opinion.MAJOR, Opinion.REMOVE)
#: How many experiences and statements the report names; the pages have all.
LISTED = 20


@dataclass(frozen=True, slots=True)
class YearPaper:
    """The year in one paper: numbers per district, decisions, totals by district and industry, trends with their tables.

    least: statistics over fewer units stay with officers (peers_least), so the paper says that it is internal;
    districts: name, then asked for, filed, opinion given, decided, overdue, late, refused; groups: title, head of the first
    column, rows of `heads` (label, unit in parts); trends: title, head of the first column, the years of each indicator.
    groups, charts and trends are of factories; categories: each by itself, since a park holds its factories.
    """

    title: str
    until: str
    least: int
    summary: str
    districts: Sequence[tuple[str, tuple[int, ...]]]
    decisions: Sequence[tuple[str, int]]
    heads: Sequence[tuple[str, tuple[str, ...]]]
    categories: Sequence[GroupRow]
    groups: Sequence[tuple[str, str, Sequence[GroupRow]]]
    charts: Sequence[Chart]
    trends: Sequence[tuple[str, str, Sequence[GroupTrend]]]
    experiences: Sequence[tuple[str, str]]
    statements: Sequence[tuple[str, str, date]]


def year_paper(actor: Actor, period: TablePeriod) -> YearPaper:
    """Return what the report of a period says, of what the actor sees. Fourteen queries for any number of units."""
    counted = dict(
        DynamicTable.objects.filter(period=period)
        .exclude(decision="")
        .order_by()
        .values_list("decision")
        .annotate(number=Count("pk"))
    )
    known = indicators()
    rows = board(actor, period)
    published = Experience.objects.filter(state=ExperienceState.PUBLISHED).select_related("unit")[:LISTED]
    stated = Statement.objects.filter(withdrawn_at=None).select_related("unit").order_by("-issued_on", "-pk")[:LISTED]
    year, names = period.data_year, dict(ListedUnit.Category.choices)
    industries = _named(group_rows(actor, by="industry", year=year))
    return YearPaper(
        title=f"{period.label}情况报告",
        until=clock.spoken_date(clock.today()),
        least=int(limit("peers_least")),
        summary=_summary(rows),
        districts=[(row.authority.name, _numbers(row)) for row in rows],
        decisions=[(str(o.label), counted.get(o.value, 0)) for o in DECIDED],
        heads=[(known[key].label, measure_of(known[key].unit)) for key in GROUPED],
        categories=[replace(row, name=names[row.name]) for row in group_rows(actor, by="category", year=year)],
        groups=[
            ("各区市县指标", "区市县", group_rows(actor, by="district", year=year)),
            ("各行业指标", "行业大类", industries),
        ],
        charts=group_charts(actor),
        trends=[
            ("各区市县历年变化", "区市县", group_trends(actor, by="district", until=year)),
            ("各行业历年变化", "行业大类", _named_trends(group_trends(actor, by="industry", until=year), industries)),
        ],
        experiences=[(e.unit.current_name, e.title) for e in published],
        statements=[(s.unit.current_name, f"{s.get_kind_display()}《{s.title}》", s.issued_on) for s in stated],
    )


def _numbers(row: DistrictRow) -> tuple[int, ...]:
    return (
        row.total,
        row.filed + row.opinion + row.decided,
        row.opinion + row.decided,
        row.decided,
        row.overdue,
        row.late,
        row.refused,
    )


def _summary(rows: Sequence[DistrictRow]) -> str:
    """Return the year in one sentence."""
    total, filed, opinion, decided, overdue, late, refused = (
        (sum(column) for column in zip(*map(_numbers, rows), strict=True)) if rows else (0,) * 7
    )
    share = f"，占{filed * 100 / total:.1f}%" if total else ""
    return (
        f"应报{total}家，已报{filed}家{share}；区县已提意见{opinion}家，市局已决定{decided}家；"
        f"已逾期{overdue}家（含退回后过期未改），逾期补报{late}家，曾登记拒不填报{refused}家。"
    )


def _named(rows: Sequence[GroupRow]) -> list[GroupRow]:
    """Return rows of divisions with their names. One query."""
    names = dict(Industry.objects.filter(code__in=[row.name for row in rows]).values_list("code", "name"))
    return [
        GroupRow(f"{row.name} {names[row.name]}" if row.name in names else row.name, row.units, row.cells)
        for row in rows
    ]


def _named_trends(trends: Sequence[GroupTrend], named: Sequence[GroupRow]) -> list[GroupTrend]:
    """Return the trends with the divisions named as in the table of the year."""
    names = {row.name.split(" ")[0]: row.name for row in named}
    return [
        replace(trend, rows=tuple(replace(row, name=names.get(row.name, row.name)) for row in trend.rows))
        for trend in trends
    ]


def year_pdf(paper: YearPaper, *, issued_at: datetime) -> bytes:
    """Return the yearly report with charts, each with its table."""
    html = render_to_string("documents/dynamic_year.html", {"paper": paper, "title": paper.title, "draft": False})
    return pdf.render_pdf(html, title=paper.title, issued_at=issued_at, tagged=True)
