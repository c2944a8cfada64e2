"""The tutorial's factory stands among listed ones, ahead of all of them: it can be finalised without a decision."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamic_mgmt.demo.peers import INDUSTRY, MEASURES, PEERS, PRODUCT
from dynamic_mgmt.selectors.catalogue import indicators
from greenportal.rounds.rulebook import load
from nominations.demo.fiction import cast
from nominations.demo.figures import self_answers
from nominations.demo.opening import RULEBOOK
from nominations.eligibility.comparing import LOWER, RULE, own_values, wanted
from nominations.services.drafting import sheets_for

FIRST = cast()[0]
BOOK = load(RULEBOOK)
SHEET = next(sheet for sheet in sheets_for(BOOK, FIRST.category) if sheet.key == "factory_self")
ANSWERS = self_answers(SHEET, FIRST)


def test_the_first_factory_is_of_the_peers_industry_and_unit_of_product():
    assert (FIRST.district, FIRST.industry, ANSWERS["product_unit"]) == ("210281", INDUSTRY, PRODUCT)
    assert list(wanted(BOOK.rules[RULE])) == list(MEASURES)


@pytest.mark.parametrize("key", MEASURES)
def test_it_is_ahead_of_every_peer_with_five_or_more_to_compare(key):
    own = own_values(SHEET, ANSWERS, wanted(BOOK.rules[RULE]))[key]
    place = list(MEASURES).index(key)
    values = [Decimal(peer.figures[place]) for peer in PEERS if peer.product == PRODUCT or "{}" not in MEASURES[key]]
    assert len(values) >= 5
    lower = indicators("factory")[key].direction == LOWER
    assert all(own < value if lower else own > value for value in values)
