"""原则上: what the notice leaves to judgement is decided by a named officer, in writing, on the facts of the day."""

from __future__ import annotations

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding, Stale, WrongState
from nominations import rules
from nominations.models import Decision, Nomination
from nominations.selectors.decisions import facts_of, seen_of
from nominations.selectors.people import hats
from nominations.services.checking import evaluator_organisation
from nominations.services.moving import lock_nomination, person, touch
from nominations.validators import clean_reason


def decide(
    *, actor: Actor, nomination_id: int, seen_version: int, seen_facts: str, rule: str, keep: bool, reason: str
) -> Decision:
    """Record whether the nomination is recommended although a 原则上 condition is not met.

    Only a finding of severity `decision` of the current check can be decided; its facts are kept with
    the decision, and other facts ask for a new one. A check does not raise the nomination's version, so
    `seen_facts` (`selectors.decisions.seen_of` what was read) says which facts the person judged. Raises Stale
    when the check has others by now, WrongState when it says no such thing.
    """
    text = clean_reason(reason, limit=2000)
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        organisation_id = evaluator_organisation(nomination)
        rules.may_decide(actor, nomination, hats=hats(actor), evaluator_organisation_id=organisation_id).require()
        finding = _finding(nomination, rule)
        _unchanged(finding, seen_facts)
        decision = Decision.objects.create(
            nomination=nomination,
            rule=rule,
            keep=keep,
            reason=text,
            facts=facts_of(finding),
            decided_by_id=person(actor),
            decided_at=clock.now(),
        )
        touch(
            nomination,
            actor=actor,
            action="decide",
            data={"rule": rule, "keep": keep, "reason": text, "decision": decision.pk},
        )
        return decision


def _unchanged(finding: Finding, seen_facts: str) -> None:
    """Raise Stale unless the facts are the ones that were read."""
    if seen_of(finding) != seen_facts:
        raise Stale("核查结论刚刚更新，与您打开页面时不同。请核对下面最新的结论，再记录决定。")


def _finding(nomination: Nomination, rule: str) -> Finding:
    run: CheckRun | None = nomination.last_check
    for row in run.findings if run else []:
        finding = Finding.from_json(row)
        if finding.rule == rule and finding.needs_decision:
            return finding
    raise WrongState("最近一次核查没有需要书面决定的这一项，请刷新页面查看最新核查结果。")
