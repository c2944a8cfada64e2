"""Two connections at once. Each race has a control that shows what the lock prevents."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing, FilingVersion
from greenportal.filings.services import locking, saving
from greenportal.findings.types import DomainError, Refused, Stale
from tests.factories import accounts, filings

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a thread with its own connection, released at one moment; return results or exceptions."""
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            results[index] = act()
        except (DomainError, DatabaseError, threading.BrokenBarrierError) as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def applicant():
    with filings.thing_scope():
        yield accounts.make_actor(Role.APPLICANT)


def saver(filing, actor, client, changes):
    return lambda: services.save(filing_id=filing.pk, seen_version=1, changes=changes, actor=actor, client=client * 16)


def test_same_field_from_two_pages_one_wins_and_the_other_is_told(applicant):
    filing = filings.make_filing(applicant)
    results = together(saver(filing, applicant, "a", {"name": "甲"}), saver(filing, applicant, "b", {"name": "乙"}))
    kept = Filing.objects.get(pk=filing.pk)
    [refused] = [row for row in results if isinstance(row, Stale)]
    assert (kept.version, kept.answers["name"]) == (2, refused.current[0].theirs)


def test_different_fields_from_eight_pages_are_all_kept(applicant):
    filing = filings.make_filing(applicant)
    keys = ["name", "note", "output", "used", "reason", "key_user"]
    results = together(*(saver(filing, applicant, str(n), {key: "1"}) for n, key in enumerate(keys)))
    kept = Filing.objects.get(pk=filing.pk)
    assert [type(row).__name__ for row in results] == ["Saved"] * len(keys)
    assert (sorted(kept.answers), kept.version) == (sorted(keys), 1 + len(keys))


def test_without_the_row_lock_a_field_is_lost(applicant, monkeypatch):
    """Control of the two tests above: reading without the lock, both writers start from the same answers."""
    filing = filings.make_filing(applicant)
    both_read = threading.Barrier(2)

    def unlocked(filing_id):
        row = Filing.objects.get(pk=filing_id)
        both_read.wait(10)
        return row

    monkeypatch.setattr(locking, "locked_filing", unlocked)
    together(saver(filing, applicant, "a", {"name": "甲"}), saver(filing, applicant, "b", {"note": "乙"}))
    assert len(Filing.objects.get(pk=filing.pk).answers) == 1


def freeze_as_finalise_does(filing, actor):
    with transaction.atomic():
        services.set_locked(filing_ids=[filing.pk], locked=True)
        return services.freeze(filing_id=filing.pk, cause="finalised", actor=actor)


@pytest.mark.parametrize("attempt", range(3))
def test_autosave_against_finalise_is_in_the_version_or_refused(applicant, attempt):
    filing = filings.make_filing(applicant, answers={"name": "旧"})
    saved, version = together(
        saver(filing, applicant, "a", {"name": "新"}), lambda: freeze_as_finalise_does(filing, applicant)
    )
    kept = Filing.objects.get(pk=filing.pk)
    assert (kept.locked, version.answers["name"]) == (True, kept.answers["name"])
    assert isinstance(saved, Refused) == (version.answers["name"] == "旧")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_save_that_comes_during_finalise_waits_and_is_refused(applicant, monkeypatch, guarded):
    """Finalise holds the row, the save comes on another connection; the control does not ask the mark after waiting."""
    filing = filings.make_filing(applicant, answers={"name": "旧"})
    if not guarded:
        monkeypatch.setattr(saving, "editable_filing", lambda _actor, pk: locking.locked_filing(pk))
    held, over = threading.Event(), threading.Event()

    def finalise():
        with transaction.atomic():
            version = freeze_as_finalise_does(filing, applicant)
            held.set()
            waited = not over.wait(0.5)
        return version, waited

    def late():
        held.wait(10)
        try:
            return saver(filing, applicant, "a", {"name": "新"})()
        finally:
            over.set()

    (version, waited), saved = together(finalise, late)
    assert waited, "the save did not wait for the row"
    kept = Filing.objects.get(pk=filing.pk).answers
    assert version.answers == {"name": "旧"}
    if guarded:
        assert (type(saved), saved.message, kept) == (Refused, locking.LOCKED, version.answers)
    else:
        assert (type(saved).__name__, kept) == ("Saved", {"name": "新"})


def test_two_freezes_make_one_version(applicant):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    act = lambda: services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant)  # noqa: E731
    first, second = together(act, act)
    assert (first.pk, FilingVersion.objects.count()) == (second.pk, 1)


def test_two_starts_make_one_filing(applicant):
    results = together(*[lambda: filings.make_filing(applicant)] * 2)
    assert (results[0].pk, Filing.objects.count()) == (results[1].pk, 1)


def test_locking_the_same_filings_in_both_orders_does_not_deadlock(applicant):
    ids = [filings.make_filing(applicant, scope_id=n).pk for n in range(1, 6)]
    results = together(
        lambda: services.set_locked(filing_ids=ids, locked=True),
        lambda: services.set_locked(filing_ids=list(reversed(ids)), locked=True),
    )
    assert sorted(results) == [0, 5]
    assert connection.is_usable()
