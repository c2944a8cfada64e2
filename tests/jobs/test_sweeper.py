"""What the sweeper finds, what the clock plans, and what /healthz is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from greenportal import clock
from greenportal.jobs import doorbell, registry, runner, sweeper, ticking, worker
from greenportal.jobs.conf import celery_settings, values
from greenportal.jobs.health import CANARY_KIND, health
from greenportal.jobs.models import Job, Tick
from greenportal.jobs.tasks import send_canary, tidy
from tests.factories.jobs import make_job, run_due_jobs


def ago(**parts: float) -> datetime:
    return clock.running() - timedelta(**parts)


@pytest.mark.django_db
def test_expired_lease_is_taken_back_with_a_pause(rings: list[str]) -> None:
    job = make_job(state=Job.State.RUNNING, lease_until=ago(seconds=1))
    assert sweeper.sweep() == sweeper.Swept(taken_back=1, dead=0, rung=0)
    job.refresh_from_db()
    assert (job.state, job.lease_token, job.due_at > clock.running()) == ("due", None, True)


@pytest.mark.django_db
def test_live_lease_is_left_alone(rings: list[str]) -> None:
    make_job(state=Job.State.RUNNING, lease_until=clock.running() + timedelta(seconds=30))
    assert sweeper.sweep() == sweeper.Swept(0, 0, 0)


@pytest.mark.django_db
def test_lease_lost_on_the_last_attempt_ends_dead(rings: list[str]) -> None:
    job = make_job("test.poison", state=Job.State.RUNNING, attempts=3, lease_until=ago(seconds=1))
    assert sweeper.sweep().dead == 1
    job.refresh_from_db()
    assert (job.state, job.error[:10]) == ("dead", "WorkerLost")


@pytest.mark.django_db
def test_cancelled_job_of_a_dead_worker_ends_cancelled(rings: list[str]) -> None:
    job = make_job(state=Job.State.RUNNING, lease_until=ago(seconds=1), cancel_requested=True)
    sweeper.sweep()
    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.django_db
def test_due_job_is_rung_again_ever_more_rarely(rings: list[str]) -> None:
    job = make_job()
    waits = []
    for _ in range(5):
        sweeper.sweep()
        job.refresh_from_db()
        waits.append(round((job.ring_at - clock.running()).total_seconds()))
        Job.objects.update(ring_at=ago(seconds=1))
    assert (waits, rings) == ([15, 30, 60, 60, 60], [str(job.pk)] * 5)


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"due_at": clock.running() + timedelta(hours=1)}, {"state": "done"}])
def test_job_that_is_not_due_is_not_rung(values: dict[str, Any], rings: list[str]) -> None:
    make_job(**values)
    assert (sweeper.sweep().rung, rings) == (0, [])


@pytest.mark.django_db
def test_sweep_rings_more_than_one_batch(rings: list[str]) -> None:
    for _ in range(120):
        make_job()
    assert sweeper.sweep().rung == len(set(rings)) == 120


@pytest.mark.django_db
def test_open_breaker_leaves_jobs_for_the_next_sweep(rings: list[str]) -> None:
    job = make_job()
    doorbell.breaker.trip()
    assert sweeper.sweep().rung == 0
    doorbell.breaker.reset()
    assert (sweeper.sweep().rung, rings) == (1, [str(job.pk)])


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_ring_each_job_once(rings: list[str]) -> None:
    for _ in range(100):
        make_job()
    threads = [threading.Thread(target=lambda: (sweeper.sweep(), connection.close())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(rings), len(set(rings))) == (100, 100)


@pytest.mark.django_db(transaction=True)
def test_sweeper_passes_over_rows_that_a_request_holds(rings: list[str]) -> None:
    held = make_job(dedupe_key="held")
    free = make_job()
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM jobs_job WHERE id = %s FOR UPDATE", [held.pk])
            locked.set()
            done.wait(10)
            cursor.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(10)
    sweeper.sweep()
    done.set()
    thread.join()
    assert rings == [str(free.pk)]


@pytest.mark.django_db(transaction=True)
def test_run_sweeper_command_sweeps_once(rings: list[str]) -> None:
    job = make_job("test.result")
    call_command("run_sweeper", "--once")
    assert str(job.pk) in rings


@pytest.fixture
def one_periodic(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Only one planned function exists: every minute, counting its calls."""
    calls: list[int] = []
    monkeypatch.setattr(registry, "_periodic", {})
    registry.periodic("test.minutely", every_seconds=60)(lambda: calls.append(1))
    return calls


@pytest.mark.django_db
def test_two_beats_in_one_minute_make_one_job(one_periodic: list[int]) -> None:
    at = datetime(2022, 10, 1, 4, 0, 5, tzinfo=UTC)
    assert [tick_at(at), tick_at(at + timedelta(seconds=30)), tick_at(at + timedelta(seconds=60))] == [1, 0, 1]
    assert Tick.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_eight_beats_at_the_same_instant_make_one_job(one_periodic: list[int], rings: list[str]) -> None:
    barrier, made = threading.Barrier(8), []

    def beat() -> None:
        barrier.wait()
        made.append(ticking.tick())
        connection.close()

    threads = [threading.Thread(target=beat) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A minute may turn while the beats run; each planned minute has one job at most.
    assert sum(made) == Tick.objects.count() <= 2
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_ticked_function_runs_as_a_job(one_periodic: list[int]) -> None:
    ticking.tick()
    assert (run_due_jobs(ticking.PERIODIC_KIND), one_periodic) == (["done"], [1])


def tick_at(at: datetime) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "running", lambda: at)
        return ticking.tick()


def daily(*, catch_up: bool) -> registry.Periodic:
    return registry.Periodic("x", lambda: None, hour=2, minute=30, every_seconds=None, catch_up=catch_up, queue="fast")


@pytest.mark.parametrize(
    ("local", "planned", "planned_with_catch_up"),
    [
        ("2022-10-15 02:30:00", "2022-10-15 02:30:00", "2022-10-15 02:30:00"),
        ("2022-10-15 02:45:00", "2022-10-15 02:30:00", "2022-10-15 02:30:00"),
        ("2022-10-15 02:45:01", None, "2022-10-15 02:30:00"),
        ("2022-10-15 02:29:59", None, "2022-10-14 02:30:00"),
    ],
)
def test_daily_run_is_planned_in_dalian_time(local: str, planned: str | None, planned_with_catch_up: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=clock.LOCAL).astimezone(UTC)
    found = [daily(catch_up=catch_up).planned(at) for catch_up in (False, True)]
    assert [f"{clock.local(moment):%Y-%m-%d %H:%M:%S}" if moment else None for moment in found] == [
        planned,
        planned_with_catch_up,
    ]


def test_periodic_needs_exactly_one_plan() -> None:
    with pytest.raises(ValueError, match="either hour or every_seconds"):
        registry.periodic("test.none")
    with pytest.raises(ValueError, match="either hour or every_seconds"):
        registry.periodic("test.both", hour=1, every_seconds=5)


def test_kind_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        registry.job("test.effect")(lambda context: None)


@pytest.mark.django_db
def test_health_of_a_new_installation_is_unknown_and_bad() -> None:
    facts = health()
    assert (facts.oldest_due_seconds, facts.last_tick_seconds, facts.last_canary_seconds) == (None, None, None)
    assert (facts.dead, facts.healthy) == (0, False)


@pytest.mark.django_db
def test_health_is_good_after_tick_and_canary() -> None:
    send_canary()
    assert run_due_jobs(CANARY_KIND) == ["done"]
    Tick.objects.create(task="t", planned_at=clock.running(), created_at=clock.running())
    make_job(state=Job.State.DEAD)
    facts = health()
    assert (facts.healthy, facts.dead) == (True, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tick", "canary", "due", "healthy"),
    [(10, 10, 10, True), (200, 10, 10, False), (10, 200, 10, False), (10, 10, 200, False), (170, 170, 170, True)],
)
def test_health_alarms_after_three_minutes(tick: int, canary: int, due: int, healthy: bool) -> None:
    Tick.objects.create(task="t", planned_at=ago(seconds=tick), created_at=ago(seconds=tick))
    make_job(CANARY_KIND, state=Job.State.DONE, finished_at=ago(seconds=canary))
    make_job(due_at=ago(seconds=due))
    assert health().healthy is healthy


@pytest.mark.django_db
def test_long_queue_of_packets_is_reported_but_no_alarm() -> None:
    Tick.objects.create(task="t", planned_at=clock.running(), created_at=clock.running())
    make_job(CANARY_KIND, state=Job.State.DONE)
    make_job(queue="packet", due_at=ago(seconds=900))
    facts = health()
    assert (facts.healthy, round(facts.oldest_due_seconds or 0)) == (True, 900)


@pytest.mark.django_db
def test_one_canary_waits_at_a_time() -> None:
    send_canary()
    send_canary()
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_tidy_removes_only_what_nobody_reads() -> None:
    gone = make_job("test.result", state=Job.State.DONE, finished_at=ago(days=91))
    make_job(CANARY_KIND, state=Job.State.DONE, finished_at=ago(days=3))
    kept = {
        make_job("test.result", state=Job.State.DONE, finished_at=ago(days=89)).pk,
        make_job("test.result", state=Job.State.DEAD, finished_at=ago(days=400)).pk,
        make_job("test.result", due_at=ago(days=400)).pk,
    }
    tidy()
    assert set(Job.objects.values_list("pk", flat=True)) == kept
    assert gone.pk not in kept


def test_visibility_timeout_exceeds_the_longest_run() -> None:
    settings = celery_settings()
    assert settings["broker_transport_options"]["visibility_timeout"] >= 720 * 11 // 10
    assert (settings["task_acks_late"], settings["task_reject_on_worker_lost"]) == (True, True)


def test_misspelt_number_is_refused(settings: Any) -> None:
    settings.JOBS = {"leese_seconds": 1}
    with pytest.raises(TypeError):
        values()


def test_each_kind_of_the_house_has_a_handler_with_a_context() -> None:
    assert {CANARY_KIND, ticking.PERIODIC_KIND} <= registry.kinds()
    assert runner.max_attempts("nobody.knows") == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("silence", "busy", "queue", "rings", "due", "is_deaf"),
    [
        (200, False, "fast", 3, 200, True),
        (170, False, "fast", 3, 200, False),
        (200, True, "fast", 3, 200, False),
        (200, False, "packet", 3, 200, False),
        (200, False, "fast", 2, 200, False),
        (200, False, "fast", 3, 170, False),
    ],
)
def test_worker_is_deaf_only_when_idle_and_rung_for_in_vain(
    silence: float, busy: bool, queue: str, rings: int, due: int, is_deaf: bool
) -> None:
    make_job(queue=queue, due_at=ago(seconds=due), rings=rings)
    assert worker.deaf({"fast"}, silence=silence, busy=busy) is is_deaf


@pytest.mark.django_db
def test_worker_does_not_call_itself_deaf_while_the_broker_is_away() -> None:
    make_job(due_at=ago(seconds=300), rings=9)
    doorbell.breaker.trip()
    assert worker.deaf({"fast"}, silence=300, busy=False) is False


@pytest.mark.django_db(transaction=True)
def test_sweeping_thread_survives_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(ticking, "tick", fail)
    worker.sweep_once()
