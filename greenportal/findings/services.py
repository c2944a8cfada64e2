"""Keeping what rules said: append-only, and only when something could be said anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from greenportal import clock
from greenportal.findings import selectors
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Run:
    """One check to keep: about `scope_id`, from these facts and this rulebook, as of an instant."""

    scope_id: int
    facts_sha256: str
    rulebook_sha256: str
    findings: Sequence[Finding]


def record_run(
    *,
    scope: str,
    scope_id: int,
    as_of: datetime,
    facts_sha256: str,
    rulebook_sha256: str,
    cause: str,
    findings: Sequence[Finding],
) -> CheckRun:
    """Keep one run and return it; the newest kept run is returned instead when nothing differs.

    Nothing differs means: same facts, same rulebook and same findings. Findings are compared because a
    later `as_of` alone can change an answer. The caller holds the lock of the subject's row.
    """
    kept = record_runs(
        scope=scope, as_of=as_of, cause=cause, runs=[Run(scope_id, facts_sha256, rulebook_sha256, findings)]
    )
    return kept[scope_id]


@transaction.atomic
def record_runs(*, scope: str, as_of: datetime, cause: str, runs: Iterable[Run]) -> dict[int, CheckRun]:
    """Keep many runs in two queries; returns the newest kept run by scope_id. See `record_run`."""
    wanted = list(runs)
    newest = selectors.latest_of(scope, [run.scope_id for run in wanted])
    fresh = [
        row
        for run in wanted
        if (row := _row(run, scope=scope, as_of=as_of, cause=cause)) and not _same(newest.get(run.scope_id), row)
    ]
    CheckRun.objects.bulk_create(fresh)
    return {**newest, **{row.scope_id: row for row in fresh}}


def _row(run: Run, *, scope: str, as_of: datetime, cause: str) -> CheckRun:
    return CheckRun(
        scope=scope,
        scope_id=run.scope_id,
        as_of=as_of,
        facts_sha256=run.facts_sha256,
        rulebook_sha256=run.rulebook_sha256,
        cause=cause,
        findings=[finding.as_json() for finding in run.findings],
        blockers=sum(finding.blocks for finding in run.findings),
        decisions=sum(finding.needs_decision for finding in run.findings),
        manual=sum(finding.outcome == Outcome.MANUAL for finding in run.findings),
        created_at=clock.now(),
    )


def _same(old: CheckRun | None, new: CheckRun) -> bool:
    return (
        old is not None
        and (old.facts_sha256, old.rulebook_sha256) == (new.facts_sha256, new.rulebook_sha256)
        and old.findings == new.findings
    )
