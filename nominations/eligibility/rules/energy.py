"""通知 一、（一）第2段: energy level against benchmark or advanced value, and against local peers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.rounds.rulebook import MAY_REFUSE, Benchmark, Rulebook, RuleSpec
from nominations.eligibility.answers import (
    at_least_as_good,
    manual,
    met,
    not_applicable,
    not_met,
    number,
    short,
    unit_key,
)
from nominations.eligibility.facts import EnergyEntry, NominationFacts, PeerFigure

NO_BENCHMARK = "none"


@dataclass(frozen=True, slots=True)
class _Part:
    """What one entry came to."""

    outcome: Outcome
    because: str
    data: dict[str, Any]


@rule("ENERGY")
def energy(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """原则上要达到或优于标杆值; without one the 先进值 of the limit standard; 达到 counts.

    A value that a document sets but we do not hold is 待人工核实 and never falls through.
    """
    if facts.key_energy_user is None:
        return manual(spec, "是否属于重点用能行业尚未认定。", todo="由经办人认定是否属于重点用能行业并写明理由。")
    if not facts.key_energy_user:
        return _not_a_user(facts, book, spec)
    if not facts.energy:
        return manual(spec, "属于重点用能行业，能效数据尚未填写。", todo="逐个产品填写单位产品能耗和单位。")
    parts = [_judge(entry, facts, book) for entry in facts.energy]
    data: dict[str, Any] = {"entries": [part.data | {"outcome": str(part.outcome)} for part in parts]}
    if told := [part.because for part in parts if part.outcome == Outcome.NOT_MET]:
        return not_met(spec, "；".join(told) + "。", **data)
    if told := [part.because for part in parts if part.outcome == Outcome.MANUAL]:
        return manual(spec, "；".join(told) + "。", **data)
    told = [part.because for part in parts]
    if all(part.outcome == Outcome.NOT_APPLICABLE for part in parts):
        return not_applicable(spec, "；".join(told) + "。", **data)
    return met(spec, "；".join(told) + "。", **data)


def _not_a_user(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    rows = book.benchmarks_by_industry.get(facts.industry_code, ())
    if rows and not facts.key_energy_reason.strip():
        return manual(
            spec,
            f"行业{facts.industry_code}在标杆值文件中（{rows[0].area}等），却认定为非重点用能行业，未写理由。",
            todo="核对认定，写明理由。",
            industry_code=facts.industry_code,
        )
    reason = f"：{facts.key_energy_reason}" if facts.key_energy_reason else ""
    return not_applicable(spec, f"经办人认定不属于重点用能行业{reason}。", key_energy_user=False)


def _judge(entry: EnergyEntry, facts: NominationFacts, book: Rulebook) -> _Part:
    """Judge one entry: benchmark, else advanced value, else an explanation is asked."""
    name = entry.product or "该产品"
    data: dict[str, Any] = {"product": entry.product, "unit": entry.unit, "value": _text(entry.value)}
    if entry.value is None:
        return _Part(Outcome.MANUAL, f"{name}的能耗数值尚未填写", data)
    if not entry.unit.strip():
        return _Part(Outcome.MANUAL, f"{name}的能耗单位尚未填写", data)
    row, doubt = _row(entry, facts, book)
    if doubt:
        return _Part(Outcome.MANUAL, f"{name}{doubt}", data)
    if row is not None:
        return _against_row(entry, row, name, data)
    if entry.entered_benchmark is not None and entry.entered_source.strip():
        return _compare(entry, entry.entered_benchmark, f"标杆值（{entry.entered_source}）", name, data)
    return _against_advanced(entry, name, data)


def _row(entry: EnergyEntry, facts: NominationFacts, book: Rulebook) -> tuple[Benchmark | None, str]:
    """Return the benchmark row of an entry, or what hinders finding it; (None, "") means: none is set."""
    key = entry.benchmark_key.strip()
    if key == NO_BENCHMARK:
        return None, ""
    if key:
        found = book.benchmarks_by_key.get(key)
        return (found, "") if found else (None, f"选择的标杆值条目“{key}”不在规则书中，请重新选择")
    if not facts.industry_code:
        return None, "所属行业尚未填写，无法确定是否规定了标杆值"
    rows = book.benchmarks_by_industry.get(facts.industry_code, ())
    named = [candidate for candidate in rows if entry.product and entry.product == candidate.product]
    if len(named) == 1:
        return named[0], ""
    if len(rows) == 1:
        return rows[0], ""
    return (None, "所属行业有多条标杆值，请选择适用的一条，或注明均不适用") if rows else (None, "")


def _against_row(entry: EnergyEntry, row: Benchmark, name: str, data: dict[str, Any]) -> _Part:
    data = data | {"benchmark_key": row.key, "document": row.document, "confidence": str(row.confidence)}
    if row.benchmark is not None and row.confidence in MAY_REFUSE:
        if unit_key(row.unit) != unit_key(entry.unit):
            told = f"{name}的单位为{entry.unit}，标杆值的单位为{row.unit}，请换算后填写"
            return _Part(Outcome.MANUAL, told, data | {"benchmark_unit": row.unit})
        higher = row.direction == "higher_is_better"
        return _compare(entry, row.benchmark, f"标杆值（{row.product}）", name, data, higher=higher)
    if entry.entered_benchmark is not None and entry.entered_source.strip():
        higher = row.direction == "higher_is_better"
        yardstick = f"标杆值（{row.product}，{entry.entered_source}）"
        return _compare(entry, entry.entered_benchmark, yardstick, name, data, higher=higher)
    if row.benchmark is None:
        told = f"{name}：文件规定了“{row.product}”的标杆值，但本系统未收录，请按官方附件填写"
    else:
        told = (
            f"{name}：本系统收录的“{row.product}”标杆值{number(row.benchmark)}{row.unit}未经官方附件核对，请核实后填写"
        )
    return _Part(Outcome.MANUAL, told, data | {"benchmark": _text(row.benchmark)})


def _against_advanced(entry: EnergyEntry, name: str, data: dict[str, Any]) -> _Part:
    if entry.advanced_value is not None and entry.standard_no.strip():
        yardstick = f"{entry.standard_no}先进值"
        return _compare(entry, entry.advanced_value, yardstick, name, data | {"standard": entry.standard_no})
    if entry.advanced_value is not None:
        return _Part(Outcome.MANUAL, f"{name}填写了先进值，但未写明限额标准编号", data)
    if entry.standard_no.strip():
        told = f"{name}未规定标杆值，{entry.standard_no}的先进值尚未填写"
        return _Part(Outcome.MANUAL, told, data | {"standard": entry.standard_no})
    if entry.explanation.strip():
        told = f"{name}没有标杆值和限额标准先进值：{entry.explanation.strip()}"
        return _Part(Outcome.NOT_APPLICABLE, told, data | {"explanation": entry.explanation})
    return _Part(Outcome.MANUAL, f"{name}没有标杆值，也未填写限额标准先进值，请填写先进值或写明原因", data)


def _compare(
    entry: EnergyEntry, yardstick: Decimal, words: str, name: str, data: dict[str, Any], *, higher: bool | None = None
) -> _Part:
    value = entry.value or Decimal(0)
    better_up = entry.higher_is_better if higher is None else higher
    good = at_least_as_good(value, yardstick, higher_is_better=better_up)
    verb = "达到或优于" if good else "未达到"
    told = f"{name}{number(value)}{entry.unit}，{verb}{words}{number(yardstick)}{entry.unit}"
    outcome = Outcome.MET if good else Outcome.NOT_MET
    return _Part(outcome, told, data | {"yardstick": number(yardstick), "yardstick_from": words})


def _text(value: Decimal | None) -> str | None:
    return None if value is None else number(value)


@rule("PEERS")
def peers(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """应优于本地区同行业已有绿色工厂: strictly better than the best. Without figures of peers it only informs.

    Words for officers: `report.for_party` gives others a sentence without any figure or verdict. Below `least`
    peers no place among them is told here either, since findings are printed.
    """
    if not facts.peers:
        return _nothing_to_compare(facts, spec)
    worse: list[str] = []
    unknown: list[str] = []
    better: list[str] = []
    for figure in facts.peers:
        _rank(figure, int(spec.params.get("least", 5)), worse, unknown, better)
    data: dict[str, Any] = {"worse": worse, "unknown": unknown, "better": better}
    if worse:
        return not_met(spec, f"未优于本地区同行业已有绿色工厂：{'；'.join(worse)}。", **data)
    if unknown:
        return manual(spec, f"数据不全，无法对标：{'、'.join(unknown)}。", **data)
    return met(spec, f"优于本地区同行业已有绿色工厂：{'；'.join(better)}。", **data)


def _nothing_to_compare(facts: NominationFacts, spec: RuleSpec) -> Finding:
    """No peers or no data: said so, for a person, never a refusal."""
    if facts.peers is not None:
        return not_applicable(spec, "本地区没有同行业的已有绿色工厂。")
    told = "没有本地区同行业已有绿色工厂的数据，无法对标。"
    if facts.peer_units == 0:
        told = "名录中没有查到本地区同行业已有绿色工厂，请人工核实。"
    elif facts.peer_units:
        told = "名录中有本地区同行业已有绿色工厂，但没有可比数据，请人工核实。"
    return manual(spec, told, severity=Severity.INFO)


def _rank(figure: PeerFigure, least: int, worse: list[str], unknown: list[str], better: list[str]) -> None:
    if figure.value is None or figure.peer is None:
        unknown.append(figure.indicator)
        return
    ahead = figure.value > figure.peer if figure.higher_is_better else figure.value < figure.peer
    told = f"{figure.indicator}{number(short(figure.value))}{figure.unit}"
    if figure.count is not None and figure.count >= least:
        told += f"（与{figure.count}家可比工厂相比居第{figure.rank}位）"
    else:
        told += f"（可比工厂不足{least}家，数值见同行业对标）"
    (better if ahead else worse).append(told)
