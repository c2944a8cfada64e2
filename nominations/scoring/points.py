"""A total of points: Σ of the score of every indicator, each up to its most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from greenportal.rounds.rulebook import EvaluationTable
from nominations.scoring.types import NOT_ENTERED, Line, Score, shown


def points(table: EvaluationTable, scores: Mapping[str, Decimal | None], stated: Decimal | None, title: str) -> Score:
    """Return the sum of the table's points; None while a score is missing, above its most or below zero."""
    lines = tuple(
        Line(
            key=item.code,
            label=item.name,
            unit="分",
            value=scores.get(item.code),
            most=item.max_score,
            part=scores.get(item.code),
            note=NOT_ENTERED if item.max_score is None else "",
        )
        for item in table.items
    )
    if lines and any(item.max_score is None for item in table.items):
        because = f"{NOT_ENTERED}：{table.label}没有各项分值，取报告所载得分。"
        return Score(
            title=title,
            lines=lines,
            stated=stated,
            because=because,
            level=level_of(table, stated),
            source=table.source,
            confidence=table.confidence.label,
        )
    return _total(table, lines, stated, title)


def free_points(
    table: EvaluationTable,
    rows: Sequence[tuple[str, Decimal | None, Decimal | None]],
    stated: Decimal | None,
    title: str,
) -> Score:
    """Return the sum of rows (label, most, score) that the report itself brings, where no table was entered."""
    lines = tuple(
        Line(key=str(number), label=label, unit="分", value=score, most=most, part=score)
        for number, (label, most, score) in enumerate(rows, start=1)
    )
    return _total(table, lines, stated, title)


def _total(table: EvaluationTable, lines: tuple[Line, ...], stated: Decimal | None, title: str) -> Score:
    missing = [line.label for line in lines if line.value is None]
    beyond = [line.label for line in lines if line.value is not None and not _fits(line)]
    most = [line.most for line in lines if line.most is not None]
    because = ""
    if not lines:
        because = f"{NOT_ENTERED}：{table.label}，取报告所载得分。"
    elif beyond:
        because = f"{'、'.join(beyond)}的得分超出分值范围，没有计算。"
    elif missing:
        because = f"尚未填写{_some(missing)}的得分，没有计算。"
    elif table.total is not None and len(most) == len(lines) and sum(most) != table.total:
        because = f"各项最高分值合计{shown(sum(most, Decimal(0)))}，不是{shown(table.total)}，没有计算。"
    value = None if because else sum((line.value for line in lines if line.value is not None), Decimal(0))
    return Score(
        title=title,
        formula="总分＝Σ 各项指标得分",
        arithmetic="" if because else "＋".join(shown(line.value) for line in lines),
        lines=lines,
        value=value,
        stated=stated,
        because=because,
        level=level_of(table, stated if value is None else value),
        source=table.source,
        confidence=table.confidence.label,
    )


def _fits(line: Line) -> bool:
    return line.value is not None and line.value >= 0 and (line.most is None or line.value <= line.most)


def _some(labels: Sequence[str]) -> str:
    return "、".join(labels) if len(labels) <= 3 else f"{'、'.join(labels[:3])}等{len(labels)}项"


def level_of(table: EvaluationTable, value: Decimal | None) -> str:
    """Return the level that a score reaches; empty where the table has none or the score reaches none."""
    if value is None:
        return ""
    reached = [level for level in table.levels if value >= level.least]
    return max(reached, key=lambda level: level.least).label if reached else ""
