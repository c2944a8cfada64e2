"""Older cases of the demonstration: relations and sanctions at every state, of bodies that evaluate nothing in the round.

They stand beside the cast, so that nobody's cap or acceptance depends on them.
"""

from __future__ import annotations

from datetime import date

from evaluators.demo.affiliating import related, told
from evaluators.models import AffiliateRelation, Evaluator, Sanction
from evaluators.services import (
    confirm_sanction,
    confirm_step,
    end_relation,
    propose_lift,
    propose_outcome,
    record_appeal,
    record_sanction,
    register_evaluator,
    reject_relation,
)
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import fictional_uscc

NAMES = (
    "大连演示旧例甲评价有限公司",
    "大连演示旧例乙评价有限公司",
    "大连演示旧例丙评价有限公司",
    "大连演示旧例丁评价有限公司",
)
VERIFIED_ON = date(2022, 3, 1)


def play(*, reviewer: Actor, lead: Actor, round_id: int) -> None:
    """Play the cases, two people each where two are asked. Safe to repeat."""
    bodies = [
        register_evaluator(actor=reviewer, uscc=fictional_uscc(8100 + number, prefix="91"), name=name)
        for number, name in enumerate(NAMES, start=1)
    ]
    _relations(bodies, reviewer)
    if not Sanction.objects.filter(organisation_id=bodies[0].organisation_id).exists():
        _sanctions(bodies, reviewer, lead, round_id)


def _relations(bodies: list[Evaluator], reviewer: Actor) -> None:
    """Told and waiting, found to be none, and ended; the confirmed one is of the cast."""
    first, second, third, fourth = bodies
    if AffiliateRelation.objects.filter(first_id__in=[body.organisation_id for body in bodies]).exists():
        return
    told(first, second, reviewer)
    none = told(second, third, reviewer, kind="control")
    reject_relation(actor=reviewer, relation_id=none.pk, reason="演示：章程和出资证明不能说明控制关系")
    over = related(third, fourth, reviewer)
    end_relation(actor=reviewer, relation_id=over.pk, reason="演示：法定代表人已变更")


def _sanctions(bodies: list[Evaluator], reviewer: Actor, lead: Actor, round_id: int) -> None:
    """Waiting for its second person; lifted early; revoked after an appeal; appealed and not yet answered."""
    # The first stays as it is: the second person finds it on the home page.
    _waiting, lifted, revoked, appealed = (
        record_sanction(
            actor=reviewer,
            organisation_id=body.organisation_id,
            round_id=round_id,
            verified_on=VERIFIED_ON,
            document_no=f"演示文号〔2022〕{number}号",
            facts="演示：评价报告与现场情况不符。",
        )
        for number, body in enumerate(bodies, start=21)
    )
    for row in (lifted, revoked, appealed):
        confirm_sanction(actor=lead, sanction_id=row.pk)
    step = propose_lift(
        actor=reviewer,
        sanction_id=lifted.pk,
        lift_on=date(2022, 8, 1),
        reason="演示：整改完成，经复查同意提前解除。",
        document_no="演示文号〔2022〕31号",
    )
    confirm_step(actor=lead, step_id=step.pk)
    for row in (revoked, appealed):
        appeal = record_appeal(
            actor=reviewer, sanction_id=row.pk, on=date(2022, 4, 11), text="演示：机构申请复核现场记录。"
        )
        if row is revoked:
            outcome = propose_outcome(
                actor=reviewer,
                appeal_id=appeal.pk,
                revoke=True,
                on=date(2022, 5, 9),
                text="演示：经复核，差异由计量器具更换造成，予以撤销。",
                document_no="演示文号〔2022〕32号",
            )
            confirm_step(actor=lead, step_id=outcome.pk)
