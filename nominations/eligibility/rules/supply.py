"""通知 一、（四) supply chains, and the unscored basic requirements of 一、（二）至（四）."""

from __future__ import annotations

from collections.abc import Mapping

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met, not_applicable, not_met, yes_no
from nominations.eligibility.facts import NominationFacts, SupplyChainFacts

UNKNOWN = SupplyChainFacts()


@rule("SUPPLY_SYSTEM")
def supply_system(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Electronics, machinery and automobile use their own indicator systems, all others that of 586号."""
    chain = facts.supply_chain or UNKNOWN
    if not chain.system:
        return manual(spec, "适用评价指标体系尚未选择。")
    chosen = book.supply_systems.get(chain.system)
    if chosen is None:
        return not_met(spec, f"评价指标体系“{chain.system}”不在规则书中。", system=chain.system)
    if not chain.industry_group:
        return manual(spec, f"已选{chosen.label}，企业属于哪个行业尚未由经办人认定。", system=chain.system)
    due = book.supply_systems.get(chain.industry_group)
    if due is None:
        return manual(spec, f"行业类别“{chain.industry_group}”无法识别，请重新选择。", system=chain.system)
    if chosen is not due:
        return not_met(spec, f"应适用{due.label}，现选{chosen.label}。", system=chain.system, due=chain.industry_group)
    return met(spec, f"适用{chosen.label}。", system=chain.system)


@rule("SUPPLY_LEAD")
def supply_lead(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """在产业链发挥主导作用的链主企业: the notice sets no measure, an officer's word with grounds."""
    return yes_no(
        spec,
        (facts.supply_chain or UNKNOWN).leading,
        good="属于在产业链发挥主导作用的链主企业。",
        bad="不属于在产业链发挥主导作用的链主企业。",
        unknown="是否为链主企业尚未认定。",
    )


@rule("BASIC")
def basic(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """基本要求: every mandatory one must be met; encouraged ones are not asked here."""
    wanted = {
        item.no: item.text
        for item in book.basic_requirements.values()
        if item.category == facts.category and item.mandatory
    }
    if not wanted:
        return not_applicable(spec, "规则书没有收录本类别的基本要求。")
    if facts.basic is None:
        return manual(spec, "基本要求符合情况尚未填写。")
    answers = {answer.no: answer.met for answer in facts.basic}
    failed = [no for no in wanted if answers.get(no) is False]
    open_ = [no for no in wanted if answers.get(no) is None]
    if failed:
        told = "；".join(f"第{no}条 {wanted[no]}" for no in failed)
        return not_met(spec, f"不符合基本要求：{told}。", failed=failed)
    if against := _evaluators(facts, wanted):
        return not_met(spec, f"第三方评价判为不符合基本要求：{'；'.join(against)}。", third=against)
    if open_:
        return manual(spec, f"基本要求第{'、'.join(map(str, open_))}条尚未填写。", open=open_)
    return met(spec, f"{len(wanted)}条基本要求均符合。", count=len(wanted))


def _evaluators(facts: NominationFacts, wanted: Mapping[int, str]) -> list[str]:
    """Say what the evaluator judged 不符合: mandatory rows by number, or its word on the whole (0)."""
    failed = [answer.no for answer in facts.third_basic if answer.met is False]
    rows = [f"第{no}条 {wanted[no]}" for no in failed if no in wanted]
    return rows or (["评价结果填写为不符合"] if 0 in failed else [])
