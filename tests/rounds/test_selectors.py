"""Clocks: exclusive ends, districts' own cut-offs, extensions, visibility, constant query counts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import NotVisible
from greenportal.rounds import selectors, services
from greenportal.rounds.models import Extension
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING, make_lead, open_round_2022, prepare_round_2022

pytestmark = pytest.mark.django_db
SUBMIT, HAND_IN = "nominations.submit", "nominations.hand_in"
END = clock.local_instant(clock.date(2022, 10, 16))
MICRO = timedelta(microseconds=1)


def _window(row, authority=None, *, at, key=SUBMIT):
    return selectors.window(round_id=row.pk, key=key, authority_id=authority.pk if authority else None, at=at)


def _extend(lead, row, authority, until, key=SUBMIT):
    return services.grant_extension(
        actor=lead,
        round_id=row.pk,
        key=key,
        authority_id=authority.pk,
        until=until,
        document_no="大工信函〔2022〕1号",
        reason="台风",
    )


@pytest.mark.parametrize(
    ("at", "is_open"),
    [(END - MICRO, True), (END, False), (clock.local_instant(clock.date(2022, 1, 1)) - MICRO, False), (DURING, True)],
)
def test_window_is_open_before_its_end_and_closed_at_it(at, is_open):
    state = _window(open_round_2022(), at=at)
    assert (state.open, state.closes_at, state.extension_id) == (is_open, END, None)


def test_window_of_a_round_in_preparation_or_closed_is_closed():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    assert not _window(row, at=DURING).open
    row = services.open_round(actor=lead, round_id=row.pk, seen_version=row.version)
    assert _window(row, at=DURING).open
    services.close_round(actor=lead, round_id=row.pk, seen_version=row.version, reason="本年度工作结束")
    assert not _window(row, at=DURING).open


def test_window_of_an_unknown_clock_is_closed():
    assert _window(open_round_2022(), at=DURING, key="nothing.here") == selectors.WindowState(open=False)


def test_window_of_a_district_with_its_own_cut_off_ends_earlier_for_it_alone():
    lead, mine, other = make_lead(), make_authority(), make_authority("庄河市")
    row = open_round_2022(actor=lead)
    early = END - timedelta(days=5)
    services.set_deadline(actor=lead, round_id=row.pk, key=HAND_IN, authority_id=mine.pk, closes_at=early)
    assert _window(row, mine, at=early, key=HAND_IN).open is False
    assert _window(row, mine, at=early - MICRO, key=HAND_IN).open is True
    assert _window(row, other, at=early, key=HAND_IN).closes_at == END


def test_window_with_an_extension_ends_later_for_that_district_alone_until_revoked():
    lead, mine, other = make_lead(), make_authority(), make_authority("庄河市")
    row = open_round_2022(actor=lead)
    until = END + timedelta(days=2)
    granted = _extend(lead, row, mine, until)
    state = _window(row, mine, at=END)
    assert (state.open, state.closes_at, state.extension_id, state.document_no) == (
        True,
        until,
        granted.pk,
        "大工信函〔2022〕1号",
    )
    assert _window(row, mine, at=until).open is False
    assert _window(row, other, at=END).open is False
    services.revoke_extension(actor=lead, extension_id=granted.pk, reason="不再需要")
    assert _window(row, mine, at=END) == selectors.WindowState(False, state.opens_at, END)


def test_window_with_two_extensions_takes_the_later():
    lead, mine = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    _extend(lead, row, mine, END + timedelta(days=1))
    later = _extend(lead, row, mine, END + timedelta(days=3))
    assert _window(row, mine, at=DURING).extension_id == later.pk


def test_extension_of_another_clock_does_not_count():
    lead, mine = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    _extend(lead, row, mine, END + timedelta(days=1), key="nominations.paper")
    assert _window(row, mine, at=END).open is False


def test_rounds_in_preparation_are_seen_by_the_city_only():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    officer = Actor(role=Role.DISTRICT_OFFICER, user_id=1, authority_id=make_authority().pk)
    assert list(selectors.visible_to(lead)) == [row]
    assert list(selectors.visible_to(officer)) == []
    assert list(selectors.visible_to(Actor.anonymous())) == []
    with pytest.raises(NotVisible):
        selectors.visible_round(officer, row.pk)
    services.open_round(actor=lead, round_id=row.pk, seen_version=row.version)
    assert list(selectors.visible_to(officer)) == [row]
    assert list(selectors.visible_to(Actor.anonymous())) == []


def test_extensions_are_seen_by_the_city_and_the_district_concerned():
    lead, mine, other = make_lead(), make_authority(), make_authority("庄河市")
    row = open_round_2022(actor=lead)
    granted = _extend(lead, row, mine, END + timedelta(days=1))
    own = Actor(role=Role.DISTRICT_LEAD, user_id=1, authority_id=mine.pk)
    foreign = Actor(role=Role.DISTRICT_LEAD, user_id=2, authority_id=other.pk)
    applicant = Actor(role=Role.APPLICANT, user_id=3, organisation_id=9)
    assert [list(selectors.extensions_visible_to(a)) for a in (lead, own, foreign, applicant)] == [
        [granted],
        [granted],
        [],
        [],
    ]


def test_rulebook_at_returns_the_last_revision_and_old_rounds_keep_their_own():
    lead = make_lead()
    first = open_round_2022(actor=lead)
    book, revision = selectors.rulebook_at(first.pk)
    assert (book.cap, revision.number, revision.sha256) == (15, 1, book.sha256)
    second = prepare_round_2022(actor=lead)
    services.revise(
        actor=lead, round_id=second.pk, seen_version=second.version, changes={"cap_rule|limit": 12}, reason=""
    )
    assert selectors.rulebook_at(second.pk)[0].cap == 12
    assert selectors.rulebook_at(first.pk)[0].cap == 15


def test_rulebook_at_without_a_round_is_not_visible():
    with pytest.raises(NotVisible):
        selectors.rulebook_at(987654)


def test_open_round_is_the_newest_open_one():
    assert selectors.open_round() is None
    row = open_round_2022()
    assert selectors.open_round() == row


@pytest.mark.parametrize("districts", [1, 3])
def test_query_counts_do_not_grow_with_districts(districts):
    lead = make_lead()
    row = open_round_2022(actor=lead)
    units = [make_authority(f"第{n}区") for n in range(districts)]
    for unit in units:
        services.set_deadline(
            actor=lead, round_id=row.pk, key=HAND_IN, authority_id=unit.pk, closes_at=END - timedelta(days=1)
        )
        _extend(lead, row, unit, END + timedelta(days=1))
    book = selectors.rulebook_at(row.pk)[0]
    assert Extension.objects.count() == districts
    for work, queries in [
        (lambda: selectors.rulebook_at(row.pk), 1),
        (lambda: _window(row, units[0], at=DURING), 2),
        (lambda: selectors.clocks(round_id=row.pk, book=book, authority_id=units[0].pk, at=DURING), 2),
        (lambda: selectors.district_deadlines(row.pk), 1),
        (lambda: selectors.revisions(row.pk), 1),
    ]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            work()
        assert len(seen) == queries


def test_clocks_show_the_saturday_and_whose_cut_off_it_is():
    lead, mine = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    services.set_deadline(
        actor=lead, round_id=row.pk, key=HAND_IN, authority_id=mine.pk, closes_at=END - timedelta(days=5)
    )
    book = selectors.rulebook_at(row.pk)[0]
    found = {c.key: c for c in selectors.clocks(round_id=row.pk, book=book, authority_id=mine.pk, at=DURING)}
    assert clock.spoken(found[SUBMIT].state.closes_at) == "2022年10月15日（星期六）24:00"
    assert (found[SUBMIT].district, found[HAND_IN].district) == ("", "瓦房店市")
    assert clock.spoken(found[HAND_IN].state.closes_at) == "2022年10月10日（星期一）24:00"
    assert {key: found[key].channel for key in found} == {
        HAND_IN: "electronic",
        SUBMIT: "electronic",
        "nominations.paper": "paper",
        "evaluators.report": "electronic",
        "dynamic_mgmt.tables": "electronic",
    }
