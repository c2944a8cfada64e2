"""One nomination and forty-one: the same literal number of queries, and the same sheets on paper."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from nominations.models import Nomination
from nominations.packets import assembling
from nominations.packets.kitchen import plain
from nominations.selectors import board, city, content, facts, packet_data
from nominations.services import rechecking
from tests.factories import nominations as make
from tests.factories.copies import copy_nomination, grown
from tests.factories.reports import report_answers
from tests.nominations.selectors.test_queries import cost

pytestmark = pytest.mark.django_db
MORE = 40


def reported(district):
    """Return a handed-in factory with both reports filled in, so that its figures are compared."""
    nomination = make.make_handed_in(district)
    for key in ("factory_self", "factory_third"):
        answers = report_answers(load(sheet_file("2022", key)), "factory")
        Filing.objects.filter(scope_id=nomination.pk, sheet_key=key).update(answers=answers)
    return nomination


@pytest.mark.parametrize("more", [0, MORE])
def test_facts_and_figures_of_any_number(more):
    first = reported(make.make_district())
    ids = copy_nomination(first, more) if more else [first.pk]
    found = []
    assert cost(lambda: found.extend(facts.load(ids, as_of=clock.now()))) == 28
    assert len(found) == more + 1
    assert {len(one.figures.shares) for one in found} == {len(found[0].figures.shares)}
    assert found[0].figures.scores


@pytest.mark.parametrize("more", [0, MORE])
def test_board_and_recheck_of_any_number(more):
    district = make.make_district()
    first = reported(district)
    ids = copy_nomination(first, more) if more else [first.pk]
    rechecking.recheck(nomination_ids=ids)
    assert cost(lambda: rechecking.recheck(nomination_ids=ids)) == 31
    mine = board.nominations_of(district.officer, round_id=district.round.pk, authority_id=district.authority.pk)
    rows = board.board(district.officer, round_id=district.round.pk, authority_id=district.authority.pk)
    found = []
    assert cost(lambda: found.extend(board.board_rows([n.pk for n in mine], rows.rulebook))) == 6
    assert (len(found), Nomination.objects.count()) == (more + 1, more + 1)


@pytest.mark.parametrize("more", [0, MORE])
def test_the_papers_data_of_any_number_and_the_same_sheets(more):
    ready = make.ready_list(categories=["factory"], stage="finalised")
    version = ready.list.current
    alone = packet_data.packet_data(version.pk)
    listed = grown(version, more) if more else version
    made = []
    assert cost(lambda: made.append(packet_data.packet_data(listed.pk))) == 4
    [many] = made
    assert len(many.nominees) == more + 1
    content.forget_definitions()
    sheets = []
    assert cost(lambda: sheets.extend(assembling.printed_sheets(one) for one in many.nominees)) == 1
    # What a nominee's pages are made from is the same beside forty others, so its pages are.
    book = assembling.book(alone)
    pages = plain(asdict(assembling.nominee_part(alone, alone.nominees[0], book)))
    assert plain(asdict(assembling.nominee_part(many, many.nominees[0], assembling.book(many)))) == pages
    assert all(one == sheets[0] for one in sheets)


@pytest.mark.parametrize("more", [0, MORE])
def test_the_citys_inbox_of_any_number(more):
    ready = make.ready_list(categories=["factory"], stage="submitted")
    if more:
        copy_nomination(ready.nominations[0], more)
    reviewer, found = make.make_city(), []
    assert cost(lambda: found.extend(city.inbox(reviewer, round_id=ready.district.round.pk))) == 1
    assert len(found) == more + 1
