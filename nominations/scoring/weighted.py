"""A total of first-level scores by weight: Σ weight × score ÷ 100."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from greenportal.rounds.rulebook import EvaluationTable
from nominations.scoring.types import NOT_ENTERED, Line, Score, shown

HUNDRED = Decimal(100)


def weighted(table: EvaluationTable, scores: Mapping[str, Decimal | None], stated: Decimal | None, title: str) -> Score:
    """Return the weighted total of the scores of the groups (each out of 100); None while a score or weight is missing.

    Every group counts: a total of some of them would be no total.
    """
    lines = tuple(_line(key, group.label, group.weight, scores.get(key)) for key, group in table.groups.items())
    unweighted = [group.label for group in table.groups.values() if group.weight is None]
    missing = [line.label for line in lines if line.value is None]
    above = [line.label for line in lines if line.value is not None and not 0 <= line.value <= HUNDRED]
    because = ""
    if not table.groups or unweighted:
        because = f"{NOT_ENTERED}：{'、'.join(unweighted) or table.label}，取报告所载得分。"
    elif above:
        because = f"{'、'.join(above)}的得分不在0到100之间，没有计算。"
    elif missing:
        because = f"尚未填写{'、'.join(missing)}的得分，没有计算。"
    parts = [line.part for line in lines if line.part is not None]
    whole = not because
    return Score(
        title=title,
        formula="总分＝Σ（一级指标权重×该部分得分÷100）",
        arithmetic="＋".join(line.arithmetic for line in lines) if whole else "",
        lines=lines,
        value=sum(parts, Decimal(0)) if whole else None,
        stated=stated,
        because=because,
        source=table.source,
        confidence=table.confidence.label,
    )


def _line(key: str, label: str, weight: Decimal | None, score: Decimal | None) -> Line:
    if weight is None or score is None:
        return Line(key=key, label=label, unit="分", value=score, most=weight)
    part = weight * score / HUNDRED
    return Line(
        key=key,
        label=label,
        unit="分",
        value=score,
        most=weight,
        part=part,
        arithmetic=f"{shown(weight)}×{shown(score, 4)}÷100",
    )
