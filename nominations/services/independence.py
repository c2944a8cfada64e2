"""独立性: the district's finding whether the evaluator kept out of the self-evaluation report (通知 二、第1段)."""

from __future__ import annotations

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.findings.types import Invalid, WrongState
from nominations import rules
from nominations.models import Nomination
from nominations.services.checking import may_establish
from nominations.services.drafting import recheck_soon
from nominations.services.moving import lock_nomination, touch
from nominations.validators import clean_reason

#: Characters of the names of those who wrote a self-evaluation report.
_AUTHORS = 500


def declare_independence(
    *, actor: Actor, nomination_id: int, seen_version: int, independent: bool | None, authors: str
) -> Nomination:
    """The applicant's side declares that the evaluator had no part in its self-evaluation, and names who wrote it.

    independent: None takes the declaration back; authors: names, one a line. Raises Refused (not its owner, not
    editable), WrongState (no evaluator named), Invalid (too long), Stale, NotVisible.
    """
    if len(authors) > _AUTHORS:
        message = f"编写人姓名合计不超过{_AUTHORS}字。"
        raise Invalid(message, errors={"authors": [message]})
    names = "\n".join(dict.fromkeys(" ".join(line.split()) for line in authors.splitlines() if line.strip()))
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        if nomination.evaluator_id is None:
            raise WrongState("还没有选择第三方评价机构，选择后再作独立性声明。")
        nomination.declared_independent, nomination.report_authors = independent, names
        data = {"evaluator": nomination.evaluator_id, "independent": independent, "authors": len(names.splitlines())}
        fields = ["declared_independent", "report_authors"]
        touch(nomination, actor=actor, action="declare_independence", fields=fields, data=data)
        recheck_soon(nomination, cause="independence", actor=actor)
        return nomination


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
