"""From the answers of the report sheets to the figures that can be held against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from greenportal.rounds.rulebook import Rulebook
from greenportal.sheets import Field, Sheet, Table
from greenportal.sheets.computing import decimal_of
from greenportal.sheets.explaining import Explained, explain
from greenportal.sheets.paths import rows_of
from greenportal.sheets.values import code
from nominations.constants import THIRD_PARTY_MARK
from nominations.eligibility.energies import compared
from nominations.eligibility.facts import ReportFigures, ShareFigure, StatedScore, VerifiedFigure, YearFigure
from nominations.scoring import scored
from nominations.scoring.verifying import verified

Part = tuple[str, Sheet, Mapping[str, Any]]
PERCENT = "%"
#: Percentages that may be negative or pass a hundred: a reduction against the year before.
_OPEN_ENDED = frozenset({"HG2"})
#: Totals of a factory that are asked for the year before as well: row of `last_year` → field.
_LAST_YEAR = {
    "outputvalue": "output_value",
    "output": "output",
    "energytotal": "energy_total",
    "carbontotal": "carbon_total",
    "wastewater": "waste_water",
}
#: Free rows in which an evaluator states what it verified by product, material or pollutant.
_VERIFIED = "verified_rows"
#: Columns of points beside an indicator in percent: no shares themselves.
_POINTS = frozenset({"max_score", "score"})
#: A typed share and its pair of totals: sheet, share, part, whole.
_TYPED = (("park_conditions", "industrial_share", "industrial_value_added", "total_value_added"),)


def report_figures(
    category: str, parts: Sequence[Part], book: Rulebook, *, standard: str, energy: Mapping[str, Any] | None = None
) -> ReportFigures:
    """Return the shares, totals of two years and stated scores of a nomination's sheets; empty where none is filled.

    energy: answers of the table of energy benchmarks, held against the totals of a factory's report.
    """
    report = next((answers for key, _, answers in parts if key == "factory_self"), {})
    return ReportFigures(
        shares=tuple(share for part in parts for share in _shares(*part)),
        years=tuple(figure for part in parts for figure in _years(*part)),
        scores=tuple(_scores(category, parts, book, standard)),
        verified=(*_verified(category, parts), *compared(report, energy or {})),
    )


def _verified(category: str, parts: Sequence[Part]) -> Iterator[VerifiedFigure]:
    answers = {key: given for key, _, given in parts}
    if not answers.get(f"{category}{THIRD_PARTY_MARK}"):
        return
    sheets = {key: sheet for key, sheet, _ in parts}
    explained = [
        row for _, sheet, given in parts if any(s.formula for s in _specs(sheet)) for row in explain(sheet, given)
    ]
    known = {row.path.partition(".")[2]: row for row in explained}
    for pair in verified(explained, sheets, answers, category):
        told = known[pair.key].arithmetic
        yield VerifiedFigure(
            label=pair.label,
            unit=pair.unit,
            computed=pair.own,
            verified=pair.third,
            arithmetic=told if len(told) <= 120 else "",
        )


def _shares(key: str, sheet: Sheet, answers: Mapping[str, Any]) -> Iterator[ShareFigure]:
    for name, share, part, whole in _TYPED:
        value = decimal_of(answers.get(share)) if name == key else None
        if value is not None:
            pair = (decimal_of(answers.get(part)), decimal_of(answers.get(whole)))
            yield ShareFigure(label=sheet.field(share).label, value=value, numerator=pair[0], denominator=pair[1])
    if any(spec.formula and spec.unit == PERCENT for spec in _specs(sheet)):
        yield from (_computed(row) for row in explain(sheet, answers) if row.unit == PERCENT and row.value is not None)
    if key == "factory_self":
        yield from _energy_of_products(answers)
    # What an evaluator states in percent as a plain field.
    for spec in sheet.fields() if key.endswith("_third") else ():
        value = decimal_of(answers.get(spec.key)) if spec.unit == PERCENT and not spec.formula else None
        if value is not None:
            yield ShareFigure(label=f"第三方评价：{spec.label}", value=value)
    for table in sheet.tables():
        yield from _typed_shares(key, table, answers)


def _energy_of_products(answers: Mapping[str, Any]) -> Iterator[ShareFigure]:
    """The products' energy together as a share of the factory's, both in tce: a part is never more than the whole."""
    rows = [row for row in answers.get("energy_products") or () if isinstance(row, Mapping)]
    parts = [value for row in rows if (value := decimal_of(row.get("energy"))) is not None]
    whole = decimal_of(answers.get("energy_total"))
    if parts and whole:
        yield ShareFigure(label="各产品综合能耗占综合能耗", numerator=sum(parts, Decimal(0)), denominator=whole)


def _specs(sheet: Sheet) -> list[Field]:
    return [*sheet.fields(), *(column for table in sheet.tables() for column in table.columns)]


def _computed(row: Explained) -> ShareFigure:
    """A computed share: told with its pair where the formula is one part by one whole."""
    pair = [variable.value for variable in row.variables]
    if len(pair) == 2 and row.formula.endswith("×100"):
        return ShareFigure(label=row.label, value=None, numerator=pair[0], denominator=pair[1])
    return ShareFigure(label=row.label, value=row.value)


def _of(table: Table, row: Mapping[str, str]) -> str:
    """Return what a free row is of: the figure it names and the product, material or pollutant."""
    return f"{table.column('indicator').label_of(row.get('indicator', ''))} {row.get('name', '')}".strip()


def _typed_shares(key: str, table: Table, answers: Mapping[str, Any]) -> Iterator[ShareFigure]:
    party = "第三方评价：" if key.endswith("_third") else ""
    for row in rows_of(table, answers):
        # Of free rows only the evaluator's are shares for sure: it names the applicant's figure that it verified.
        if code(row.get("unit", "")) != PERCENT or (table.fixed_row(row["_id"]) is None and table.key != _VERIFIED):
            continue
        for column in table.columns:
            if column.key in _POINTS:
                continue
            value = decimal_of(row.get(column.key)) if column.is_number else None
            if value is not None:
                of = row.get("item") or _of(table, row)
                label = f"{party}{of}（{column.label}）"
                yield ShareFigure(label=label, value=value, open_ended=row["_id"] in _OPEN_ENDED)


def _years(key: str, sheet: Sheet, answers: Mapping[str, Any]) -> Iterator[YearFigure]:
    if key == "factory_self":
        for row in rows_of(sheet.table("last_year"), answers):
            value, before = decimal_of(answers.get(_LAST_YEAR.get(row["_id"], ""))), decimal_of(row.get("value"))
            if value is not None and before is not None:
                yield YearFigure(label=row["item"], unit=row["unit"], value=value, before=before)
    elif key == "park_self":
        for table in sheet.tables():
            if not table.key.endswith("_yes") and any(column.key == "y3" for column in table.columns):
                yield from _park_years(table, answers)


def _park_years(table: Table, answers: Mapping[str, Any]) -> Iterator[YearFigure]:
    for row in rows_of(table, answers):
        if row["_id"] in _OPEN_ENDED:
            continue
        years: list[Decimal | None] = [decimal_of(row.get(f"y{n}")) for n in (1, 2, 3)]
        for number in (1, 2):
            if years[number] is not None and years[number - 1] is not None:
                label = f"{row['item']}（第{number + 1}年与第{number}年）"
                yield YearFigure(label=label, unit=row["unit"], value=years[number], before=years[number - 1])


def _scores(category: str, parts: Sequence[Part], book: Rulebook, standard: str) -> Iterator[StatedScore]:
    found = scored(category, {key: answers for key, _, answers in parts}, book, standard=standard)
    for report in found.reports if found else ():
        for score in report.scores:
            if score.stated is not None:
                yield StatedScore(
                    label=f"{report.title}{score.title}",
                    party=report.party,
                    stated=score.stated,
                    computed=score.value,
                    arithmetic=score.arithmetic if len(score.arithmetic) <= 120 else "",
                )
