"""Who may give, hold and end which role. Pure predicates with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from greenportal.accounts.actors import ADMIN_ROLES, CITY_ROLES, DISTRICT_ROLES, EVALUATOR_ROLES, Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied

#: role of the giver → roles that may be given. Only the security administrator gives power over others.
GRANTS: Mapping[Role, frozenset[Role]] = {
    Role.SECURITY_ADMIN: frozenset(Role) - {Role.SYSTEM, Role.ANONYMOUS},
    Role.SYSTEM: frozenset(Role) - {Role.SYSTEM, Role.ANONYMOUS},
    Role.CITY_LEAD: frozenset({Role.EVALUATOR_ADMIN}),
    Role.CITY_REVIEWER: frozenset({Role.EVALUATOR_ADMIN}),
    Role.DISTRICT_LEAD: frozenset({Role.APPLICANT}),
    Role.DISTRICT_OFFICER: frozenset({Role.APPLICANT}),
    Role.EVALUATOR_ADMIN: EVALUATOR_ROLES,
    Role.APPLICANT: frozenset({Role.APPLICANT}),
}
#: Roles that belong to an authority, to an organisation, to neither.
AUTHORITY_ROLES = DISTRICT_ROLES | CITY_ROLES | {Role.DEPARTMENT}
ORGANISATION_ROLES = EVALUATOR_ROLES | {Role.APPLICANT}
#: Roles that may be handed to a stand-in for a time.
DELEGABLE_ROLES = AUTHORITY_ROLES
#: An organisation keeps at least one of these while it keeps any.
LAST_HANDLER_ROLES = frozenset({Role.APPLICANT, Role.EVALUATOR_ADMIN})
#: No stand-in for longer than this: after it the person is simply appointed.
DELEGATION_LIMIT = timedelta(days=366)


def may_give(actor: Actor, role: Role, *, authority_id: int | None, organisation_id: int | None) -> Verdict:
    """May `actor` give `role` at that place: by its own role, and only within its own organisation."""
    place = belongs(role, authority_id=authority_id, organisation_id=organisation_id)
    if not place:
        return place
    if role not in GRANTS.get(actor.role, frozenset()):
        return denied(f"您的身份不能授予“{role.label}”，请联系安全管理员。")
    if actor.role in ORGANISATION_ROLES and organisation_id != actor.organisation_id:
        return denied("只能为本单位邀请经办人。")
    return ALLOWED


def belongs(role: Role, *, authority_id: int | None, organisation_id: int | None) -> Verdict:
    """Is the place given the kind of place that the role works at."""
    if role in AUTHORITY_ROLES and (authority_id is None or organisation_id is not None):
        return denied(f"授予“{role.label}”需要选择主管部门，且不选择单位。")
    if role in ORGANISATION_ROLES and (organisation_id is None or authority_id is not None):
        return denied(f"授予“{role.label}”需要选择单位，且不选择主管部门。")
    if role in ADMIN_ROLES and (authority_id is not None or organisation_id is not None):
        return denied(f"“{role.label}”不隶属主管部门或单位，请将两项留空。")
    if role in {Role.SYSTEM, Role.ANONYMOUS}:
        return denied("请从列表中选择一个角色。")
    return ALLOWED


def may_end(actor: Actor, *, user_id: int, role: Role, organisation_id: int | None) -> Verdict:
    """May `actor` end a membership: the security administrator any but its own, a handler those of its organisation."""
    if actor.role in {Role.SECURITY_ADMIN, Role.SYSTEM}:
        if user_id == actor.user_id and not actor.is_system:
            return denied("不能结束自己的任职，请由另一名安全管理员办理。")
        return ALLOWED
    if actor.role in ORGANISATION_ROLES and organisation_id == actor.organisation_id:
        if role in GRANTS.get(actor.role, frozenset()):
            return ALLOWED
        return denied(f"您的身份不能结束“{role.label}”的任职，请联系本单位管理员。")
    return denied("您的身份不能结束这项任职，请联系安全管理员。")


def may_delegate(actor: Actor, *, membership_id: int, user_id: int, to_user_id: int, role: Role) -> Verdict:
    """May `actor` hand a membership to a stand-in: its holder acting in it, or the security administrator."""
    if role not in DELEGABLE_ROLES:
        return denied(f"“{role.label}”不能委托，请另行授予任职。")
    if user_id == to_user_id:
        return denied("请选择另一名人员作为受托人。")
    if actor.role == Role.SECURITY_ADMIN:
        if to_user_id == actor.user_id:
            return denied("不能委托给自己，请由另一名安全管理员办理。")
        return ALLOWED
    if actor.membership_id == membership_id and actor.user_id == user_id:
        return ALLOWED
    return denied("只有任职本人或安全管理员可以办理委托。")


def delegation_span(*, now: datetime, starts_at: datetime, ends_at: datetime, document_no: str) -> Verdict:
    """Is a delegation dated and documented: it ends in the future, lasts a year at most, names its document."""
    if not document_no.strip():
        return denied("填写委托文件的文号。")
    if ends_at <= starts_at or ends_at <= now:
        return denied("委托的截止时间须晚于开始时间和现在，请修改。")
    if ends_at - starts_at > DELEGATION_LIMIT:
        return denied("委托最长一年，请缩短期限；长期任职请直接授予。")
    return ALLOWED
