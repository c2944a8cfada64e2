"""Two connections at once. Each test has its control: with the guard off the same race goes wrong."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import ALLOWED, DomainError, WindowClosed
from greenportal.rounds import services as rounds
from nominations.models import ListVersion, Nomination, NominationVersion, RecommendationList, StateChange, Submission
from nominations.selectors.nominations import visible_to
from nominations.services import (
    finalising,
    following,
    handing_in,
    moving,
    ranking,
    rechecking,
    returning,
    submitting,
    withdrawing,
)
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.nominations.views.test_forms_in_force import begun

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 1.5


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at once, each on a connection of its own; return results, or the exceptions they raised."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            results[index] = call()
        except Exception as error:  # noqa: BLE001 - a race reports whatever happened
            results[index] = error
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, index, call))
        for index, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def meet_in(monkeypatch, module, name: str, parties: int = 2) -> None:
    """Hold everybody that reaches `module.name` until all are there, or a while: a race made certain."""
    barrier = threading.Barrier(parties)
    real = getattr(module, name)

    def held(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(WAIT)
        return result

    monkeypatch.setattr(module, name, held)


def unlocked_list(actor, list_id, *, seen_version=None):
    """The control's lock_list: reads without locking."""
    row = RecommendationList.objects.get(pk=list_id)
    if seen_version is not None and row.version != seen_version:
        raise DomainError("stale")
    return row


def unlocked_nomination(actor, nomination_id, *, seen_version=None, ranking=False):
    """The control's lock of a nomination: reads without locking."""
    return visible_to(actor).get(pk=nomination_id)


def errors_in(results) -> list[str]:
    return sorted(type(r).__name__ for r in results if isinstance(r, Exception))


@pytest.mark.parametrize("guarded", [True, False])
def test_double_submit_gives_one_receipt(monkeypatch, guarded):
    ready = make.ready_list(stage="sealed")
    if not guarded:
        monkeypatch.setattr(submitting, "lock_list", unlocked_list)
        meet_in(monkeypatch, submitting, "_submittable", parties=4)

    def press():
        return submitting.submit(
            actor=ready.district.lead, list_id=ready.list.pk, seen_version=ready.list.version
        ).receipt_no

    results = together(*[press] * 4)
    assert Submission.objects.count() == 1
    if guarded:
        assert results == ["DL2022-0001"] * 4
        assert StateChange.objects.filter(action="submit").count() == 1
    else:
        assert errors_in(results) != []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_return_and_a_withdrawal_do_not_both_happen(monkeypatch, guarded):
    with clock.fixed(make.DURING):
        nomination = make.make_handed_in(make.make_district())
    officer = make.make_actor(Role.DISTRICT_OFFICER, authority=nomination.authority)
    actor = make.applicant_of(nomination)
    if not guarded:
        for module in (returning, withdrawing):
            monkeypatch.setattr(module, "lock_with_list", unlocked_nomination)
    meet_in(monkeypatch, moving, "find")
    results = together(
        lambda: returning.return_by_district(
            actor=officer,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            reason="补充",
            due_at=clock.now() + timedelta(days=1),
        ),
        lambda: withdrawing.withdraw(
            actor=actor, nomination_id=nomination.pk, seen_version=nomination.version, reason="放弃"
        ),
    )
    moves = StateChange.objects.filter(source="handed_in").count()
    if guarded:
        assert moves == 1
        assert len(errors_in(results)) == 1
        assert errors_in(results)[0] in {"Stale", "WrongState"}
    else:
        assert moves == 2


@pytest.mark.parametrize("guarded", [True, False])
def test_autosave_and_handing_in_do_not_both_happen(monkeypatch, guarded):
    with clock.fixed(make.DURING):
        district = make.make_district()
        nomination = make.confirm(make.make_complete(district))
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    if not guarded:
        monkeypatch.setattr(handing_in, "set_locked", lambda **_: 0)
    reached = threading.Event()
    real = handing_in.require_complete

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        reached.set()
        saved.wait(WAIT)
        return found

    saved = threading.Event()
    monkeypatch.setattr(handing_in, "require_complete", slow)

    def autosave():
        reached.wait(10)
        try:
            return save(
                filing_id=filing.pk,
                seen_version=filing.version,
                changes={"profile": "截止前一秒"},
                actor=district.officer,
            )
        finally:
            saved.set()

    results = together(
        lambda: handing_in.hand_in(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version
        ),
        autosave,
    )
    nomination.refresh_from_db()
    now = handing_in.current_content(nomination).digest
    if guarded:
        assert errors_in(results) == ["Refused"]
        assert nomination.confirmed_sha256 == now
    else:
        assert errors_in(results) == []
        assert nomination.confirmed_sha256 != now


@pytest.mark.parametrize("guarded", [True, False])
def test_autosave_and_finalise_do_not_both_happen(monkeypatch, guarded):
    """An answer open for correction is saved on a second connection, after finalise has read what it freezes."""
    with clock.fixed(make.DURING):
        district = make.make_district()
        nomination = make.make_checked(district)
    row, filing = make.the_list(district), Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    Filing.objects.filter(pk=filing.pk).update(locked=False)
    filing.refresh_from_db()
    open_scope = dataclasses.replace(registry.scope(filing.scope), edit=lambda *_: ALLOWED)
    monkeypatch.setitem(registry._scopes, filing.scope, open_scope)
    if not guarded:
        monkeypatch.setattr(finalising, "set_locked", lambda **_: 0)
    reached, over = threading.Event(), threading.Event()
    real = finalising._refuse_problems

    def slow(ready: Any) -> None:
        real(ready)
        reached.set()
        over.wait(WAIT)

    monkeypatch.setattr(finalising, "_refuse_problems", slow)

    def autosave():
        reached.wait(10)
        try:
            changes = {"profile": "定稿前一秒"}
            return save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=district.officer)
        finally:
            over.set()

    def finalise():
        return finalising.finalise(
            actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李", phone="1"
        )

    results = together(finalise, autosave)
    frozen = NominationVersion.objects.get(nomination=nomination, cause="finalise")
    now = handing_in.current_content(nomination).digest
    if guarded:
        assert errors_in(results) == ["Refused"]
        assert frozen.nomination.confirmed_sha256 == now
    else:
        assert errors_in(results) == []
        assert frozen.nomination.confirmed_sha256 != now


@pytest.mark.parametrize("guarded", [True, False])
def test_two_officers_finalise_once(monkeypatch, guarded):
    with clock.fixed(make.DURING):
        district = make.make_district()
        make.make_checked(district)
    row = make.the_list(district)
    if not guarded:
        monkeypatch.setattr(finalising, "lock_list", unlocked_list)
        monkeypatch.setattr(
            finalising,
            "_locked",
            lambda r, state: list(Nomination.objects.filter(state=state).select_related(*finalising._RELATIONS)),
        )
    meet_in(monkeypatch, finalising, "_refuse_problems")

    def press():
        return finalising.finalise(
            actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李", phone="1"
        ).number

    results = together(press, press)
    if guarded:
        assert errors_in(results) == ["Stale"]
        assert ListVersion.objects.count() == 1
    else:
        assert errors_in(results) != ["Stale"]
        assert ListVersion.objects.count() == 2 or errors_in(results) != []


@pytest.mark.parametrize("guarded", [True, False])
def test_two_orders_leave_dense_places(monkeypatch, guarded):
    with clock.fixed(make.DURING):
        district = make.make_district()
        ids = [make.make_checked(district).pk for _ in range(3)]
    row = make.the_list(district)
    if not guarded:
        monkeypatch.setattr(ranking, "lock_list", unlocked_list)
    meet_in(monkeypatch, ranking, "_ranked")

    def order(wanted):
        return lambda: ranking.set_order(
            actor=district.officer, list_id=row.pk, category="factory", nomination_ids=wanted
        )

    results = together(order([ids[2], ids[0], ids[1]]), order([ids[1], ids[2], ids[0]]))
    places = sorted(Nomination.objects.values_list("rank", flat=True))
    if guarded:
        assert errors_in(results) == []
        assert places == [1, 2, 3]
    else:
        audit = RecommendationList.objects.get(pk=row.pk).version - row.version
        assert errors_in(results) != [] or audit != 2


@pytest.mark.parametrize("guarded", [True, False])
def test_an_extension_revoked_while_submitting_closes_the_gate(monkeypatch, guarded):
    """The service has read the window; before the receipt is written the city revokes the extension."""
    ready = make.ready_list(stage="sealed")
    district = ready.district
    city = make_actor(Role.CITY_LEAD)
    closes = clock.local_instant(clock.datetime(2022, 10, 16).date())
    with clock.fixed(make.DURING):
        extension = rounds.grant_extension(
            actor=city,
            round_id=district.round.pk,
            key="nominations.submit",
            authority_id=district.authority.pk,
            until=closes + timedelta(days=1),
            document_no="大工信函〔2022〕88号",
            reason="停电",
        )
    if not guarded:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE nominations_submission DISABLE TRIGGER nominations_submission_gate")
    real = submitting._receipt

    def revoked_meanwhile(*args: Any) -> Submission:
        together(lambda: rounds.revoke_extension(actor=city, extension_id=extension.pk, reason="误办"))
        return real(*args)

    monkeypatch.setattr(submitting, "_receipt", revoked_meanwhile)
    try:
        with clock.fixed(closes + timedelta(hours=1)):
            if guarded:
                with pytest.raises(WindowClosed, match="数据库核对接收时间"):
                    submitting.submit(actor=district.lead, list_id=ready.list.pk, seen_version=ready.list.version)
            else:
                submitting.submit(actor=district.lead, list_id=ready.list.pk, seen_version=ready.list.version)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE nominations_submission ENABLE TRIGGER nominations_submission_gate")
    assert Submission.objects.exists() is not guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_ranking_and_a_recheck_do_not_wait_in_a_circle(monkeypatch, guarded):
    with clock.fixed(make.DURING):
        district = make.make_district()
        first, second = make.make_checked(district), make.make_checked(district)
    if not guarded:
        monkeypatch.setattr(moving, "lock_ranked", lambda *_: None)
    locked = threading.Event()
    real = ranking._ranked

    def slow(*args: Any) -> list[Nomination]:
        locked.set()
        threading.Event().wait(WAIT)
        return real(*args)

    monkeypatch.setattr(ranking, "_ranked", slow)

    def recheck():
        locked.wait(10)
        return rechecking.recheck(nomination_ids=[first.pk, second.pk])

    results = together(lambda: ranking.shift(actor=district.officer, nomination_id=second.pk, up=True), recheck)
    assert ("deadlock" in repr(results)) is not guarded


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("way", ["opened", "table"])
def test_what_an_autosave_stores_while_a_form_follows_is_carried_too(monkeypatch, guarded, way):
    district = make.make_district()
    nomination = make.make_draft(district)
    filing = begun(nomination, key="factory_self", without="self_score")
    applicant = make.applicant_of(nomination)
    moment, read = {"opened": "_behind", "table": "_table_of"}[way], dict(filing.answers)
    real = getattr(following, moment)

    def late() -> None:
        save(filing_id=filing.pk, seen_version=filing.version, changes={"next_steps": "刚写的"}, actor=applicant)

    def then_saved(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        if connection.in_atomic_block and not Filing.objects.get(pk=filing.pk).answers.get("next_steps"):
            assert errors_in(together(late)) == []
        return found

    monkeypatch.setattr(following, moment, then_saved)
    if not guarded:
        carry = following.carried
        monkeypatch.setattr(following, "carried", lambda old, new, _now, **more: carry(old, new, read, **more))
    if way == "opened":
        assert following.open_forms(nomination_id=nomination.pk, sheet_keys=["factory_self"])
    else:
        monkeypatch.setattr(following, "_rows", lambda sheet: sheet.sha256)
        assert following.follow(nomination_ids=[nomination.pk]) == 1
    filing.refresh_from_db()
    assert (filing.answers.get("next_steps") == "刚写的") is guarded
