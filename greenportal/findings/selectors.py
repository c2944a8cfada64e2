"""Reads of kept check runs. Callers ask for ids that their actor may already see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding


def latest(scope: str, scope_id: int) -> CheckRun | None:
    """Return the newest run about one subject, or None. One query."""
    return latest_of(scope, [scope_id]).get(scope_id)


def latest_of(scope: str, scope_ids: Iterable[int]) -> dict[int, CheckRun]:
    """Return the newest run of each subject that has one. One query for any number of subjects."""
    rows = CheckRun.objects.filter(scope=scope, scope_id__in=list(scope_ids))
    return {run.scope_id: run for run in rows.order_by("scope_id", "-id").distinct("scope_id")}


def history(scope: str, scope_id: int, *, limit: int = 50) -> list[CheckRun]:
    """Return the runs of one subject, newest first. One query."""
    return list(CheckRun.objects.filter(scope=scope, scope_id=scope_id).order_by("-id")[:limit])


def findings_of(run: CheckRun) -> list[Finding]:
    """Return the findings of a kept run, in the order of its rulebook."""
    return [Finding.from_json(row) for row in run.findings]


def changed(old: Sequence[Finding], new: Sequence[Finding]) -> list[tuple[Finding | None, Finding | None]]:
    """Return (before, after) for each rule whose outcome or severity differs between two runs."""
    before = {finding.rule: finding for finding in old}
    after = {finding.rule: finding for finding in new}
    pairs = [(before.get(key), after.get(key)) for key in [*after, *(k for k in before if k not in after)]]
    return [(a, b) for a, b in pairs if _answer(a) != _answer(b)]


def _answer(finding: Finding | None) -> tuple[str, str] | None:
    return None if finding is None else (str(finding.outcome), str(finding.severity))
