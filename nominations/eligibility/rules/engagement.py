"""通知 二、第1段 and 末2段: independence, sanctions, and the cap on evaluations."""

from __future__ import annotations

from datetime import date
from typing import Any

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding, Severity
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met, not_applicable, not_met, spoken
from nominations.eligibility.facts import EngagementFacts, IndependenceFacts, NominationFacts, SanctionFact

UNKNOWN = EngagementFacts()
NOTHING_TOLD = IndependenceFacts()


@rule("INDEPENDENCE")
def independence(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """与申报主体自我评价活动保持独立性，不参与自我评价报告编写."""
    evaluator = facts.evaluator
    wrote = (facts.engagement or UNKNOWN).wrote_self_report
    if evaluator and evaluator.uscc and evaluator.uscc == facts.uscc:
        return not_met(spec, "评价机构与申报单位为同一法人。", uscc=facts.uscc)
    if wrote:
        return not_met(spec, "评价机构参与了自评价报告编写。", wrote_self_report=True)
    told = facts.independence or NOTHING_TOLD
    if wrote is None and (told.applicant_declared, told.evaluator_declared) != (True, True):
        return manual(spec, _undeclared(told))
    theirs, ours = _folded(evaluator.legal_representative if evaluator else ""), _folded(facts.legal_representative)
    if theirs and theirs == ours:
        return manual(spec, "评价机构与申报单位的法定代表人同名，请核实独立性。")
    rest = "" if theirs and ours else "法定代表人缺少一方信息，未比对。"
    if wrote is None:
        return met(spec, f"申报单位和评价机构均声明评价机构未参与自评价报告编写。{rest}", declared=True)
    return met(spec, f"声明评价机构未参与自评价报告编写。{rest}", wrote_self_report=False)


def _folded(name: str) -> str:
    return "".join(name.split())


def _undeclared(told: IndependenceFacts) -> str:
    """Say who has not declared, or who declares that the evaluator took part: for a person, never a refusal by itself."""
    sides = {"申报单位": told.applicant_declared, "评价机构": told.evaluator_declared}
    took_part = [name for name, word in sides.items() if word is False]
    if took_part:
        return f"{'、'.join(took_part)}声明评价机构参与了自评价报告编写，请核实独立性。"
    silent = [name for name, word in sides.items() if word is None]
    return f"{'、'.join(silent)}尚未声明评价机构是否参与自评价报告编写。"


@rule("REPORT_HANDS")
def report_hands(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """不参与自我评价报告编写: the same author, contact or phone in both reports is for a person. Nobody is named here."""
    hands = facts.hands
    if hands is None:
        return manual(spec, "两份报告的编制人和联系人尚不清楚。", severity=Severity.INFO)
    if not (hands.third_names or hands.third_phones):
        return not_applicable(spec, "第三方评价报告的编制人和联系方式尚未填写。")
    same = [
        word
        for word, mine, theirs in (
            ("联系人或编制人同名", hands.self_names, hands.third_names),
            ("联系电话相同", hands.self_phones, hands.third_phones),
        )
        if set(mine) & set(theirs)
    ]
    if same:
        return not_met(
            spec, f"自评价和第三方评价{'、'.join(same)}，请核实评价机构是否参与了自评价报告编写。", same=len(same)
        )
    return met(spec, "自评价和第三方评价的联系人、编制人和电话不同。")


@rule("SANCTION")
def sanction(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """三年内不予采信. A report dated before the sanction is for a person; one dated within it is refused."""
    evaluator = facts.evaluator
    if evaluator is None or not (evaluator.name or evaluator.uscc):
        return manual(spec, "第三方评价机构尚未填写，填写后核查。")
    if evaluator.sanctions is None:
        return manual(spec, "尚未核对评价机构是否在不予采信期内。")
    told_on = (facts.engagement or UNKNOWN).report_on
    # A day to come is no report yet: typed by mistake or to escape, it must not switch a running sanction off.
    report = told_on if told_on is not None and told_on <= facts.as_of else None
    for row in evaluator.sanctions:
        running = _runs(row, facts)
        during = report is not None and row.verified_on <= report < _ends(row) and row.verified_on <= facts.as_of
        data: dict[str, Any] = {"verified_on": row.verified_on.isoformat(), "until": row.until.isoformat()}
        data["document"] = row.document_no
        if during or (running and report is None):
            told = f"{evaluator.name}自{spoken(row.verified_on)}起至{spoken(row.until)}（不含）不予采信"
            return not_met(spec, f"{told}（{row.document_no or '依据文号未填'}）。", **data)
        if running and report is not None and report < row.verified_on:
            told = f"{evaluator.name}现不予采信，报告日期{spoken(report)}早于查实日期{spoken(row.verified_on)}，请人工判断。"
            return manual(spec, told, **data)
    return met(spec, f"{evaluator.name}在{spoken(facts.as_of)}没有不予采信记录。", sanctions=len(evaluator.sanctions))


def _ends(row: SanctionFact) -> date:
    """Return the first day that the sanction no longer covers: its end, or the day it was lifted."""
    return min(row.until, row.lifted_on) if row.lifted_on else row.until


def _runs(row: SanctionFact, facts: NominationFacts) -> bool:
    return row.verified_on <= facts.as_of < _ends(row)


@rule("ENGAGEMENT")
def engagement(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """The named evaluator confirms that it did this evaluation; silence and dispute wait for a person."""
    state = (facts.engagement or UNKNOWN).state
    if state in {"confirmed", "upheld"}:
        told = "评价机构已确认该评价项目。" if state == "confirmed" else "市局已认定该评价项目有效。"
        return met(spec, told, state=state)
    if state in {"void", "withdrawn"}:
        told = "市局已认定该评价项目不成立。" if state == "void" else "该评价项目已撤回。"
        return not_met(spec, told, state=state)
    waits = {"claimed": "评价机构尚未确认该评价项目。", "disputed": "评价机构对该评价项目有异议，等待市局认定。"}
    return manual(spec, waits.get(state or "", "评价项目尚未登记。"), state=state)


@rule("CAP")
def cap(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """At most 15 per legal person with affiliates, over the national batch; we see only our own part."""
    if facts.category not in book.cap_rule.counts:
        return not_applicable(spec, "本类别不计入评价项目上限。")
    row = facts.engagement or UNKNOWN
    limit = book.cap_rule.limit
    data: dict[str, Any] = {
        "limit": limit,
        "ordinal": row.ordinal,
        "group_count": row.group_count,
        "elsewhere": row.declared_elsewhere,
    }
    if row.over_cap or (row.over_cap is None and row.ordinal is not None and row.ordinal > limit):
        told = f"评价机构及其关联单位本批次评价项目超过{limit}项，本项为第{row.ordinal or '—'}项。"
        return not_met(spec, told, **data)
    if row.group_count is None:
        return manual(spec, "评价机构本批次的评价项目数尚不清楚。", **data)
    if row.group_count > limit and row.over_cap is None and row.ordinal is None:
        return manual(
            spec, f"评价机构及其关联单位本批次评价项目{row.group_count}项，超过{limit}项，本项是否超出待定。", **data
        )
    elsewhere = row.declared_elsewhere or 0
    if elsewhere and elsewhere + row.group_count > limit:
        told = f"本系统内{row.group_count}项，加上机构申报的系统外{elsewhere}项，超过{limit}项，请核实。"
        return manual(spec, told, **data)
    note = "" if row.declared_elsewhere is not None else "，系统外项目数机构未申报"
    return met(spec, f"评价机构及其关联单位在本系统内共{row.group_count}项，本项未超出{limit}项上限{note}。", **data)
