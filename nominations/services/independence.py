"""独立性: the district's finding whether the evaluator kept out of the self-evaluation report (通知 二、第1段)."""

from __future__ import annotations

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.findings.types import WrongState
from nominations.models import Nomination
from nominations.services.checking import may_establish
from nominations.services.drafting import recheck_soon
from nominations.services.moving import lock_nomination, touch
from nominations.validators import clean_reason


def record_independence(
    *, actor: Actor, nomination_id: int, seen_version: int, independent: bool, reason: str
) -> Nomination:
    """Record that the evaluator was, or was not, independent of the self-evaluation, and on what grounds.

    It holds for the evaluator now named: another choice empties it. Raises Invalid (no reason), Refused (not
    the district, after 定稿, two hats), WrongState (no evaluator named), Stale, NotVisible.
    """
    text = clean_reason(reason, label="核实情况")
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        may_establish(actor, nomination)
        if nomination.evaluator_id is None:
            raise WrongState("还没有选择第三方评价机构，选择后再核实独立性。")
        nomination.independence = independent
        nomination.independence_reason = text
        nomination.independence_by_id = actor.user_id
        fields = ["independence", "independence_reason", "independence_by"]
        data = {"evaluator": nomination.evaluator_id, "independent": independent, "reason": text}
        touch(nomination, actor=actor, action="independence", fields=fields, data=data)
        recheck_soon(nomination, cause="independence", actor=actor)
        return nomination
