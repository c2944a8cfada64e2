"""Evaluators that do not exist: registered in every way there is, two of them affiliated, one not accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evaluators.demo import precedents
from evaluators.demo.affiliating import related
from evaluators.models import Evaluator, Sanction
from evaluators.services import (
    RegistrationFields,
    confirm_sanction,
    propose_outcome,
    record_appeal,
    record_registration,
    record_sanction,
    register_evaluator,
)
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import fictional_uscc

GOOD: dict[str, Any] = {
    "registered_in_china": True,
    "has_experience": True,
    "has_office": True,
    "has_finance_system": True,
    "staff_intermediate": 14,
    "staff_senior": 6,
    "knows_rules": True,
    "latest_record_on": date(2021, 11, 18),
    "covers_three_fields": True,
    "declared_elsewhere": 0,
}
BAD: dict[str, Any] = {
    "registered_in_china": False,
    "has_experience": False,
    "has_office": False,
    "has_finance_system": False,
    "staff_intermediate": 9,
    "staff_senior": 2,
    "knows_rules": False,
    "latest_record_on": date(2014, 5, 1),
    "covers_three_fields": False,
    "declared_elsewhere": None,
}
VERIFIED_ON, APPEALED_ON, ANSWERED_ON = date(2022, 6, 1), date(2022, 7, 15), date(2022, 8, 10)


@dataclass(frozen=True, slots=True)
class Body:
    """One evaluator: `fields` None leaves it unregistered. username: its account."""

    key: str
    number: int
    name: str
    username: str
    fields: dict[str, Any] | None = field(default_factory=lambda: GOOD)


CAST: tuple[Body, ...] = (
    Body("beichen", 1, "大连北辰演示认证中心", "pj-beichen"),
    Body("haiyan", 2, "大连海雁演示技术服务有限公司", "pj-haiyan"),
    Body("songtao", 3, "大连松涛演示节能技术研究院", "pj-songtao"),
    Body("boxin", 4, "大连渤新演示评价有限公司", "pj-boxin"),
    Body("cangwu", 5, "大连苍梧演示咨询有限公司", "pj-cangwu"),
    Body("weili", 6, "大连微砾演示检测有限公司", "pj-weili", BAD),
    Body("xinqi", 7, "大连新启演示环保科技有限公司", "pj-xinqi", None),
    Body("duohang", 8, "大连多航演示评估有限公司", "pj-duohang", {**GOOD, "declared_elsewhere": 15}),
)


#: An account of the first body that is no administrator: it leads one evaluation and only reads the others.
LEAD = "pj-beichen-lead"


def found(actor: Actor) -> dict[str, Evaluator]:
    """Register the evaluators of the cast as legal persons; by key. Safe to repeat."""
    return {
        body.key: register_evaluator(actor=actor, uscc=fictional_uscc(8000 + body.number, prefix="91"), name=body.name)
        for body in CAST
    }


def prove(bodies: dict[str, Evaluator], *, reviewer: Actor, lead: Actor, round_id: int) -> None:
    """Record what they proved, the affiliation of two, the confirmed sanction of one with an appeal that waits for its second person."""
    for body in CAST:
        if body.fields is not None:
            record_registration(
                actor=reviewer,
                evaluator_id=bodies[body.key].pk,
                round_id=round_id,
                entered=RegistrationFields(**body.fields),
                source="机构提交的证明材料（演示）",
            )
    related(bodies["beichen"], bodies["haiyan"], reviewer)
    precedents.play(reviewer=reviewer, lead=lead, round_id=round_id)
    sanctioned = bodies["cangwu"].organisation_id
    if not Sanction.objects.filter(organisation_id=sanctioned).exists():
        row = record_sanction(
            actor=reviewer,
            organisation_id=sanctioned,
            verified_on=VERIFIED_ON,
            round_id=round_id,
            document_no="演示文号〔2022〕6号",
            facts="演示：评价报告数据与现场不符，查实后三年内不予采信。",
        )
        confirm_sanction(actor=lead, sanction_id=row.pk)
        appeal = record_appeal(
            actor=reviewer,
            sanction_id=row.pk,
            on=APPEALED_ON,
            text="演示：机构认为数据差异由企业台账更正引起，申请撤销。",
        )
        propose_outcome(
            actor=reviewer,
            appeal_id=appeal.pk,
            revoke=False,
            on=ANSWERED_ON,
            text="演示：经复核，差异与台账更正无关，拟维持。",
            document_no="演示文号〔2022〕8号",
        )
