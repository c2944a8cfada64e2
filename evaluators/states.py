"""States of evaluators' things: one screen (DESIGN §4)."""

from __future__ import annotations

from django.db import models

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
