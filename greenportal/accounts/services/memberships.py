"""Granting, ending, delegating and handing over what people may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from greenportal import clock
from greenportal.accounts import rules, selectors
from greenportal.accounts.actors import ADMIN_ROLES, DISTRICT_ROLES, Actor, Role
from greenportal.accounts.models import Membership, User
from greenportal.audit import services as audit
from greenportal.directory.models import Authority, Organisation
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState

#: Advisory lock of changes among the administrators, whose place is no row that could be locked.
_ADMINISTRATORS = 7_310_002
_LAST_HANDLER = "这是该单位最后一名经办人，请先邀请接替人员，或在移交时指定接替人员，再结束其任职。"
_LAST_SECURITY_ADMIN = "这是最后一名安全管理员，请先授予另一名安全管理员，再结束其任职。"


def grant_membership(
    *,
    actor: Actor,
    user_id: int,
    role: Role,
    authority_id: int | None = None,
    organisation_id: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    document_no: str = "",
) -> Membership:
    """Let a person be `role` at an authority, an organisation, or neither (administrators), from `starts_at` on.

    Raises Refused when `actor` may not give that role there or gives it to itself, Invalid when
    powers that exclude each other would meet or the person holds it already. One person who would
    be both 经办人 and 负责人 of one district needs an end and a document: DESIGN §1.
    """
    rules.may_give(actor, role, authority_id=authority_id, organisation_id=organisation_id).require()
    if user_id == actor.user_id:
        raise Refused("不能给自己授予任职，请由另一名安全管理员办理。")
    with transaction.atomic():
        lock_place(role, authority_id=authority_id, organisation_id=organisation_id)
        user = _locked_user(user_id)
        start = starts_at or clock.now()
        if role in DISTRICT_ROLES and not (document_no.strip() and ends_at) and _other_half(user, role, authority_id):
            raise Invalid("同一人兼任经办人和负责人，须有委托文号和截止日期，请补充。")
        return add(
            actor=actor,
            user=user,
            role=role,
            authority_id=authority_id,
            organisation_id=organisation_id,
            starts_at=start,
            ends_at=ends_at,
            document_no=document_no.strip(),
        )


def add(
    *,
    actor: Actor,
    user: User,
    role: Role,
    authority_id: int | None,
    organisation_id: int | None,
    starts_at: datetime,
    ends_at: datetime | None = None,
    document_no: str = "",
    delegated_by_id: int | None = None,
) -> Membership:
    """Write a membership and its audit entry; for services that have checked who may. In their transaction."""
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid("截止时间须晚于开始时间，请修改。", errors={"ends_at": ["截止时间须晚于开始时间，请修改。"]})
    with _spoken_conflicts():
        row = Membership.objects.create(
            user=user,
            role=role,
            authority_id=authority_id,
            organisation_id=organisation_id,
            starts_at=starts_at,
            ends_at=ends_at,
            document_no=document_no,
            delegated_by_id=delegated_by_id,
            created_by_id=actor.user_id,
            created_at=clock.now(),
        )
    audit.record(
        actor=actor,
        action="accounts.delegate" if delegated_by_id else "accounts.grant",
        target=f"accounts.user:{user.pk}",
        data={"membership": row.pk, "role": str(role), "authority": authority_id, "organisation": organisation_id,
              "starts_at": starts_at, "ends_at": ends_at, "document_no": document_no,
              "delegated_by": delegated_by_id},
    )  # fmt: skip
    return row


def end_membership(*, actor: Actor, membership_id: int, reason: str) -> Membership:
    """End a membership now; from the next request on it gives no rights.

    Raises NotVisible, Refused, WrongState when it ended before, ReasonRequired, and WrongState
    for the last handler of an organisation and the last security administrator.
    """
    if not reason.strip():
        raise ReasonRequired("请写明结束任职的理由。")
    with transaction.atomic():
        row = _locked(membership_id)
        rules.may_end(actor, user_id=row.user_id, role=Role(row.role), organisation_id=row.organisation_id).require()
        _refuse_last(row)
        return _end(actor, row, reason.strip())


def hand_over(*, actor: Actor, membership_id: int, to_user_id: int, reason: str) -> Membership:
    """Give the membership to a successor who has an account, and end it for the one who leaves, in one act.

    Returns the successor's membership (the one held already, if any). For a successor without an
    account use `invite(..., replaces_membership_id=…)`. Raises like `end_membership`.
    """
    if not reason.strip():
        raise ReasonRequired("请写明移交的理由。")
    with transaction.atomic():
        row = _locked(membership_id)
        role = Role(row.role)
        if to_user_id == row.user_id:
            raise Invalid("请选择另一名人员接替。")
        if actor.user_id != row.user_id or actor.membership_id != row.pk:
            rules.may_end(actor, user_id=row.user_id, role=role, organisation_id=row.organisation_id).require()
        elif role in ADMIN_ROLES or role not in rules.GRANTS.get(role, frozenset()):
            raise Refused("您的任职须由安全管理员移交，请联系安全管理员。")
        successor = _locked_user(to_user_id)
        now = clock.now()
        held = [
            m
            for m in selectors.current_memberships(successor)
            if (m.role, m.authority_id, m.organisation_id) == (row.role, row.authority_id, row.organisation_id)
        ]
        if actor.role in rules.ORGANISATION_ROLES and not held:
            raise NotVisible("接替人员还没有本单位的账户，请先发出邀请。")
        _end(actor, row, f"移交：{reason.strip()}")
        return held[0] if held else add(
            actor=actor, user=successor, role=role, authority_id=row.authority_id,
            organisation_id=row.organisation_id, starts_at=now, ends_at=None,
        )  # fmt: skip


def delegate(
    *, actor: Actor, membership_id: int, to_user_id: int, starts_at: datetime, ends_at: datetime, document_no: str
) -> Membership:
    """Let another person act in a membership for a dated span, by a document. The holder keeps it.

    Raises Refused when `actor` is neither the holder nor the security administrator, Invalid when
    dates or document are wanting, WrongState when the membership itself is over by then.
    """
    with transaction.atomic():
        row = _locked(membership_id)
        rules.may_delegate(
            actor, membership_id=row.pk, user_id=row.user_id, to_user_id=to_user_id, role=Role(row.role)
        ).require()
        span = rules.delegation_span(now=clock.now(), starts_at=starts_at, ends_at=ends_at, document_no=document_no)
        if not span:
            raise Invalid(span.reason)
        if row.delegated_by_id is not None:
            raise WrongState("受托的任职不能再委托他人，请由委托人另行委托。")
        if row.ends_at is not None and row.ends_at < ends_at:
            raise WrongState("委托不能超过本人任职的期限，请缩短期限。")
        return add(
            actor=actor, user=_locked_user(to_user_id), role=Role(row.role), authority_id=row.authority_id,
            organisation_id=row.organisation_id, starts_at=starts_at, ends_at=ends_at,
            document_no=document_no.strip(), delegated_by_id=row.user_id,
        )  # fmt: skip


def lock_place(role: Role, *, authority_id: int | None, organisation_id: int | None) -> None:
    """Queue changes of who acts at one place: on its row, or for administrators on an advisory lock.

    Raises NotVisible when the place does not exist.
    """
    if organisation_id is not None:
        found = Organisation.objects.select_for_update().filter(pk=organisation_id).exists()
    elif authority_id is not None:
        found = Authority.objects.select_for_update().filter(pk=authority_id).exists()
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS])
        found = role in ADMIN_ROLES
    if not found:
        raise NotVisible("没有找到所选的主管部门或单位，请重新选择。")


def _locked(membership_id: int) -> Membership:
    """Return a membership in force or to come, its place locked first, then itself."""
    place = Membership.objects.filter(pk=membership_id).first()
    if place is None:
        raise NotVisible
    lock_place(Role(place.role), authority_id=place.authority_id, organisation_id=place.organisation_id)
    row = Membership.objects.select_for_update().get(pk=membership_id)
    if row.ends_at is not None and row.ends_at <= clock.now():
        raise WrongState("这项任职已经结束，请刷新页面查看。")
    return row


def _locked_user(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotVisible("没有找到这名用户，或其账户已停用，请先启用。")
    return user


def _refuse_last(row: Membership) -> None:
    """Refuse to end the one membership without which nobody could act or grant any more."""
    role = Role(row.role)
    if role not in rules.LAST_HANDLER_ROLES | {Role.SECURITY_ADMIN}:
        return
    others = Membership.objects.filter(
        selectors.valid_at(), Q(organisation_id=row.organisation_id), role=row.role, user__is_active=True
    ).exclude(user_id=row.user_id)
    if not others.exists():
        raise WrongState(_LAST_SECURITY_ADMIN if role == Role.SECURITY_ADMIN else _LAST_HANDLER)


def _end(actor: Actor, row: Membership, reason: str) -> Membership:
    row.ends_at = max(clock.now(), row.starts_at)
    row.ended_reason = reason[:200]
    row.save(update_fields=["ends_at", "ended_reason"])
    audit.record(
        actor=actor,
        action="accounts.end",
        target=f"accounts.user:{row.user_id}",
        data={"membership": row.pk, "role": row.role, "reason": reason},
    )
    return row


def _other_half(user: User, role: Role, authority_id: int | None) -> bool:
    """True when `user` already is the other one of the two who make a district's list."""
    return (
        Membership.objects.filter(selectors.valid_at(), Q(authority_id=authority_id), user=user)
        .filter(role__in=[str(other) for other in DISTRICT_ROLES - {role}])
        .exists()
    )


@contextmanager
def _spoken_conflicts() -> Iterator[None]:
    """Turn the database's two exclusions into their sentences; any other violation stays what it is."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        for constraint in Membership._meta.constraints:
            if constraint.name.endswith(("_apart", "_once")) and constraint.name in str(error):
                raise Invalid(str(constraint.violation_error_message)) from error
        raise
