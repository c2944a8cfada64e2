"""同行业对标 on paper: the page's charts and tables, for the officers' file. It never goes into the packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string

from greenportal.documents import charts, pdf
from nominations.eligibility.answers import number, short
from nominations.eligibility.comparing import Position

TITLE = "与本地区同行业已有绿色工厂对标"


@dataclass(frozen=True, slots=True)
class Shown:
    """One indicator as page and paper show it: texts, and the chart where there is a peer."""

    position: Position
    label: str
    own: str
    best: str
    middle: str
    place: str
    verdict: str
    colour: str
    peers: tuple[tuple[str, str, int, str], ...]
    strip: charts.Strip | None
    chart_title: str
    count: str = ""

    def on_paper(self, least: int) -> Shown:
        """Return the indicator as it may leave the officers' pages: of fewer than `least` peers no figure and no place."""
        if not self.position.peers or self.position.count >= least:
            return self
        return replace(self, best="—", middle="—", place="—", peers=(), strip=None, count=f"少于{least}家")


def shown(row: Position) -> Shown:
    """Return an indicator in words. What cannot be compared says why, and is for a person."""
    verdict, colour = _verdict(row)
    strip = None
    if row.middle is not None:
        strip = charts.strip(
            [short(v) for v in row.values],
            None if row.own is None else short(row.own),
            middle=short(row.middle),
            lower_is_better=row.indicator.lower_is_better,
        )
    place = f"第{row.rank}位（共{row.count + 1}家，含本单位）" if row.rank else "—"
    own, middle = _text(row.own), _text(row.middle)
    return Shown(
        position=row,
        label=row.indicator.label,
        own=own or "未填写",
        best=_text(row.best) or "—",
        middle=middle or "—",
        place=place,
        verdict=verdict,
        colour=colour,
        peers=tuple((peer.name, number(peer.value), peer.data_year, peer.source) for peer in row.peers),
        strip=strip,
        count=str(row.count),
        chart_title=f"{row.indicator.label}：本单位{own or '未填写'}，{row.count}家已有绿色工厂的中位数{middle}{row.unit}",
    )


def _verdict(row: Position) -> tuple[str, str]:
    if not row.peers:
        return ("计量单位不同，待人工核实" if row.others else "没有可比数据，待人工核实"), "amber"
    if row.own is None:
        return "本单位数据未填写，待人工核实", "amber"
    return ("优于全部可比工厂", "green") if row.ahead else ("未优于最好的可比工厂", "amber")


def _text(value: Decimal | None) -> str:
    return "" if value is None else number(short(value))


def comparison_pdf(context: Mapping[str, Any]) -> bytes:
    """Return the comparison as PDF. `context` is what the page shows: nomination, compared, rows, as_of, least.

    A paper goes further than a page that only officers open: below `least` peers it bears no figure of them.
    """
    rows = [row.on_paper(context["least"]) for row in context["rows"]]
    few = any(row != kept for row, kept in zip(context["rows"], rows, strict=True))
    given = {**context, "rows": rows, "few": few, "title": TITLE, "heading": TITLE, "draft": False}
    html = render_to_string("documents/comparison.html", given)
    return pdf.render_pdf(html, title=TITLE, tagged=True)
