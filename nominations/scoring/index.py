"""绿色指数 GI: the mean of ratios of indicators to their reference values (引领值), times 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from decimal import Decimal

from greenportal.rounds.booktypes import WEIGHTINGS
from greenportal.rounds.rulebook import EvaluationItem, EvaluationTable
from nominations.scoring.types import NOT_ENTERED, Line, Score, shown

_FORMULAS = {
    "groups": "GI＝各组比值平均数的平均×100",
    "plain": "GI＝全部选用指标比值的平均×100",
}


def green_index(
    table: EvaluationTable,
    values: Mapping[str, Decimal | None],
    chosen: Set[str],
    stated: Decimal | None,
    title: str,
) -> Score:
    """Return GI of one year by the table's reading, and by the other one beside it.

    values: by code; yes/no indicators 1 or 0; chosen: codes of optional ones that are used. Computed only when
    every required indicator has a ratio and each pool has exactly as many chosen ones as it asks.
    """
    used = [item for item in table.items if not item.pool or item.code in chosen]
    lines = tuple(_line(table, item, values.get(item.code)) for item in used)
    because = _pools(table, chosen) or _missing(lines)
    if not table.items:
        because = f"{NOT_ENTERED}：{table.label}，取报告所载得分。"
    if because:
        return Score(
            title=title,
            formula=_FORMULAS[table.weighting],
            lines=lines,
            stated=stated,
            because=because,
            source=table.source,
            confidence=table.confidence.label,
        )
    ratios = {item.code: line.part for item, line in zip(used, lines, strict=True) if line.part is not None}
    by_reading = {"groups": _by_groups(table, used, ratios), "plain": _mean(list(ratios.values())) * 100}
    other = next(key for key in WEIGHTINGS if key != table.weighting)
    return Score(
        title=title,
        formula=_FORMULAS[table.weighting],
        arithmetic=_arithmetic(table, used, ratios),
        lines=lines,
        value=by_reading[table.weighting],
        stated=stated,
        because="",
        other=(WEIGHTINGS[other], by_reading[other]),
        reading=f"{WEIGHTINGS[table.weighting]}，{table.reading_source or '规则书的初始设定'}",
        source=table.source,
        confidence=table.confidence.label,
    )


def _line(table: EvaluationTable, item: EvaluationItem, value: Decimal | None) -> Line:
    base = Line(key=item.code, label=item.name, unit=item.unit, value=value, most=item.reference_value)
    if value is None:
        return replace(base, note="尚未填写")
    if item.yes_no:
        return replace(base, part=value, arithmetic=f"{shown(value)}（{item.reference}记1，否则记0）")
    if item.reference_value is None:
        return replace(base, note=NOT_ENTERED)
    top, bottom = (
        (item.reference_value, value) if item.direction == "lower_is_better" else (value, item.reference_value)
    )
    if bottom <= 0:
        return replace(base, note="数值不大于0，比值无法计算，请人工核实")
    ratio = top / bottom
    text = f"{shown(top, 4)}÷{shown(bottom, 4)}＝{shown(ratio, 4)}"
    if table.cap_ratio and ratio > 1:
        return replace(base, part=Decimal(1), arithmetic=f"{text}，大于1的按1计")
    return replace(base, part=ratio, arithmetic=text)


def _pools(table: EvaluationTable, chosen: Set[str]) -> str:
    told = []
    for pool in dict.fromkeys(item.pool for item in table.items if item.pool):
        members = [item for item in table.items if item.pool == pool]
        have = len([item for item in members if item.code in chosen])
        if have != members[0].choose:
            told.append(f"{members[0].requirement}，已选{have}项")
    return f"可选指标应按要求选用：{'；'.join(told)}。没有计算。" if told else ""


def _missing(lines: Sequence[Line]) -> str:
    left = [line.label for line in lines if line.part is None]
    if not left:
        return ""
    named = "、".join(left) if len(left) <= 3 else f"{'、'.join(left[:3])}等{len(left)}项"
    return f"{named}没有可用的数值，没有计算。"


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _grouped(
    table: EvaluationTable, used: Sequence[EvaluationItem], ratios: Mapping[str, Decimal]
) -> dict[str, list[Decimal]]:
    found = {key: [ratios[item.code] for item in used if item.group == key] for key in table.groups}
    return {key: values for key, values in found.items() if values}


def _by_groups(table: EvaluationTable, used: Sequence[EvaluationItem], ratios: Mapping[str, Decimal]) -> Decimal:
    return _mean([_mean(values) for values in _grouped(table, used, ratios).values()]) * 100


def _arithmetic(table: EvaluationTable, used: Sequence[EvaluationItem], ratios: Mapping[str, Decimal]) -> str:
    grouped = _grouped(table, used, ratios)
    if table.weighting == "plain":
        return f"（{shown(sum(ratios.values(), Decimal(0)), 4)}÷{len(ratios)}）×100"
    means = "＋".join(f"{table.groups[key].label}{shown(_mean(values), 4)}" for key, values in grouped.items())
    return f"（{means}）÷{len(grouped)}×100"
