"""Literal query counts at one and three rows: a page costs the same whatever it shows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from greenportal import clock
from greenportal.directory.models import Subject
from nominations.models import Nomination
from nominations.selectors import board, city, content, facts, packet_data, work
from nominations.services import bulk, rechecking
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def cost(call) -> int:
    content.forget_definitions()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        call()
    return len(seen)


@pytest.mark.parametrize("rows", [1, 3])
def test_facts_of_any_number_of_nominations(rows):
    district = make.make_district()
    ids = [make.make_handed_in(district).pk for _ in range(rows)]
    found = []
    assert cost(lambda: found.extend(facts.load(ids, as_of=clock.now()))) == 28
    assert [int(f.ref) for f in found] == ids


@pytest.mark.parametrize("rows", [1, 3])
def test_the_board(rows):
    district = make.make_district()
    for _ in range(rows):
        make.make_checked(district)
    rechecking.recheck(nomination_ids=rechecking.open_ids(round_id=district.round.pk))
    found = []

    def call():
        found.append(board.board(district.officer, round_id=district.round.pk, authority_id=district.authority.pk))

    assert cost(call) == 7
    assert found[0].count() == rows
    mine = board.nominations_of(district.officer, round_id=district.round.pk, authority_id=district.authority.pk)
    assert cost(lambda: found.append(list(board.board_rows([n.pk for n in mine], found[0].rulebook)))) == 6
    assert len(found[1]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_citys_pages(rows):
    ready = make.ready_list(categories=["factory"] * rows, stage="submitted")
    actor, round_id = make.make_city(), ready.district.round.pk
    assert cost(lambda: len(city.inbox(actor, round_id=round_id))) == 1
    assert cost(lambda: [(x.total, x.accepted) for x in city.lists(actor, round_id=round_id)]) == 1
    assert cost(lambda: len(city.submissions(actor, round_id=round_id))) == 1
    assert cost(lambda: city.summary(actor, round_id=round_id)) <= 4
    assert city.lists(actor, round_id=round_id)[0].total == rows
    assert len(city.inbox(actor, round_id=round_id)) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_data_of_a_packet(rows):
    ready = make.ready_list(categories=["factory"] * rows, stage="finalised")
    assert cost(lambda: packet_data.packet_data(ready.list.current_id)) == 4
    assert len(packet_data.packet_data(ready.list.current_id).nominees) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_a_recheck_that_finds_nothing_new(rows):
    district = make.make_district()
    ids = [make.make_handed_in(district).pk for _ in range(rows)]
    rechecking.recheck(nomination_ids=ids)
    assert cost(lambda: rechecking.recheck(nomination_ids=ids)) == 31
    assert Nomination.objects.exclude(last_check=None).count() == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_preview_of_candidates(rows):
    district = make.make_district()
    lines = [bulk.CandidateRow(n, "factory", "91210202MA0TE5T16A", "试验轴承有限公司", f"{n}厂") for n in range(rows)]
    call = lambda: bulk.preview(  # noqa: E731
        actor=district.officer, round_id=district.round.pk, authority_id=district.authority.pk, rows=lines
    )
    assert cost(call) == 4


@pytest.mark.parametrize("rows", [1, 3])
def test_the_home_page_of_an_applicant(rows):
    district = make.make_district()
    first = make.make_draft(district)
    for n in range(rows - 1):
        make.make_draft(district, subject=make.make_subject(first.applicant, district.authority, name=f"{n}厂"))
    actor = make.applicant_of(first)
    found = []
    assert cost(lambda: found.extend(work.work_items(actor))) == 5
    assert len(found) == rows


def test_five_thousand_nominations_are_listed_and_loaded_in_constant_queries():
    district = make.make_district()
    firm = make.make_organisation()
    now = clock.now()
    names = [f"{n}厂" for n in range(5000)]
    Subject.objects.bulk_create(
        Subject(organisation=firm, authority=district.authority, kind="factory", name=name, created_at=now)
        for name in names
    )
    Nomination.objects.bulk_create(
        Nomination(
            round=district.round,
            category="factory",
            subject=subject,
            applicant=firm,
            authority=district.authority,
            state="submitted",
            created_at=now,
            updated_at=now,
        )
        for subject in Subject.objects.filter(organisation=firm)
    )
    found, ids = [], list(Nomination.objects.values_list("pk", flat=True))
    reviewer = make.make_city()
    assert cost(lambda: found.extend(city.inbox(reviewer, round_id=district.round.pk))) == 1
    assert len(found) == 5000
    loaded = []
    assert cost(lambda: loaded.extend(facts.load(ids, as_of=now))) == 15
    assert len(loaded) == 5000
