"""Incidents on record and the exclusions EX2 and EX6: verified ones of the two sites decide, all others ask."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from greenportal.rounds import rulebook
from nominations.eligibility import facts as f
from nominations.eligibility.engine import evaluate
from tests.nominations.eligibility.base import BOOK, base

WINDOW = BOOK.windows["three_years"]
INSIDE = date(2022, 5, 20)


def finding(rule: str, *incidents: f.IncidentRecord):
    facts = replace(base("factory"), incidents=incidents)
    return next(item for item in evaluate(facts, BOOK) if item.rule == rule)


def record(**values) -> f.IncidentRecord:
    given = {"kind": "safety", "source": "creditchina", "on": INSIDE, "verified": True, "label": "虚构事故（一般）"}
    return f.IncidentRecord(**{**given, **values})


@pytest.mark.parametrize("kind", ["safety", "data", "quality", "environment", "tax", "other"])
@pytest.mark.parametrize("source", ["creditchina", "gsxt"])
def test_a_verified_incident_of_the_two_sites_excludes(kind, source):
    found = finding("EX2", record(kind=kind, source=source))
    assert (found.outcome, found.severity, found.blocks) == ("not_met", "blocker", True)
    assert "2022年5月20日" in found.because and "市局已核实" in found.because
    assert finding("EX6", record(kind=kind, source=source)).outcome == "met"


@pytest.mark.parametrize(
    ("values", "why"),
    [({"verified": False}, "待市局核实"), ({"source": "other"}, "来源不是规定的网站")],
)
@pytest.mark.parametrize(("kind", "rule"), [("safety", "EX2"), ("dishonest", "EX6")])
def test_what_is_not_verified_or_of_another_source_asks_and_never_refuses(values, why, kind, rule):
    found = finding(rule, record(kind=kind, **values))
    assert (found.outcome, found.blocks) == ("manual", False)
    assert why in found.because


def test_dishonesty_concerns_its_own_rule():
    assert finding("EX6", record(kind="dishonest")).outcome == "not_met"
    assert finding("EX2", record(kind="dishonest")).outcome == "met"


@pytest.mark.parametrize(
    ("on", "outcome"),
    [
        (WINDOW.start, "not_met"),
        (WINDOW.start - timedelta(days=1), "manual"),
        (WINDOW.doubtful_from - timedelta(days=1), "met"),
        (date(2022, 10, 10), "not_met"),
        (date(2022, 10, 11), "met"),
        (None, "manual"),
    ],
)
@pytest.mark.parametrize("verified", [True, False])
def test_the_window_of_three_years_has_edges(on, outcome, verified):
    expected = "manual" if outcome == "not_met" and not verified else outcome
    assert finding("EX2", record(on=on, verified=verified)).outcome == expected


def test_none_asked_and_none_known_change_nothing():
    facts = base("factory")
    assert evaluate(facts, BOOK) == evaluate(replace(facts, incidents=()), BOOK)


def test_a_rule_that_is_not_sure_only_reminds():
    """Severity follows the rulebook's confidence, not the incident."""
    raw = BOOK.as_json()
    next(spec for spec in raw["rules"] if spec["id"] == "EX2")["confidence"] = "medium"
    facts = replace(base("factory"), incidents=(record(),))
    found = next(item for item in evaluate(facts, rulebook.from_json(raw)) if item.rule == "EX2")
    assert (found.outcome, found.blocks) == ("not_met", False)
