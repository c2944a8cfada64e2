"""Every rule at its boundary, missing, unknown and not applicable; and proof that each row of the table counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.findings import engine as registry
from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.rounds import rulebook
from greenportal.sheets import numerals
from nominations.eligibility import engine
from tests.nominations.eligibility.base import BOOK, Case, base, share
from tests.nominations.eligibility.cases import CASES

CATEGORIES = ("factory", "product", "park", "supply_chain")


def answer(case: Case) -> Finding:
    return engine.check_one(case.rule, replace(base(case.category), **case.change), case.book)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.rule}-{c.name}" for c in CASES])
def test_rule(case):
    finding = answer(case)
    assert str(finding.outcome) == case.want, finding.because
    if case.severity:
        assert str(finding.severity) == case.severity
    assert finding.rule == case.rule
    assert finding.clause == BOOK.rules[case.rule].clause
    assert finding.because.endswith("。")
    assert json.loads(json.dumps(finding.as_json(), ensure_ascii=False)) == finding.as_json()


def _constant(outcome: Outcome):
    def body(facts, book, spec):
        return Finding(spec.id, outcome, spec.severity, spec.clause, "固定结论。")

    return body


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("rule_id", sorted(BOOK.rules))
def test_rule_whose_body_is_replaced_by_a_constant_fails_its_table(rule_id, outcome, monkeypatch):
    rows = [case for case in CASES if case.rule == rule_id]
    assert all(str(answer(case).outcome) == case.want for case in rows)
    monkeypatch.setitem(registry._registry, rule_id, _constant(outcome))
    # Rows of other categories are answered by the engine, so they cannot save a deleted body.
    mine = [case for case in rows if BOOK.rules[rule_id].applies_to(case.category)]
    assert any(str(answer(case).outcome) != case.want for case in mine)


@pytest.mark.parametrize("rule_id", sorted(BOOK.rules))
def test_every_rule_has_cases_for_met_not_met_and_unknown(rule_id):
    wants = {case.want for case in CASES if case.rule == rule_id}
    # Signs are for a person to judge: no fact makes them a refusal.
    never = {"not_met"} if rule_id == "INDEPENDENCE_SIGNS" else set()
    assert {"met", "not_met", "manual"} - never <= wants
    assert not never & wants


@pytest.mark.parametrize("category", CATEGORIES)
def test_base_passes_every_rule(category):
    found = engine.evaluate(base(category), BOOK)
    wrong = {f.rule: f.because for f in found if f.open}
    expected = {"PRODUCT"} if category == "product" else set()
    assert set(wrong) == expected


@pytest.mark.parametrize("category", CATEGORIES)
def test_engine_answers_once_per_rule_in_the_order_of_the_rulebook(category):
    assert [f.rule for f in engine.evaluate(base(category), BOOK)] == list(BOOK.rules)


@pytest.mark.parametrize("category", CATEGORIES)
def test_facts_of_which_nothing_is_known_are_never_met_and_never_refused(category):
    blank = type(base())(ref="空", category=category, as_of=base().as_of)
    found = engine.evaluate(blank, BOOK)
    assert {str(f.outcome) for f in found} <= {"manual", "not_applicable"}
    assert not any(f.blocks or f.needs_decision for f in found)


#: The largest and the smallest number that a form reads.
LARGE, SMALL = Decimal("9" * numerals.MAX_DIGITS), Decimal("0." + "0" * (numerals.MAX_DIGITS - 2) + "1")


def _every_decimal(value: Any, turn: Iterator[Decimal]) -> Any:
    """Return the facts with each decimal in them replaced by the next of `turn`."""
    if isinstance(value, Decimal):
        return next(turn)
    if isinstance(value, tuple):
        return tuple(_every_decimal(item, turn) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _every_decimal(getattr(value, f.name), turn) for f in fields(value)})
    return value


@pytest.mark.parametrize("order", [(LARGE,), (SMALL,), (LARGE, SMALL), (SMALL, LARGE)])
@pytest.mark.parametrize("rule_id", sorted(BOOK.rules))
def test_every_rule_answers_on_the_longest_figures_that_a_form_takes(rule_id, order):
    for case in (case for case in CASES if case.rule == rule_id):
        known = _every_decimal(replace(base(case.category), **case.change), cycle(order))
        assert engine.check_one(rule_id, known, case.book).because


def test_control_rounding_in_pythons_own_context_raises_on_them(monkeypatch):
    monkeypatch.setattr(numerals, "_ROUNDING", 28)
    with pytest.raises(InvalidOperation):
        engine.check_one("FIG_SHARE", replace(base(), **share(value=LARGE)), BOOK)


def test_category_that_the_year_does_not_have_is_refused():
    with pytest.raises(engine.UnknownCategory):
        engine.evaluate(replace(base(), category="product"), rulebook.load("2023"))


def _with_confidence(rule_id, confidence):
    raw = BOOK.as_json()
    for row in raw["rules"]:
        if row["id"] == rule_id:
            row["confidence"] = confidence
    return rulebook.from_json(raw)


@pytest.mark.parametrize(
    ("confidence", "blocks", "severity"),
    [("official", True, "blocker"), ("high", True, "blocker"), ("medium", False, "warning"), ("low", False, "warning")],
)
def test_only_a_sure_source_refuses(confidence, blocks, severity):
    facts = replace(base("park"), park=replace(base("park").park, level="below"))
    finding = engine.check_one("PARK_LEVEL", facts, _with_confidence("PARK_LEVEL", confidence))
    assert (finding.outcome, finding.blocks, str(finding.severity)) == (Outcome.NOT_MET, blocks, severity)
    assert ("尚未与官方原文核对" in finding.because) is not blocks


def test_number_of_the_rulebook_moves_the_boundary():
    raw = BOOK.as_json()
    for row in raw["numbers"]:
        if row["key"] == "park_industrial_share":
            row["value"] = "60"
    finding = engine.check_one("PARK_SHARE", base("park"), rulebook.from_json(raw))
    assert finding.because == "工业增加值占比50.01%，未超过60%。"


def test_energy_sentence_names_value_unit_and_yardstick():
    finding = engine.check_one("ENERGY", base(), BOOK)
    assert finding.because == "硅铁1700kgce/t，达到或优于标杆值（硅铁）1770kgce/t。"
    assert finding.data["entries"][0] == {
        "product": "硅铁",
        "unit": "kgce/t",
        "value": "1700",
        "benchmark_key": "1609-42",
        "document": "1609",
        "confidence": "high",
        "yardstick": "1770",
        "yardstick_from": "标杆值（硅铁）",
        "outcome": "met",
    }


def test_energy_of_several_products_is_as_bad_as_its_worst():
    good, bad = base().energy[0], replace(base().energy[0], product="高碳铬铁", value=rulebook.load("2022").cap + 999)
    finding = engine.check_one("ENERGY", replace(base(), energy=(good, bad)), BOOK)
    assert finding.outcome == Outcome.NOT_MET
    unknown = replace(good, value=None)
    assert engine.check_one("ENERGY", replace(base(), energy=(good, unknown)), BOOK).outcome == Outcome.MANUAL


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_park_share_is_met_exactly_above_fifty(share):
    facts = replace(base("park"), park=replace(base("park").park, industrial_share=share))
    assert (engine.check_one("PARK_SHARE", facts, BOOK).outcome == Outcome.MET) is (share > 50)


@given(st.integers(0, 40), st.integers(0, 40))
def test_cap_is_over_exactly_from_sixteen(ordinal, group):
    engaged = replace(base().engagement, ordinal=ordinal, group_count=group, over_cap=None)
    finding = engine.check_one("CAP", replace(base(), engagement=engaged), BOOK)
    assert (finding.outcome == Outcome.NOT_MET) is (ordinal > 15)


def test_summary_counts_blockers_decisions_and_questions():
    found = [
        Finding("A", Outcome.NOT_MET, Severity.BLOCKER, "", ""),
        Finding("B", Outcome.NOT_MET, Severity.DECISION, "", ""),
        Finding("C", Outcome.MANUAL, Severity.BLOCKER, "", ""),
        Finding("D", Outcome.MET, Severity.BLOCKER, "", ""),
        Finding("E", Outcome.NOT_MET, Severity.WARNING, "", ""),
    ]
    assert engine.summary(found) == {"blockers": 1, "decisions": 1, "manual": 1, "met": 1}


def test_facts_hash_follows_facts_and_not_the_day():
    facts = base()
    assert engine.facts_hash(facts) == engine.facts_hash(replace(facts, as_of=facts.as_of.replace(day=1)))
    assert engine.facts_hash(facts) != engine.facts_hash(replace(facts, standard="GB/T 1"))
    assert len(engine.facts_hash(facts)) == 64


def _signs(**change):
    return engine.check_one("INDEPENDENCE_SIGNS", replace(base(), **change), BOOK).because


def test_signs_name_what_was_compared_and_what_one_side_does_not_tell():
    told = _signs(independence=replace(base().independence, self_authors=("丁试",), third_authors=("戊试",)))
    assert told == (
        "比对统一社会信用代码、法定代表人、联系电话、电子邮箱、编写人与机构人员、自评价报告文档信息、两份报告的文档作者、"
        "已认定的关联关系，未发现独立性线索。"
    )
    blank = _signs(evaluator=replace(base().evaluator, legal_representative=""))
    assert blank == (
        "比对统一社会信用代码、联系电话、电子邮箱、编写人与机构人员、自评价报告文档信息、已认定的关联关系，"
        "未发现独立性线索；法定代表人、两份报告的文档作者缺少一方信息，未比对。"
    )


@pytest.mark.parametrize(("side", "rest"), [("甲", ""), ("", "法定代表人缺少一方信息，未比对。")])
def test_a_blank_representative_is_not_said_to_be_compared(side, rest):
    finding = engine.check_one("INDEPENDENCE", replace(base(), legal_representative=side), BOOK)
    assert finding.because == f"声明评价机构未参与自评价报告编写。{rest}"
