"""Kept runs: append-only, skipped when nothing could be said anew, constant queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from greenportal.findings import selectors, services
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding, Outcome, Severity
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
SCOPE = "nominations.nomination"
BAD = Finding("EX1", Outcome.NOT_MET, Severity.BLOCKER, "通知 一", "因为。")
ASK = Finding("ENERGY", Outcome.MANUAL, Severity.DECISION, "通知 一", "因为。")
DECIDE = Finding("ENERGY", Outcome.NOT_MET, Severity.DECISION, "通知 一", "因为。")


def run(scope_id=1, *, facts="f", book="b", findings=(BAD, ASK), days=0):
    return services.record_run(
        scope=SCOPE,
        scope_id=scope_id,
        as_of=DURING + timedelta(days=days),
        facts_sha256=facts * 64,
        rulebook_sha256=book * 64,
        cause="test",
        findings=findings,
    )


def test_run_keeps_findings_and_counts():
    kept = run()
    assert (kept.blockers, kept.decisions, kept.manual) == (1, 0, 1)
    assert selectors.findings_of(kept) == [BAD, ASK]
    assert selectors.latest(SCOPE, 1) == kept


def test_run_with_nothing_new_is_not_kept_again():
    first = run()
    assert run(days=1) == first
    assert CheckRun.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"facts": "g"}, {"book": "c"}, {"findings": (BAD, DECIDE)}], ids=["facts", "rulebook", "answer"]
)
def test_run_that_differs_is_kept(change):
    first = run()
    second = run(days=1, **change)
    assert second != first
    assert selectors.latest(SCOPE, 1) == second
    assert selectors.history(SCOPE, 1) == [second, first]


def test_answer_that_returns_to_an_older_one_is_kept():
    run()
    run(findings=(BAD, DECIDE))
    run()
    assert CheckRun.objects.count() == 3


def test_runs_of_another_subject_or_scope_are_apart():
    run(1)
    run(2)
    assert set(selectors.latest_of(SCOPE, [1, 2, 3])) == {1, 2}
    assert selectors.latest("other.scope", 1) is None


@pytest.mark.parametrize("count", [1, 3])
def test_keeping_many_takes_two_queries(count):
    runs = [services.Run(n, "f" * 64, "b" * 64, (BAD,)) for n in range(1, count + 1)]
    with CaptureQueriesContext(connection) as seen:
        kept = services.record_runs(scope=SCOPE, as_of=DURING, cause="test", runs=runs)
    assert set(kept) == set(range(1, count + 1))
    assert len([q for q in seen.captured_queries if "checkrun" in q["sql"]]) == 2


def test_changed_names_rules_whose_answer_differs():
    assert selectors.changed([BAD, ASK], [BAD, DECIDE]) == [(ASK, DECIDE)]
    assert selectors.changed([BAD], [BAD, ASK]) == [(None, ASK)]
    assert selectors.changed([BAD, ASK], [BAD]) == [(ASK, None)]


@pytest.mark.parametrize("act", [lambda: CheckRun.objects.update(cause="x"), lambda: CheckRun.objects.all().delete()])
def test_kept_run_can_be_neither_changed_nor_deleted(act):
    run()
    with pytest.raises(DatabaseError), transaction.atomic():
        act()
    assert CheckRun.objects.get().cause == "test"
