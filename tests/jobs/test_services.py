"""Asking for jobs: the row, the doorbell, and jobs that are asked for twice."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import NotVisible, ReasonRequired, Refused, WrongState
from greenportal.jobs import doorbell, registry, runner, services
from greenportal.jobs.models import Job
from tests.factories.jobs import make_job, run_due_jobs

ADMIN = Actor(role=Role.SYSTEM_ADMIN, user_id=None, name="管理员")


@pytest.mark.django_db
def test_enqueue_writes_a_due_row(rings: list[str]) -> None:
    job = services.enqueue("test.result", payload={"a": 1}, queue="packet", scope="s", scope_id=4)
    stored = Job.objects.get()
    assert (stored.pk, stored.kind, stored.payload, stored.queue) == (job.pk, "test.result", {"a": 1}, "packet")
    assert (stored.state, stored.attempts, stored.scope, stored.scope_id) == ("due", 0, "s", 4)


@pytest.mark.django_db
def test_ring_comes_after_commit_only(rings: list[str], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = services.enqueue("test.result")
        assert rings == []
    assert rings == [str(job.pk)]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_change_leaves_neither_row_nor_ring(rings: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.enqueue("test.result")
        raise ZeroDivisionError
    assert (Job.objects.count(), rings) == (0, [])


@pytest.mark.django_db
def test_future_job_is_not_rung(rings: list[str], django_capture_on_commit_callbacks: Any) -> None:
    due = clock.running() + timedelta(hours=1)
    with django_capture_on_commit_callbacks(execute=True):
        job = services.enqueue("test.result", due_at=due)
    assert (rings, job.ring_at, runner.run(job.pk)) == ([], due, "not_due")


@pytest.mark.django_db
def test_same_key_while_waiting_returns_the_same_job() -> None:
    first = services.enqueue("test.result", dedupe_key="k")
    assert services.enqueue("test.result", dedupe_key="k").pk == first.pk
    assert services.enqueue("test.effect", dedupe_key="k").pk != first.pk
    assert Job.objects.count() == 2


@pytest.mark.django_db
def test_jobs_without_key_are_never_joined() -> None:
    services.enqueue("test.result")
    services.enqueue("test.result")
    assert Job.objects.count() == 2


@pytest.mark.django_db
def test_earlier_wish_brings_a_waiting_job_forward() -> None:
    later = clock.running() + timedelta(hours=1)
    job = services.enqueue("test.result", dedupe_key="k", due_at=later)
    assert services.enqueue("test.result", dedupe_key="k").due_at < later
    job.refresh_from_db()
    assert job.due_at < later


@pytest.mark.django_db
def test_change_during_a_run_makes_it_run_again() -> None:
    seen: list[int] = []

    def handler(context: Any) -> None:
        seen.append(len(seen))
        if len(seen) == 1:
            services.enqueue("test.rerun", dedupe_key="k")

    registry.job("test.rerun")(handler)
    services.enqueue("test.rerun", dedupe_key="k")
    assert run_due_jobs("test.rerun") == ["done", "done"]
    assert (seen, Job.objects.get().state) == ([0, 1], "done")


@pytest.mark.django_db(transaction=True)
def test_waiting_job_is_not_claimed_before_the_joining_change_commits(rings: list[str]) -> None:
    job = services.enqueue("test.result", dedupe_key="k")
    claimed_at: list[float] = []

    def claim() -> None:
        runner.run(job.pk, heartbeat=False)
        claimed_at.append(time.monotonic())
        connection.close()

    thread = threading.Thread(target=claim)
    with transaction.atomic():
        services.enqueue("test.result", dedupe_key="k")
        thread.start()
        time.sleep(0.4)
        assert claimed_at == []
        committed_at = time.monotonic()
    thread.join()
    assert claimed_at[0] > committed_at


@pytest.mark.django_db(transaction=True)
def test_forty_simultaneous_wishes_make_one_job(rings: list[str]) -> None:
    barrier = threading.Barrier(8)
    found: list[str] = []

    def wish() -> None:
        barrier.wait()
        for _ in range(5):
            found.append(str(services.enqueue("test.result", dedupe_key="k").pk))
        connection.close()

    threads = [threading.Thread(target=wish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), Job.objects.count()) == (40, 1, 1)


def test_dead_broker_costs_one_short_wait_then_silence() -> None:
    started = time.monotonic()
    answers = [doorbell.ring(Job().pk, "fast") for _ in range(20)]
    assert (any(answers), doorbell.breaker.open()) == (False, True)
    assert time.monotonic() - started < 2


@pytest.mark.django_db(transaction=True)
def test_request_succeeds_though_the_broker_is_dead() -> None:
    job = services.enqueue("test.result")
    assert Job.objects.get().pk == job.pk


@pytest.mark.django_db
def test_cancel_ends_a_waiting_job_and_is_audited(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="a", email="a@example.com", name="甲")
    actor = Actor(role=Role.DISTRICT_OFFICER, user_id=user.pk, name="甲")
    job = make_job(created_by=user)
    services.cancel(actor=actor, job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.finished_at is not None) == ("cancelled", True)
    assert AuditEntry.objects.get().action == "jobs.cancel"
    with pytest.raises(WrongState):
        services.cancel(actor=actor, job_id=job.pk)


@pytest.fixture
def two(django_user_model: Any) -> tuple[Actor, Actor]:
    """Who asks for jobs, and who only sees them."""
    users = [django_user_model.objects.create(username=n, email=f"{n}@example.com", name=n) for n in ("asks", "sees")]
    first, second = (Actor(role=Role.DISTRICT_OFFICER, user_id=user.pk, name=user.name) for user in users)
    return first, second


@pytest.mark.django_db
def test_who_sees_a_job_may_not_stop_it(two: tuple[Actor, Actor]) -> None:
    asks, sees = two
    registry.visible("test.thing", lambda _actor, _id: True)
    job = make_job(created_by_id=asks.user_id, scope="test.thing", scope_id=1)
    with pytest.raises(Refused, match="由发起单位决定"):
        services.cancel(actor=sees, job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == ("due", False)
    assert services.cancel(actor=asks, job_id=job.pk).state == "cancelled"


@pytest.mark.django_db
def test_control_whom_the_thing_belongs_to_may_stop_anothers_job(two: tuple[Actor, Actor]) -> None:
    asks, owns = two
    registry.visible("test.thing", lambda _actor, _id: True, may_cancel=lambda actor, scope_id: scope_id == 1)
    mine, other = (make_job(created_by_id=asks.user_id, scope="test.thing", scope_id=n) for n in (1, 2))
    assert services.cancel(actor=owns, job_id=mine.pk).state == "cancelled"
    with pytest.raises(Refused):
        services.cancel(actor=owns, job_id=other.pk)


@pytest.mark.django_db
def test_kind_that_others_rely_on_is_stopped_by_nobody(
    two: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    asks, _ = two
    job = make_job(created_by_id=asks.user_id)
    monkeypatch.setitem(registry._kinds, job.kind, replace(registry.kind_of(job.kind), stoppable=False))
    with pytest.raises(Refused):
        services.cancel(actor=asks, job_id=job.pk)
    monkeypatch.undo()
    assert services.cancel(actor=asks, job_id=job.pk).state == "cancelled"


@pytest.mark.django_db
def test_cancel_of_anothers_job_answers_like_an_absent_one(django_user_model: Any) -> None:
    owner = django_user_model.objects.create(username="a", email="a@example.com", name="甲")
    job = make_job(created_by=owner)
    with pytest.raises(NotVisible):
        services.cancel(actor=Actor(role=Role.DISTRICT_OFFICER, user_id=owner.pk + 1), job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "due"


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMIN}))
def test_dead_job_is_decided_by_the_system_administrator_only(role: Role) -> None:
    job = make_job(state=Job.State.DEAD)
    for act in (services.retry_dead, services.abandon_dead):
        with pytest.raises(Refused):
            act(actor=Actor(role=role), job_id=job.pk, reason="已修复")


@pytest.mark.django_db
@pytest.mark.parametrize("act", [services.retry_dead, services.abandon_dead])
def test_deciding_a_dead_job_needs_a_reason(act: Any) -> None:
    job = make_job(state=Job.State.DEAD)
    with pytest.raises(ReasonRequired):
        act(actor=ADMIN, job_id=job.pk, reason="  ")


@pytest.mark.django_db
def test_retried_job_starts_over_and_is_audited(rings: list[str]) -> None:
    job = make_job("test.result", state=Job.State.DEAD, attempts=5, error="ZeroDivisionError")
    services.retry_dead(actor=ADMIN, job_id=job.pk, reason="已修复")
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at) == ("due", 0, None)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.data["reason"], entry.data["error"]) == ("jobs.retry", "已修复", "ZeroDivisionError")
    assert run_due_jobs() == ["done"]


@pytest.mark.django_db
def test_retry_is_refused_while_an_equal_job_is_open() -> None:
    dead = make_job("test.result", state=Job.State.DEAD, dedupe_key="k")
    make_job("test.result", dedupe_key="k")
    with pytest.raises(WrongState, match="不必重试"):
        services.retry_dead(actor=ADMIN, job_id=dead.pk, reason="已修复")


@pytest.mark.django_db
def test_abandoned_job_is_over() -> None:
    job = make_job(state=Job.State.DEAD)
    services.abandon_dead(actor=ADMIN, job_id=job.pk, reason="不再需要")
    job.refresh_from_db()
    assert job.state == "abandoned"
    with pytest.raises(WrongState):
        services.retry_dead(actor=ADMIN, job_id=job.pk, reason="又要了")
