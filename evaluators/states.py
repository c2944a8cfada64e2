"""States of evaluators' things: one screen (DESIGN §4)."""

from __future__ import annotations

from django.db import models

from evaluators.constants import CLOCK_REPORT
from greenportal.accounts.actors import CITY_ROLES, DISTRICT_ROLES, EVALUATOR_ROLES, Role
from greenportal.transitions import Transition, row


class EngagementState(models.TextChoices):
    """Life of one evaluation that an applicant claims."""

    CLAIMED = "claimed", "待机构确认"
    CONFIRMED = "confirmed", "机构已确认"
    DISPUTED = "disputed", "机构有异议"
    UPHELD = "upheld", "市局认定有效"
    VOID = "void", "市局认定无效"
    WITHDRAWN = "withdrawn", "已撤回"


S = EngagementState

#: States that count against the cap (DESIGN §4).
COUNTED = frozenset({S.CLAIMED, S.CONFIRMED, S.UPHELD})
#: Who may claim and withdraw: the applicant's side and those who act for it.
CLAIMANTS = frozenset({Role.APPLICANT, Role.SYSTEM}) | DISTRICT_ROLES | CITY_ROLES

ENGAGEMENT_TRANSITIONS: tuple[Transition, ...] = (
    row("confirm", [S.CLAIMED], S.CONFIRMED, EVALUATOR_ROLES, "确认评价项目"),
    row("dispute", [S.CLAIMED], S.DISPUTED, EVALUATOR_ROLES, "提出异议", needs_reason=True),
    row("uphold", [S.DISPUTED], S.UPHELD, CITY_ROLES, "认定评价项目有效", needs_reason=True),
    row("void", [S.DISPUTED], S.VOID, CITY_ROLES, "认定评价项目无效", needs_reason=True),
    row("withdraw", [S.CLAIMED, S.CONFIRMED, S.DISPUTED, S.UPHELD], S.WITHDRAWN, CLAIMANTS, "撤回评价项目"),
)


class RelationState(models.TextChoices):
    """Life of one relation between two legal persons."""

    PROPOSED = "proposed", "待市局认定"
    CONFIRMED = "confirmed", "已认定"
    REJECTED = "rejected", "不予认定"
    ENDED = "ended", "已解除"


A = RelationState

RELATION_TRANSITIONS: tuple[Transition, ...] = (
    row("confirm", [A.PROPOSED], A.CONFIRMED, CITY_ROLES, "认定关联关系"),
    row("reject", [A.PROPOSED], A.REJECTED, CITY_ROLES, "不予认定", needs_reason=True),
    row("end", [A.CONFIRMED], A.ENDED, CITY_ROLES, "解除关联关系", needs_reason=True),
)


class RegistrationState(models.TextChoices):
    """Life of an evaluator's registration in one round, as the evaluator drafts it."""

    DRAFT = "draft", "填报中"
    FILED = "filed", "已提交，待市局确认"
    RETURNED = "returned", "已退回，待修改"
    ACKNOWLEDGED = "acknowledged", "市局已确认"


class ReportState(models.TextChoices):
    """Life of the annual work report (附件10)."""

    DRAFT = "draft", "填报中"
    FILED = "filed", "已报送，待市局核对"
    RETURNED = "returned", "已退回，待修改"
    ACCEPTED = "accepted", "市局已接收"


G, P = RegistrationState, ReportState
ADMIN = [Role.EVALUATOR_ADMIN]

#: The notice sets no day for registration, so no row has a clock. `amend` begins a change: what was
#: acknowledged stays in force until the city acknowledges the next one.
REGISTRATION_TRANSITIONS: tuple[Transition, ...] = (
    row("file", [G.DRAFT, G.RETURNED], G.FILED, ADMIN, "提交登记"),
    row("take_back", [G.FILED], G.DRAFT, ADMIN, "取回登记"),
    row("return", [G.FILED], G.RETURNED, CITY_ROLES, "退回登记", needs_reason=True),
    row("acknowledge", [G.FILED], G.ACKNOWLEDGED, CITY_ROLES, "确认登记"),
    row("amend", [G.ACKNOWLEDGED], G.DRAFT, ADMIN, "变更登记", needs_reason=True),
)

#: The clock is that of the round, or a return's own due day, or the city's written leave to file late.
REPORT_TRANSITIONS: tuple[Transition, ...] = (
    row("file", [P.DRAFT, P.RETURNED], P.FILED, ADMIN, "报送年度报告", window=CLOCK_REPORT),
    row("return", [P.FILED], P.RETURNED, CITY_ROLES, "退回年度报告", needs_reason=True),
    row("accept", [P.FILED], P.ACCEPTED, CITY_ROLES, "接收年度报告"),
)
