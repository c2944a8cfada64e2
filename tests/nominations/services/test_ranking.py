"""The order of a district's nominations: dense, complete, and fixed once the list is."""

from __future__ import annotations

import pytest

from greenportal.findings.types import Invalid, Stale, WrongState
from nominations.services import (
    checking,
    ranking,
    withdrawing,
)
from tests.factories import nominations as make
from tests.factories.nominations import fresh

pytestmark = pytest.mark.django_db


def ranks(*nominations):
    return [fresh(n).rank for n in nominations]


def test_places_are_dense_whatever_happens(district):
    one, two, three = (make.make_checked(district) for _ in range(3))
    assert ranks(one, two, three) == [1, 2, 3]
    ranking.shift(actor=district.officer, nomination_id=three.pk, up=True)
    assert ranks(one, two, three) == [1, 3, 2]
    ranking.set_order(
        actor=district.officer,
        list_id=make.the_list(district).pk,
        category="factory",
        nomination_ids=[two.pk, one.pk, three.pk],
    )
    assert ranks(one, two, three) == [2, 1, 3]
    checking.uncheck(actor=district.officer, nomination_id=one.pk, seen_version=fresh(one).version)
    assert ranks(one, two, three) == [None, 1, 2]
    withdrawing.withdraw(actor=district.officer, nomination_id=two.pk, seen_version=fresh(two).version, reason="放弃")
    assert ranks(three) == [1]


def test_the_ends_of_the_list_are_ends(district):
    one, two = make.make_checked(district), make.make_checked(district)
    ranking.shift(actor=district.officer, nomination_id=one.pk, up=True)
    ranking.shift(actor=district.officer, nomination_id=two.pk, up=False)
    assert ranks(one, two) == [1, 2]


@pytest.mark.parametrize("ids", ["missing", "foreign", "twice"])
def test_an_order_names_exactly_what_is_there(district, ids):
    one, two = make.make_checked(district), make.make_checked(district)
    wanted = {"missing": [one.pk], "foreign": [one.pk, two.pk, 999], "twice": [one.pk, one.pk]}[ids]
    with pytest.raises((Stale, Invalid)):
        ranking.set_order(
            actor=district.officer, list_id=make.the_list(district).pk, category="factory", nomination_ids=wanted
        )
    assert ranks(one, two) == [1, 2]


def test_the_order_of_a_finalised_list_stays(district):
    ready = make.ready_list(district, stage="finalised")
    with pytest.raises(WrongState, match="请先撤销定稿"):
        ranking.shift(actor=district.officer, nomination_id=ready.nominations[0].pk, up=True)
