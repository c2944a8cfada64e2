"""What the reports themselves judge 不符合: 一般要求 and 必选 of a factory, the rows of a product's standard, its LCA.

The notice refers to the evaluation requirements and standards without saying what one failed row means: an officer
decides in writing, or is reminded. A report that was only uploaded leaves its form empty: that is for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding, Severity
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met, not_met
from nominations.eligibility.facts import NominationFacts, ProductFacts, RequirementAnswer

PARTIES = {"self": "自评价", "third": "第三方评价"}
_UNFILLED = "系统中的评价表尚未填写，请按上传的报告核实。"
_UNKNOWN = ProductFacts()


def _unfilled(spec: RuleSpec, what: str) -> Finding:
    return manual(spec, f"{what}：{_UNFILLED}", severity=Severity.INFO)


def _named(rows: Iterable[RequirementAnswer]) -> str:
    by_party = {party: [row.label for row in rows if row.party == party] for party in PARTIES}
    return "；".join(f"{PARTIES[party]}：{'、'.join(labels)}" for party, labels in by_party.items() if labels)


def _judged(spec: RuleSpec, rows: Sequence[RequirementAnswer], what: str) -> Finding:
    failed = [row for row in rows if row.met is False]
    if failed:
        return not_met(
            spec, f"{what}有{len(failed)}处判为不符合（{_named(failed)}）。", failed=[r.label for r in failed]
        )
    return met(spec, f"报告中已判定的{len(rows)}处{what}均为符合。", count=len(rows))


@rule("GENERAL")
def general(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """一般要求: no score; one 不符合, of the applicant or of the evaluator, is a veto."""
    if facts.general is None:
        return _unfilled(spec, "一般要求")
    return _judged(spec, facts.general, "一般要求")


@rule("MUSTS")
def musts(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """必选 rows of the six first-level indicators."""
    if facts.musts is None:
        return _unfilled(spec, "必选要求")
    return _judged(spec, facts.musts, "必选要求")


@rule("PRODUCT_ROWS")
def product_rows(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Every indicator of the standard, for every model: judged 不符合, against its own figures, or left out."""
    product = facts.product or _UNKNOWN
    rows = product.requirements
    if rows is None:
        return _unfilled(spec, "指标要求")
    failed = [row for row in rows if row.met is False or row.computed is False]
    if failed:
        return not_met(spec, f"指标要求不符合：{'；'.join(map(_why, failed))}。", failed=[r.label for r in failed])
    against = [row for row in rows if row.met is None]
    doubts = [f"{row.label}尚未判定" for row in against] + _models(product, rows)
    if doubts:
        return manual(spec, f"指标要求不全：{'；'.join(doubts)}。", doubts=doubts)
    return met(spec, f"{len(rows)}行指标要求均判为符合。", count=len(rows))


def _why(row: RequirementAnswer) -> str:
    figures = f"（{row.arithmetic}）" if row.arithmetic else ""
    if row.met and row.computed is False:
        return f"{row.label}判为符合，按所填数值不符合{figures}"
    return f"{row.label}{figures}"


def _models(product: ProductFacts, rows: Sequence[RequirementAnswer]) -> list[str]:
    """Say which models an indicator leaves out, and which rows name a model that is not nominated."""
    told = [f"{row.label}的型号不在申报的产品型号中" for row in rows if row.model and row.model not in product.models]
    for indicator in dict.fromkeys(row.indicator for row in rows):
        of_it = {row.model for row in rows if row.indicator == indicator}
        if "" in of_it:
            continue
        if left := [model for model in product.models if model not in of_it]:
            told.append(f"{indicator}缺少型号{'、'.join(left)}")
    return told


@rule("LCA")
def lca(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """生命周期评价报告: said to be made or not."""
    done = (facts.product or _UNKNOWN).lca_done
    if done is None:
        return _unfilled(spec, "生命周期评价")
    return met(spec, "已编制生命周期评价报告。") if done else not_met(spec, "填写为未编制生命周期评价报告。")
