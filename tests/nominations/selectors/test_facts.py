"""What the loader tells the rules: what nobody entered is unknown, what is empty on the nomination is known."""

from __future__ import annotations

import pytest

from greenportal import clock
from greenportal.rounds.selectors import rulebook_at
from nominations.eligibility.engine import evaluate
from nominations.eligibility.facts import EvaluatorFacts
from nominations.models import Nomination
from nominations.selectors import facts
from nominations.services import drafting
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def finding(nomination: Nomination, rule: str):
    book, _ = rulebook_at(nomination.round_id)
    found = {f.rule: f for f in evaluate(facts.load([nomination.pk], as_of=clock.now())[0], book)}
    return found.get(rule)


@pytest.mark.parametrize("category", ["factory", "park", "supply_chain"])
def test_no_evaluator_chosen_stops_a_category_that_needs_one(category):
    district = make.make_district()
    nomination = make.make_draft(district, category)
    assert facts.load([nomination.pk], as_of=clock.now())[0].evaluator == EvaluatorFacts()
    told = finding(nomination, "EV_NAMED")
    assert (told.outcome, told.blocks, told.because) == ("not_met", True, "未填写第三方评价机构。")
    drafting.choose_evaluator(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        evaluator_id=make.good_evaluator(district.round).pk,
    )
    assert finding(nomination, "EV_NAMED").outcome == "met"


def test_no_evaluator_chosen_does_not_stop_a_product():
    told = finding(make.make_draft(make.make_district(), "product"), "EV_NAMED")
    assert told is None or told.outcome == "not_applicable"
