"""How evaluations of the demonstration were done: one complete with statement and lead, one halfway, one just begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evaluators.constants import FILE_STATEMENT
from evaluators.demo.affiliating import page
from evaluators.models import Engagement, EngagementStep, Evaluator
from evaluators.services import EngagementFields, StepFields, record_work
from evaluators.services.leads import assign_leads
from evaluators.states import EngagementState
from greenportal.accounts.actors import Actor

_CONTRACT = StepFields(done_on=date(2022, 6, 8), note="演示：核对申报条件和评价范围后签订合同")
_TEAM = StepFields(done_on=date(2022, 6, 20), people="甲演示、己演示、庚演示")
_DOCUMENTS = StepFields(done_on=date(2022, 7, 8), note="演示：文件评审提出两项问题，均已补充")


@dataclass(frozen=True, slots=True)
class Work:
    """What is told of one evaluation; signed: with the statement of truth and liability."""

    fields: EngagementFields
    steps: Mapping[str, StepFields]
    signed: bool = False


COMPLETE = Work(
    EngagementFields(
        contract_no="演示合同〔2022〕1号",
        contract_on=date(2022, 6, 10),
        visit_from=date(2022, 7, 12),
        visit_to=date(2022, 7, 14),
        report_on=date(2022, 9, 12),
        score=Decimal("88.55"),
    ),
    {
        "contract_review": _CONTRACT,
        "team": _TEAM,
        "document_review": _DOCUMENTS,
        "site_visit": StepFields(done_on=date(2022, 7, 14), note="演示：现场查看能源计量和污染防治设施"),
        "report": StepFields(done_on=date(2022, 9, 5), people="示例·编制人"),
        "technical_review": StepFields(done_on=date(2022, 9, 9), people="辛演示", note="演示：复核人未参加评价组"),
    },
    signed=True,
)
HALFWAY = Work(
    EngagementFields(
        contract_no="演示合同〔2022〕2号",
        contract_on=date(2022, 6, 10),
        visit_from=date(2022, 7, 19),
        visit_to=date(2022, 7, 20),
    ),
    {"contract_review": _CONTRACT, "team": _TEAM, "document_review": _DOCUMENTS},
)
BEGUN = Work(EngagementFields(contract_no="演示合同〔2022〕3号", contract_on=date(2022, 6, 10)), {})
#: Evaluator of the cast → what it tells of its first confirmed evaluations, in their order.
TOLD: Mapping[str, Sequence[Work]] = {"beichen": (COMPLETE, HALFWAY), "haiyan": (BEGUN,)}


def work(
    bodies: Mapping[str, Evaluator], *, round_id: int, admin_of: Callable[[str], Actor], lead_user_id: int | None
) -> None:
    """Tell how the evaluations were done; the lead gets the first of the first body. Safe to repeat."""
    if EngagementStep.objects.filter(engagement__round_id=round_id).exists():
        return
    for key, works in TOLD.items():
        admin = admin_of(key)
        mine = Engagement.objects.filter(
            evaluator=bodies[key], round_id=round_id, state=EngagementState.CONFIRMED
        ).order_by("pk")
        for number, (row, told) in enumerate(zip(mine, works, strict=False)):
            _tell(admin, row, told)
            if number == 0 and lead_user_id is not None and key == next(iter(TOLD)):
                assign_leads(actor=admin, engagement_id=row.pk, user_ids=[lead_user_id])


def _tell(admin: Actor, row: Engagement, told: Work) -> None:
    statement = page(admin, "评价结果真实性声明（演示）", kind=FILE_STATEMENT) if told.signed else None
    record_work(
        actor=admin,
        engagement_id=row.pk,
        told=told.fields,
        steps=told.steps,
        seen_version=row.version,
        statement_id=statement.pk if statement else None,
    )
