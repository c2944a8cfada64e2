"""The registry and the small types of answers."""

from __future__ import annotations

import pytest

from greenportal.findings import engine
from greenportal.findings.types import ALLOWED, Finding, Outcome, Refused, Severity, denied


@pytest.fixture(autouse=True)
def _registry(monkeypatch):
    monkeypatch.setattr(engine, "_registry", {})


def test_rule_is_found_by_its_id():
    @engine.rule("A")
    def body(facts, book, spec):
        return Finding("A", Outcome.MET, Severity.INFO, "", "")

    assert engine.registered() == {"A": body}


def test_same_id_for_two_functions_is_refused():
    engine.rule("A")(lambda f, b, s: None)
    with pytest.raises(engine.RegisteredTwice):
        engine.rule("A")(lambda f, b, s: None)


def test_same_function_may_register_again():
    def body(facts, book, spec):
        return None

    engine.rule("A")(body)
    assert engine.rule("A")(body) is body


def test_orphans_are_told_on_both_sides():
    engine.rule("A")(lambda f, b, s: None)
    engine.rule("B")(lambda f, b, s: None)
    assert engine.orphans(["A", "C"]) == (["C"], ["B"])


@pytest.mark.parametrize(
    ("outcome", "severity", "blocks", "decides", "is_open"),
    [
        (Outcome.NOT_MET, Severity.BLOCKER, True, False, True),
        (Outcome.NOT_MET, Severity.DECISION, False, True, True),
        (Outcome.NOT_MET, Severity.WARNING, False, False, True),
        (Outcome.MANUAL, Severity.BLOCKER, False, False, True),
        (Outcome.MET, Severity.BLOCKER, False, False, False),
        (Outcome.NOT_APPLICABLE, Severity.DECISION, False, False, False),
    ],
)
def test_finding_says_what_it_means(outcome, severity, blocks, decides, is_open):
    finding = Finding("A", outcome, severity, "通知 一", "因为。", "标题", "办法", {"x": 1})
    assert (finding.blocks, finding.needs_decision, finding.open) == (blocks, decides, is_open)
    assert Finding.from_json(finding.as_json()) == finding


def test_verdicts_combine_to_the_first_refusal():
    assert (ALLOWED & ALLOWED).allowed
    assert (ALLOWED & denied("甲")).reason == "甲"
    assert (denied("甲") & denied("乙")).reason == "甲"
    with pytest.raises(Refused, match="甲"):
        denied("甲").require()
