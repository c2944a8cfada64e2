"""The board's numbers come from columns, its words from content: both must say the same of every nomination."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.findings.models import CheckRun
from greenportal.rounds.selectors import rulebook_at
from nominations.models import Nomination
from nominations.selectors import board, content
from nominations.services import rechecking
from tests.factories import nominations as make
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db


@pytest.fixture
def district():
    return make.make_district()


def told(district) -> tuple[set[int], set[int]]:
    """Which nominations the numbers call stopped, and which the words do."""
    place = {"round_id": district.round.pk, "authority_id": district.authority.pk}
    rows = board.nominations_of(district.officer, **place)
    found = board.board(district.officer, **place)
    by_words = {row.nomination.pk for row in board.board_rows([n.pk for n in rows], found.rulebook) if row.hard}
    by_numbers = set(rows.filter(found.stopped).values_list("pk", flat=True))
    assert found.hard == len(by_numbers)
    return by_numbers, by_words


def blocked(nomination):
    run = CheckRun.objects.get(pk=nomination.last_check_id)
    first = {**run.findings[0], "outcome": "not_met", "severity": "blocker"}
    again = CheckRun.objects.create(
        scope=run.scope, scope_id=run.scope_id, as_of=run.as_of, facts_sha256="0" * 64, rulebook_sha256=run.rulebook_sha256,
        cause="recheck", findings=[first], blockers=1, decisions=0, manual=0, created_at=run.created_at,
    )  # fmt: skip
    Nomination.objects.filter(pk=nomination.pk).update(last_check=again)


def undecided(nomination):
    run = CheckRun.objects.get(pk=nomination.last_check_id)
    first = {**run.findings[0], "outcome": "not_met", "severity": "decision"}
    again = CheckRun.objects.create(
        scope=run.scope, scope_id=run.scope_id, as_of=run.as_of, facts_sha256="0" * 64, rulebook_sha256=run.rulebook_sha256,
        cause="recheck", findings=[first], blockers=0, decisions=1, manual=0, created_at=run.created_at,
    )  # fmt: skip
    Nomination.objects.filter(pk=nomination.pk).update(last_check=again)


def unconfirmed(nomination):
    Nomination.objects.filter(pk=nomination.pk).update(confirmed_sha256="")


def changed_since(nomination):
    filing = nomination.sheets.select_related("filing").get(sheet_key="factory_basic").filing
    later = DURING + timedelta(days=1)
    Filing.objects.filter(pk=filing.pk).update(answers={**filing.answers, "address": "别处"}, updated_at=later)


def document_removed(nomination):
    nomination.documents.filter(slot="self_report").update(removed_at=DURING + timedelta(days=1))


@pytest.mark.parametrize("spoil", [blocked, undecided, unconfirmed, changed_since, document_removed])
def test_numbers_and_words_agree(district, spoil):
    with clock.fixed(DURING):
        good, bad, draft = make.make_checked(district), make.make_checked(district), make.make_draft(district)
        rechecking.recheck(nomination_ids=[good.pk, bad.pk])
        assert told(district) == ({draft.pk}, {draft.pk})
        bad.refresh_from_db()
        spoil(bad)
        assert told(district) == ({bad.pk, draft.pk},) * 2


def test_answers_are_read_only_where_something_changed(district, monkeypatch):
    with clock.fixed(DURING):
        rows = [make.make_checked(district), make.make_handed_in(district)]
        rechecking.recheck(nomination_ids=[row.pk for row in rows])
    asked: list[int] = []
    real = board.contents
    monkeypatch.setattr(board, "contents", lambda ids: asked.extend(ids) or real(ids))
    place = {"round_id": district.round.pk, "authority_id": district.authority.pk}
    board.board(district.officer, **place)
    assert asked == []
    changed_since(rows[0])
    board.board(district.officer, **place)
    assert asked == [rows[0].pk]


def test_many_are_read_a_few_at_a_time(district, monkeypatch):
    rows = [make.make_draft(district) for _ in range(3)]
    monkeypatch.setattr(board, "CHUNK", 2)
    sizes: list[int] = []
    real = board.contents
    monkeypatch.setattr(board, "contents", lambda ids: sizes.append(len(ids)) or real(ids))
    found = list(board.board_rows([row.pk for row in rows], rulebook_at(district.round.pk)[0]))
    assert sizes == [2, 1]
    assert [row.nomination.pk for row in found] == [row.pk for row in rows]
    content.forget_definitions()
