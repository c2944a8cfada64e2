"""Figures that cannot be, or hardly can: shares above 100 %, ratios against their totals, units slipped, great jumps.

The notice has no such clause: these only warn, each with its arithmetic, so that somebody looks before sending.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from greenportal.sheets.numerals import rounded
from nominations.eligibility.answers import manual, met, not_applicable, not_met, number
from nominations.eligibility.facts import NominationFacts, ReportFigures, ShareFigure, VerifiedFigure, YearFigure

HUNDRED = Decimal(100)
#: A ratio of two years within this of a power of ten looks like a slip of the unit.
_POWERS = tuple(Decimal(10) ** n for n in (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6))


def _rounded(value: Decimal, places: int = 2) -> str:
    return number(rounded(value, places))


def _answer(spec: RuleSpec, checked: int, wrong: Sequence[str], nothing: str, good: str) -> Finding:
    if wrong:
        return not_met(spec, f"{'；'.join(wrong)}。请核对。", count=len(wrong))
    return met(spec, good, checked=checked) if checked else not_applicable(spec, nothing)


def _unknown(spec: RuleSpec) -> Finding:
    return manual(spec, "报告中的指标数据尚未掌握。")


@rule("FIG_SHARE")
def share(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """A share or rate lies between 0 and 100 %: part of a whole is never more than it."""
    if facts.figures is None:
        return _unknown(spec)
    bounded = [row for row in facts.figures.shares if not row.open_ended and _share(row) is not None]
    wrong = [_beyond(row) for row in bounded if not 0 <= (_share(row) or 0) <= HUNDRED]
    return _answer(
        spec, len(bounded), wrong, "没有填写占比、比率类数据。", f"{len(bounded)}项占比、比率在0到100%之间。"
    )


def _share(row: ShareFigure) -> Decimal | None:
    if row.value is not None:
        return row.value
    if row.numerator is None or not row.denominator:
        return None
    return row.numerator / row.denominator * HUNDRED


def _beyond(row: ShareFigure) -> str:
    value = _share(row) or Decimal(0)
    told = f"{row.label}为{_rounded(value)}%"
    if row.numerator is not None and row.denominator:
        told += f"（{number(row.numerator)}÷{number(row.denominator)}×100）"
    return f"{told}，应在0到100%之间"


@rule("FIG_RATIO")
def ratio(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """A stated ratio is its numerator by its denominator; a stated score is what its own rows give."""
    if facts.figures is None:
        return _unknown(spec)
    tolerance = Decimal(str(spec.params.get("tolerance", "0.05")))
    wrong, checked = [], 0
    for row in facts.figures.shares:
        if row.value is None or row.numerator is None or not row.denominator:
            continue
        checked += 1
        due = row.numerator / row.denominator * HUNDRED
        if abs(due - row.value) > tolerance:
            told = f"{number(row.numerator)}÷{number(row.denominator)}×100＝{_rounded(due)}"
            wrong.append(f"{row.label}填写为{number(row.value)}%，按合计{told}%")
    for score in facts.figures.scores:
        if score.stated is None or score.computed is None:
            continue
        checked += 1
        if abs(score.computed - score.stated) > tolerance:
            told = f"{score.arithmetic}＝{_rounded(score.computed)}" if score.arithmetic else _rounded(score.computed)
            wrong.append(f"{score.label}报告所载{number(score.stated)}分，按各项得分为{told}分")
    for figure in facts.figures.verified:
        if figure.computed is None or figure.verified is None:
            continue
        checked += 1
        # Figures of the evaluator may be rounded: what its own last digit leaves open is no difference.
        open_ = max(Decimal(1).scaleb(int(figure.verified.normalize().as_tuple().exponent)) / 2, Decimal(0))
        open_ = max(min(open_, Decimal("0.5")), tolerance if figure.unit == "%" else Decimal(0))
        if abs(figure.verified - figure.computed) > open_:
            wrong.append(_against(figure))
    return _answer(spec, checked, wrong, "没有可以与合计核对的数据。", f"{checked}项数据与合计一致。")


def _against(figure: VerifiedFigure) -> str:
    due = (
        f"{figure.arithmetic}＝{number(figure.computed or Decimal(0))}"
        if figure.arithmetic
        else number(figure.computed or Decimal(0))
    )
    said = figure.stated_by or "第三方评价核实为"
    return f"{figure.label}{said}{number(figure.verified or Decimal(0))}{figure.unit}，按申报单位填写的合计{due}{figure.unit}"


@rule("FIG_UNIT")
def unit(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """A total that is ten, a hundred … times last year's has most likely slipped its unit (吨 and 万吨)."""
    if facts.figures is None:
        return _unknown(spec)
    near = Decimal(str(spec.params.get("near_percent", "25"))) / HUNDRED
    rows = _comparable(facts.figures)
    wrong = [_slipped(row, power) for row, power in ((row, _power(row, near)) for row in rows) if power]
    return _answer(spec, len(rows), wrong, "没有上一年度同口径数据。", f"{len(rows)}项总量没有10倍以上的差别。")


def _comparable(figures: ReportFigures) -> list[YearFigure]:
    return [row for row in figures.years if row.value is not None and row.value > 0 and row.before and row.before > 0]


def _times(row: YearFigure) -> Decimal:
    return (row.value or Decimal(0)) / (row.before or Decimal(1))


def _power(row: YearFigure, near: Decimal) -> Decimal | None:
    times = _times(row)
    return next((power for power in _POWERS if abs(times / power - 1) <= near), None)


def _slipped(row: YearFigure, power: Decimal) -> str:
    told = f"{number(power)}倍" if power > 1 else f"1/{number(1 / power)}"
    return f"{_both(row)}，约为上一年度的{told}，可能是单位不一致"


def _both(row: YearFigure) -> str:
    now, before = number(row.value or Decimal(0)), number(row.before or Decimal(0))
    return f"{row.label}本年{now}{row.unit}，上年{before}{row.unit}（{now}÷{before}＝{_rounded(_times(row), 4)}）"


@rule("FIG_JUMP")
def jump(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """A total that moved by more than the rulebook's percentage against last year wants a word of explanation."""
    if facts.figures is None:
        return _unknown(spec)
    most = Decimal(str(spec.params.get("most_percent", "50")))
    rows = _comparable(facts.figures)
    wrong = list(_moved(rows, most))
    good = f"{len(rows)}项总量比上年变动不超过{number(most)}%。"
    return _answer(spec, len(rows), wrong, "没有上一年度同口径数据。", good)


def _moved(rows: Iterable[YearFigure], most: Decimal) -> Iterable[str]:
    for row in rows:
        change = (_times(row) - 1) * HUNDRED
        if abs(change) > most:
            yield f"{_both(row)}，{'增加' if change > 0 else '减少'}{_rounded(abs(change))}%，超过{number(most)}%"
