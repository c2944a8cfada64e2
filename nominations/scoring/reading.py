"""From the answers of the report sheets to scores: which table, which cells, what the report states. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from greenportal.rounds.rulebook import EvaluationTable, Rulebook
from greenportal.sheets.computing import decimal_of
from nominations.scoring.comparing import Pair, pairs
from nominations.scoring.index import green_index
from nominations.scoring.points import free_points, points
from nominations.scoring.types import NOT_ENTERED, Line, Score
from nominations.scoring.weighted import weighted

Answers = Mapping[str, Any]
YEARS = (1, 2, 3)
_FACTORY_TABLES = ("infrastructure", "management", "inputs", "product", "emissions", "performance")
_PARK_TABLES = ("eg", "rg", "ig_yes", "ig", "cg", "hg", "mg_yes")
TITLES = {"self": "自评价", "third": "第三方评价"}


@dataclass(frozen=True, slots=True)
class Report:
    """One party's report as scored: `party` self or third, one score (three for a park), and the rows behind them."""

    party: str
    title: str
    scores: tuple[Score, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """Both reports of a nomination side by side. `table` None: no table was entered for the standard used."""

    table: EvaluationTable | None
    table_label: str
    reports: tuple[Report, ...]
    totals: tuple[Pair, ...]
    rows: tuple[Pair, ...]


def scored(category: str, answers: Mapping[str, Answers], book: Rulebook, *, standard: str = "") -> Scored | None:
    """Return the scores of a nomination from its answers by sheet key; None for a category without scores.

    standard: what the nomination names; a supply chain's system is read from its conditions.
    """
    if category == "product":
        return None
    system = str(answers.get("supply_chain_conditions", {}).get("system") or "")
    table = book.evaluation_table(category, standard=standard if category == "factory" else "", system=system)
    parties = [(p, answers[f"{category}_{p}"]) for p in ("self", "third") if f"{category}_{p}" in answers]
    reports = tuple(_report(category, party, given, table, system) for party, given in parties)
    own = next((r for r in reports if r.party == "self"), None)
    third = next((r for r in reports if r.party == "third"), None)
    label = table.label if table else f"{standard or system}的评价指标表尚未录入"
    return Scored(
        table=table,
        table_label=label,
        reports=reports,
        totals=pairs(_totals(own), _totals(third)),
        rows=pairs(own.rows if own else (), third.rows if third else ()),
    )


def _totals(report: Report | None) -> list[Line]:
    if report is None:
        return []
    told = [(str(n), s) for n, s in enumerate(report.scores, start=1)]
    lines = [Line(key=f"stated{n}", label=f"{s.title}（报告所载）", unit="分", value=s.stated) for n, s in told]
    return lines + [Line(key=f"value{n}", label=f"{s.title}（按公式）", unit="分", value=s.value) for n, s in told]


def _report(category: str, party: str, answers: Answers, table: EvaluationTable | None, system: str) -> Report:
    title = TITLES[party]
    if category == "park":
        scores = tuple(_park(table, answers, party, year) for year in YEARS)
        return Report(party, title, scores, tuple(_park_rows(answers)))
    key = "self_score" if party == "self" else "third_party_score"
    stated = decimal_of(answers.get(key))
    if category == "factory":
        score = _factory(table, answers, stated)
        return Report(party, title, (score,), (*score.lines, *_cells(answers, _FACTORY_TABLES, "score", "分")))
    score = _chain(table, answers, stated, system)
    return Report(party, title, (score,), score.lines)


def _no_table(title: str, stated: Decimal | None) -> Score:
    return Score(title=title, stated=stated, because=f"{NOT_ENTERED}：所用标准的评价指标表尚未录入，取报告所载得分。")


def _factory(table: EvaluationTable | None, answers: Answers, stated: Decimal | None) -> Score:
    if table is None:
        return _no_table("总分", stated)
    if table.method == "sum":
        return points(table, _column(answers, _FACTORY_TABLES, "score"), stated, "总分")
    return weighted(table, _column(answers, ("groups",), "score"), stated, "总分")


def _chain(table: EvaluationTable | None, answers: Answers, stated: Decimal | None, system: str) -> Score:
    title = "绿色供应链管理指数"
    if table is None:
        return _no_table(title, stated)
    if table.items and table.system not in {"", "generic"}:
        return _industry(table, answers, stated, title)
    if table.items:
        return points(table, _column(answers, ("indicators",), "score"), stated, title)
    rows = [
        (str(row.get("item") or ""), decimal_of(row.get("max_score")), decimal_of(row.get("score")))
        for row in _rows(answers, "industry_indicators")
    ]
    return free_points(table, rows, stated, title)


def _industry(table: EvaluationTable, answers: Answers, stated: Decimal | None, title: str) -> Score:
    """Score an industry's system by its rows; before the form bore them, an applicant typed their names itself."""
    rows = {str(row["_id"]): row for row in _rows(answers, "industry_indicators")}
    rows = {str(row.get("item") or ""): row for row in rows.values() if row.get("item")} | rows
    found = [(item, rows.get(item.code) or rows.get(item.name) or {}) for item in table.items]
    most = [item.max_score if item.max_score is not None else decimal_of(row.get("max_score")) for item, row in found]
    if any(item.max_score is None for item in table.items) and None not in most:
        scores = [decimal_of(row.get("score")) for _, row in found]
        names = [item.name for item in table.items]
        return free_points(table, list(zip(names, most, scores, strict=True)), stated, title)
    return points(table, {item.code: decimal_of(row.get("score")) for item, row in found}, stated, title)


def _park(table: EvaluationTable | None, answers: Answers, party: str, year: int) -> Score:
    named = str(answers.get(f"year_{year}") or "")
    title = f"第{year}年{f'（{named}年）' if named else ''}绿色指数"
    stated = decimal_of(answers.get(f"{party}_index_{year}"))
    if table is None:
        return _no_table(title, stated)
    chosen = {row["_id"] for key in _PARK_TABLES for row in _rows(answers, key) if row.get("chosen") == "yes"}
    return green_index(table, _column(answers, _PARK_TABLES, f"y{year}"), chosen, stated, title)


def _park_rows(answers: Answers) -> Sequence[Line]:
    return [
        Line(key=f"{row['_id']}y{year}", label=f"{row['_id']} 第{year}年", value=decimal_of(row.get(f"y{year}")))
        for key in _PARK_TABLES
        for row in _rows(answers, key)
        for year in YEARS
    ]


def _rows(answers: Answers, key: str) -> list[Mapping[str, Any]]:
    rows = answers.get(key)
    return [row for row in rows if isinstance(row, Mapping) and row.get("_id")] if isinstance(rows, list) else []


def _column(answers: Answers, tables: Sequence[str], column: str) -> dict[str, Decimal | None]:
    return {str(row["_id"]): decimal_of(row.get(column)) for key in tables for row in _rows(answers, key)}


def _cells(answers: Answers, tables: Sequence[str], column: str, unit: str) -> list[Line]:
    return [
        Line(key=f"{key}{row['_id']}", label=str(row["_id"]), unit=unit, value=decimal_of(row.get(column)))
        for key in tables
        for row in _rows(answers, key)
    ]
