"""Which findings still wait for a written decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenportal.findings.types import Finding
from nominations.models import Decision
from nominations.validators import digest

#: Parts of a finding's data that change by themselves and are no reason to decide again.
_VOLATILE = frozenset({"as_of"})


def facts_of(finding: Finding) -> dict[str, Any]:
    """Return the facts a decision is bound to."""
    return {key: value for key, value in finding.data.items() if key not in _VOLATILE}


def seen_of(finding: Finding) -> str:
    """Return the fingerprint of those facts: what a page posts back to say what was read on it."""
    return digest(facts_of(finding))


def latest_decisions(nomination_ids: Iterable[int]) -> dict[int, dict[str, Decision]]:
    """Return the latest decision per nomination and rule. One query."""
    found: dict[int, dict[str, Decision]] = {}
    rows = Decision.objects.filter(nomination_id__in=list(nomination_ids)).order_by("pk")
    for decision in rows.select_related("decided_by"):
        found.setdefault(decision.nomination_id, {})[decision.rule] = decision
    return found


def undecided(findings: Iterable[Finding], decisions: Mapping[str, Decision]) -> list[Finding]:
    """Return the findings that ask for a decision and have none that keeps the nomination on these very facts."""
    left = []
    for finding in findings:
        if not finding.needs_decision:
            continue
        decision = decisions.get(finding.rule)
        if decision is None or not decision.keep or decision.facts != facts_of(finding):
            left.append(finding)
    return left


def standing_against(findings: Iterable[Finding], decisions: Mapping[str, Decision]) -> tuple[list[str], list[str]]:
    """Return what keeps a nomination from going on: messages of blockers, and of 原则上 findings nobody decided."""
    found = list(findings)
    blockers = [f"{f.clause} {f.because}" for f in found if f.blocks]
    waiting = [f"{f.clause} {f.because}（原则上不推荐，须书面决定）" for f in undecided(found, decisions)]
    return blockers, waiting
