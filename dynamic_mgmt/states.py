"""States of the register's things and their TRANSITIONS (DESIGN §4)."""

from __future__ import annotations

from django.db import models

from greenportal.accounts.actors import CITY_ROLES, DISTRICT_ROLES, Role
from greenportal.transitions import Transition, row


class ChangeState(models.TextChoices):
    """Life of a rename or major change of a listed unit."""

    PROPOSED = "proposed", "待市局决定"
    CONFIRMED = "confirmed", "已确认"
    RECHECK = "recheck", "需复核"
    FAILED = "failed", "复核不符合要求"
    REFUSED = "refused", "未予确认"
    WITHDRAWN = "withdrawn", "已撤回"


class IncidentState(models.TextChoices):
    """Life of an incident: what the district reports counts when the city has verified it."""

    REPORTED = "reported", "待市局核实"
    VERIFIED = "verified", "已核实"
    REJECTED = "rejected", "核实不成立"
    WITHDRAWN = "withdrawn", "已撤回"


C, N = ChangeState, IncidentState
LEAD = [Role.CITY_LEAD]
PROPOSERS = frozenset({Role.APPLICANT}) | DISTRICT_ROLES | CITY_ROLES
REPORTERS = DISTRICT_ROLES | CITY_ROLES

#: `confirm` decides a rename, `recheck` any other kind: what changed the works must be looked at again.
CHANGE_TRANSITIONS: tuple[Transition, ...] = (
    row("confirm", [C.PROPOSED], C.CONFIRMED, LEAD, "确认更名"),
    row("recheck", [C.PROPOSED], C.RECHECK, LEAD, "确认变更并要求复核"),
    row("refuse", [C.PROPOSED], C.REFUSED, LEAD, "不予确认", needs_reason=True),
    row("pass", [C.RECHECK], C.CONFIRMED, LEAD, "登记复核符合", needs_reason=True),
    row("fail", [C.RECHECK], C.FAILED, LEAD, "登记复核不符合", needs_reason=True),
    row("withdraw", [C.PROPOSED], C.WITHDRAWN, PROPOSERS, "撤回变更", needs_reason=True),
)

#: A correction of a verified incident waits for the city again; until then it no longer refuses, it asks.
INCIDENT_TRANSITIONS: tuple[Transition, ...] = (
    row("correct", [N.REPORTED, N.VERIFIED], N.REPORTED, REPORTERS, "更正上报内容", needs_reason=True),
    row("withdraw", [N.REPORTED], N.WITHDRAWN, REPORTERS, "撤回上报", needs_reason=True),
    row("verify", [N.REPORTED], N.VERIFIED, CITY_ROLES, "核实属实"),
    row("reject", [N.REPORTED, N.VERIFIED], N.REJECTED, CITY_ROLES, "认定不成立", needs_reason=True),
)
#: What other rules and this year's judgement look at.
STANDING = frozenset({N.REPORTED, N.VERIFIED})
