"""通知 二、（一）至（五）: who may evaluate. An evaluator that has not registered never blocks."""

from __future__ import annotations

from typing import Any

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import Place, every, manual, met, not_met, place, spoken, yes_no
from nominations.eligibility.facts import EvaluatorFacts, NominationFacts


def known(facts: NominationFacts, spec: RuleSpec) -> tuple[EvaluatorFacts, Finding | None]:
    """Return the evaluator's facts, and the answer that ends the matter when they cannot be used."""
    evaluator = facts.evaluator
    if evaluator is None or not (evaluator.name or evaluator.uscc):
        return EvaluatorFacts(), manual(spec, "第三方评价机构尚未填写，填写后核查。")
    if evaluator.registered is False:
        named = evaluator.name or evaluator.uscc
        return evaluator, manual(spec, f"{named}尚未在本系统登记，条件待核实。", evaluator=named)
    return evaluator, None


@rule("EV_NAMED")
def ev_named(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """A third party evaluates factories, parks and supply chains; the applicant chooses it."""
    if facts.evaluator is None:
        return manual(spec, "第三方评价机构情况不明。")
    named = facts.evaluator.name or facts.evaluator.uscc
    if not named:
        return not_met(spec, "未填写第三方评价机构。")
    return met(spec, f"第三方评价机构为{named}。", evaluator=named)


@rule("E1")
def e1(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """境内注册并具有独立法人资格: enterprise, institution or association alike."""
    evaluator, answer = known(facts, spec)
    return answer or yes_no(
        spec,
        evaluator.registered_in_china,
        good=f"{evaluator.name}在境内注册并具有独立法人资格。",
        bad=f"{evaluator.name}不是境内注册的独立法人。",
        unknown="是否在境内注册并具有独立法人资格尚未填写。",
    )


@rule("E2")
def e2(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """具有开展相关评价的经验和能力: the evaluator's word, or a record on file."""
    evaluator, answer = known(facts, spec)
    if answer:
        return answer
    if evaluator.has_experience is None and evaluator.latest_record_on is not None:
        return met(spec, f"有评价业绩，最近一项为{spoken(evaluator.latest_record_on)}。")
    return yes_no(
        spec,
        evaluator.has_experience,
        good="具有开展相关评价的经验和能力。",
        bad="不具有开展相关评价的经验和能力。",
        unknown="评价经验和能力尚未填写。",
    )


@rule("E3")
def e3(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """固定的办公场所 and 健全的财务管理制度: both."""
    evaluator, answer = known(facts, spec)
    return answer or yes_no(
        spec,
        every([evaluator.has_office, evaluator.has_finance_system]),
        good="具有固定的办公场所和健全的财务管理制度。",
        bad="缺少固定的办公场所或健全的财务管理制度。",
        unknown="办公场所或财务管理制度情况尚未填写。",
    )


@rule("E4")
def e4(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """At least 10 full-time staff of intermediate title or above, at least 5 *of them* senior; persons."""
    evaluator, answer = known(facts, spec)
    if answer:
        return answer
    middle, senior = evaluator.staff_intermediate, evaluator.staff_senior
    least_middle = int(book.numbers["staff_intermediate"].value)
    least_senior = int(book.numbers["staff_senior"].value)
    data: dict[str, Any] = {"intermediate": middle, "senior": senior}
    if middle is not None and middle < least_middle:
        return not_met(spec, f"中级职称以上专职人员{middle}人，少于{least_middle}人。", **data)
    if senior is not None and senior < least_senior:
        return not_met(spec, f"相关专业高级职称人员{senior}人，少于{least_senior}人。", **data)
    if middle is None or senior is None:
        return manual(spec, "评价机构人员数尚未填写。", **data)
    if senior > middle:
        told = f"高级职称{senior}人多于中级以上{middle}人，高级应包含在中级以上之内，请核对。"
        return manual(spec, told, **data)
    return met(spec, f"中级职称以上专职人员{middle}人，其中相关专业高级职称{senior}人。", **data)


@rule("E5")
def e5(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """遵守法规和评价程序，熟悉政策和标准规范."""
    evaluator, answer = known(facts, spec)
    return answer or yes_no(
        spec,
        evaluator.knows_rules,
        good="评价机构声明人员遵守法规程序、熟悉政策标准。",
        bad="评价机构人员不符合遵守法规程序、熟悉政策标准的要求。",
        unknown="人员遵守法规程序、熟悉政策标准的声明尚未填写。",
    )


@rule("E6")
def e6(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """All three fields, and a record in the last five years."""
    evaluator, answer = known(facts, spec)
    if answer:
        return answer
    if evaluator.covers_three_fields is False:
        return not_met(spec, "不具备绿色工厂、绿色工业园区、绿色供应链等领域的评价能力。")
    if evaluator.latest_record_on is None or evaluator.covers_three_fields is None:
        return manual(spec, "评价领域或近五年业绩尚未填写。")
    day = evaluator.latest_record_on
    where = place(day, book.windows[spec.window], facts.as_of)
    if where == Place.BEFORE:
        return not_met(spec, f"最近一项业绩为{spoken(day)}，不在近五年内。", latest=day.isoformat())
    if where in {Place.DOUBTFUL, Place.FUTURE}:
        return manual(spec, f"最近一项业绩日期{spoken(day)}是否在近五年内需要核实。", latest=day.isoformat())
    return met(spec, f"具备三个领域的评价能力，最近一项业绩为{spoken(day)}。", latest=day.isoformat())
