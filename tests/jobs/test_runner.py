"""One run: claim, lease, fence, attempts, cancel; crashes at every point."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from greenportal import clock
from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.jobs import faults, registry, runner, sweeper
from greenportal.jobs.context import JobContext, LeaseLost
from greenportal.jobs.models import Job
from tests.factories.jobs import make_job, run_due_jobs
from tests.jobs.app.tasks import effects, note
from tests.jobs.conftest import run_in_child, until


@pytest.mark.django_db
def test_run_calls_the_handler_and_keeps_its_result() -> None:
    job = make_job("test.result", payload={"file": "x"})
    assert runner.run(job.pk, heartbeat=False) == "done"
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts, job.lease_token) == ("done", {"file": "x"}, 1, None)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in Job.State if s != Job.State.DUE])
def test_job_that_is_not_due_is_not_run(state: str) -> None:
    job = make_job("test.effect", state=state, payload={"name": "x"})
    assert (runner.run(job.pk, heartbeat=False), effects("x")) == ("not_due", 0)


@pytest.mark.django_db
def test_absent_job_is_not_run() -> None:
    assert runner.run(uuid.uuid4()) == "not_due"


@pytest.mark.django_db
def test_failure_rolls_back_and_is_planned_again(fast: Any) -> None:
    fast(backoff_seconds=10)
    job = make_job("test.fail", payload={"name": "x"})
    assert runner.run(job.pk, heartbeat=False) == "retry"
    job.refresh_from_db()
    wait = (job.due_at - clock.running()).total_seconds()
    assert (job.state, effects("x"), 9 < wait < 13) == ("due", 0, True)
    assert job.error == "ZeroDivisionError: 例外"


@pytest.mark.django_db
def test_last_attempt_ends_dead() -> None:
    job = make_job("test.fail", attempts=2)
    assert runner.run(job.pk, heartbeat=False) == "dead"
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at is not None) == ("dead", 3, True)


@pytest.mark.django_db(transaction=True)
def test_refused_job_is_dead_at_once_with_the_reason_for_the_user() -> None:
    job = make_job("test.refused")
    assert runner.run(job.pk) == "dead"
    job.refresh_from_db()
    assert (job.attempts, job.user_message) == (1, "请先定稿。")
    entry = AuditEntry.objects.get()
    assert (entry.result, entry.data["reason"]) == ("refused", "请先定稿。")


@pytest.mark.django_db
def test_unknown_kind_is_retried_since_a_deployment_may_bring_it() -> None:
    job = make_job("test.of_next_release")
    assert runner.run(job.pk, heartbeat=False) == "retry"


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160)])
def test_pause_doubles_with_a_quarter_of_jitter(attempts: int, seconds: int) -> None:
    waits = [runner.pause(attempts).total_seconds() for _ in range(50)]
    assert seconds <= min(waits) < max(waits) <= seconds * 1.25


@pytest.mark.django_db
def test_step_shows_progress_and_stops_when_cancelled() -> None:
    seen: list[tuple[int, int, str]] = []

    def handler(context: JobContext) -> None:
        context.step(3, 12, "正在合并附件")
        seen.append(Job.objects.values_list("progress_done", "progress_total", "stage").get())
        Job.objects.update(cancel_requested=True)
        context.step(4, 12, "正在盖页码")
        note("late")

    registry.job("test.progress")(handler)
    job = make_job("test.progress")
    assert (runner.run(job.pk, heartbeat=False), effects("late")) == ("cancelled", 0)
    assert seen == [(3, 12, "正在合并附件")]
    job.refresh_from_db()
    assert (job.state, job.lease_token) == ("cancelled", None)


@pytest.mark.django_db
def test_steps_in_quick_succession_write_rarely(django_assert_num_queries: Any) -> None:
    job = make_job(state=Job.State.RUNNING)
    context = JobContext(job, job.lease_token or uuid.uuid4())
    context.step(0, 1000, "读取")
    with django_assert_num_queries(0):
        for number in range(1, 400):
            context.step(number, 1000, "读取")


@pytest.mark.django_db(transaction=True)
def test_heartbeat_extends_the_lease_of_a_long_handler(fast: Any) -> None:
    fast(lease_seconds=2, heartbeat_seconds=0.2)
    job = make_job(payload={"name": "x", "seconds": 3})
    thread = threading.Thread(target=lambda: (runner.run(job.pk), connection.close()))
    thread.start()
    taken: list[int] = []
    while thread.is_alive():
        taken.append(sweeper.sweep().taken_back)
        thread.join(0.1)
    assert (sum(taken), effects("x"), Job.objects.get().attempts) == (0, 1, 1)


def _two_runs_of_one_job(fast: Any, *, fencing: bool) -> int:
    """Let a run outlive its lease while a second run does the work; return the effects."""
    fast(lease_seconds=0.05, heartbeat_seconds=60, fencing=fencing)
    released, waiting = threading.Event(), threading.Event()

    def handler(context: JobContext) -> None:
        if context.attempt == 1:
            waiting.set()
            released.wait(10)
        with context.fenced():
            note("zombie")
            context.finish()

    registry.job("test.zombie")(handler)
    job = make_job("test.zombie")
    thread = threading.Thread(target=lambda: (runner.run(job.pk), connection.close()))
    thread.start()
    assert waiting.wait(10)
    assert until(lambda: sweeper.sweep().taken_back == 1, 5)
    Job.objects.update(due_at=clock.running())
    assert runner.run(job.pk) == "done"
    if not fencing:
        # Without the fence a run believes any running row to be its own.
        Job.objects.update(state="running", lease_token=uuid.uuid4(), lease_until=clock.running(), finished_at=None)
    released.set()
    thread.join()
    return effects("zombie")


@pytest.mark.django_db(transaction=True)
def test_zombie_whose_lease_was_taken_back_leaves_no_effect(fast: Any, rings: list[str]) -> None:
    assert _two_runs_of_one_job(fast, fencing=True) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_fence_the_zombie_doubles_the_effect(fast: Any, rings: list[str]) -> None:
    assert _two_runs_of_one_job(fast, fencing=False) == 2


@pytest.mark.django_db
def test_fence_raises_at_its_end_when_the_lease_went_meanwhile() -> None:
    job = make_job(state=Job.State.RUNNING)
    context = JobContext(job, job.lease_token or uuid.uuid4())
    with pytest.raises(LeaseLost), context.fenced():
        note("x")
        Job.objects.update(lease_token=uuid.uuid4())
    assert effects("x") == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", faults.POINTS)
def test_crash_at_each_point_leaves_exactly_one_effect(
    point: str, fast: Any, rings: list[str], private_storage: Any
) -> None:
    fast(lease_seconds=0.1, crash_at=point)
    job = make_job("test.file", payload={"name": "x"})
    codes = [run_in_child(job.pk)]
    assert codes == [1], "the fault point was never reached"
    for _ in range(50):
        sweeper.sweep()
        Job.objects.filter(state="due").update(due_at=clock.running())
        codes.append(run_in_child(job.pk))
        if Job.objects.get().state == "done":
            break
        until(lambda: Job.objects.filter(lease_until__gt=clock.running()).count() == 0, 2)
    files = [path for path in private_storage.rglob("*") if path.is_file() and not path.name.endswith(".part")]
    assert (effects("x"), StoredFile.objects.count(), len(files)) == (1, 1, 1)
    assert Job.objects.get().result["file"] == str(StoredFile.objects.get().pk)


@pytest.mark.django_db(transaction=True)
def test_crash_points_are_harmless_on_later_attempts(fast: Any, rings: list[str]) -> None:
    fast(crash_at="claimed")
    job = make_job("test.file", payload={"name": "x"}, attempts=1)
    assert (run_in_child(job.pk), effects("x")) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_sixty_jobs_two_sweepers_four_runners_each_effect_once(fast: Any, rings: list[str]) -> None:
    jobs = [make_job(payload={"name": f"n{number}"}) for number in range(60)]
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            sweeper.sweep()
        connection.close()

    def work(order: int) -> None:
        for job in jobs if order % 2 else reversed(jobs):
            runner.run(job.pk)
        connection.close()

    sweepers = [threading.Thread(target=sweep) for _ in range(2)]
    workers = [threading.Thread(target=work, args=(order,)) for order in range(4)]
    for thread in [*sweepers, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    for thread in sweepers:
        thread.join()
    assert [effects(f"n{number}") for number in range(60)] == [1] * 60
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}


@pytest.mark.django_db(transaction=True)
def test_database_refuses_a_second_open_job_of_one_key() -> None:
    make_job(dedupe_key="k")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(dedupe_key="k")
    make_job(dedupe_key="k", state=Job.State.DONE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "running", "lease_token": None},
        {"state": "due", "lease_token": uuid.uuid4(), "lease_until": clock.running()},
        {"state": "done", "finished_at": None},
        {"state": "lost"},
    ],
)
def test_database_refuses_contradicting_states(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(**wrong)


@pytest.mark.django_db
def test_run_due_jobs_runs_until_none_is_left() -> None:
    make_job("test.result")
    make_job("test.result", due_at=clock.running() + timedelta(hours=1))
    assert run_due_jobs() == ["done"]
