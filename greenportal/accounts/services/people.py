"""What happens to accounts themselves: passwords set, use noted, unused ones disabled."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from greenportal import clock
from greenportal.accounts import selectors
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import Membership, User
from greenportal.audit import services as audit
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState


def note_seen(*, user_id: int) -> None:
    """Write when the person last used the portal; unused accounts are found by it."""
    User.objects.filter(pk=user_id).update(last_seen_at=clock.now())


def note_password_set(*, user: User, actor: Actor) -> None:
    """Save a password just set on `user`: its date, an end to any forced change, the audit entry.

    All other sessions of the person end with it: a session carries a hash of the password's hash.
    """
    user.password_changed_at = clock.now()
    user.must_change_password = False
    with transaction.atomic():
        user.save(update_fields=["password", "password_changed_at", "must_change_password"])
        audit.record(actor=actor, action="accounts.password_set", target=f"accounts.user:{user.pk}")


def disable_user(*, actor: Actor, user_id: int, reason: str) -> User:
    """Disable an account: its sessions end with the next request. By the security administrator."""
    return _switch(actor, user_id, reason, active=False)


def enable_user(*, actor: Actor, user_id: int, reason: str) -> User:
    """Enable an account again. By the security administrator."""
    return _switch(actor, user_id, reason, active=True)


def reset_second_factor(*, actor: Actor, user_id: int, reason: str) -> User:
    """Remove a lost second factor, so that the person enrols anew at the next sign-in. By the security administrator."""
    with transaction.atomic():
        user = _administered(actor, user_id, reason)
        removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
        if not removed:
            raise WrongState("此人没有登记动态口令，无需重置。")
        audit.record(
            actor=actor,
            action="accounts.reset_second_factor",
            target=f"accounts.user:{user.pk}",
            data={"reason": reason.strip()},
        )
    return user


def disable_unused(*, days: int | None = None) -> list[int]:
    """Disable accounts not used for `days` (UNUSED_ACCOUNT_DAYS by default); return their ids.

    For the nightly job. The last active security administrator stays, else nobody could enable anybody.
    """
    limit = clock.now() - timedelta(days=settings.UNUSED_ACCOUNT_DAYS if days is None else days)
    with transaction.atomic():
        keeper = (
            User.objects.filter(
                pk__in=Membership.objects.filter(selectors.valid_at(), role=Role.SECURITY_ADMIN).values("user_id"),
                is_active=True,
            )
            .order_by("-last_seen_at", "pk")
            .values_list("pk", flat=True)
            .first()
        )
        unused = list(
            User.objects.select_for_update()
            .filter(is_active=True)
            .filter(Q(last_seen_at__lt=limit) | Q(last_seen_at=None, date_joined__lt=limit))
            .exclude(Q(pk=keeper))
            .order_by("pk")
        )
        actor = Actor.system("停用闲置账户")
        for user in unused:
            user.is_active = False
            user.save(update_fields=["is_active"])
            audit.record(
                actor=actor,
                action="accounts.disable",
                target=f"accounts.user:{user.pk}",
                data={"reason": "闲置", "last_seen_at": user.last_seen_at},
            )
    return [user.pk for user in unused]


def _switch(actor: Actor, user_id: int, reason: str, *, active: bool) -> User:
    with transaction.atomic():
        user = _administered(actor, user_id, reason)
        if user.is_active == active:
            raise WrongState("账户已是这个状态，请刷新页面查看。")
        user.is_active = active
        if active:
            user.last_seen_at = clock.now()
        user.save(update_fields=["is_active", "last_seen_at"])
        audit.record(
            actor=actor,
            action="accounts.enable" if active else "accounts.disable",
            target=f"accounts.user:{user.pk}",
            data={"reason": reason.strip()},
        )
    return user


def _administered(actor: Actor, user_id: int, reason: str) -> User:
    """Return the account, locked, for the security administrator who gives a reason and is not its owner."""
    if actor.role != Role.SECURITY_ADMIN:
        raise Refused("只有安全管理员可以管理账户。")
    if actor.user_id == user_id:
        raise Refused("不能管理自己的账户，请由另一名安全管理员办理。")
    if not reason.strip():
        raise ReasonRequired("请写明理由。")
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotVisible
    return user


def create_account(
    *, actor: Actor, username: str, name: str, email: str, password: str, must_change: bool = True
) -> User:
    """Make an account without any membership: for the first administrator and the demonstration only.

    By the system itself; everybody else is invited. `must_change`: the password, being known to
    who set it, is changed at the first sign-in. Raises Refused, Invalid (taken, or a weak password).
    """
    if not actor.is_system:
        raise Refused("账户凭邀请开通，请发出邀请。")
    user = User(username=username.strip().lower(), email=email.strip().lower(), name=name.strip())
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("账户没有建立：" + "；".join(error.messages)) from error
    user.set_password(password)
    user.password_changed_at = user.date_joined = clock.now()
    user.must_change_password = must_change
    with transaction.atomic():
        user.save(force_insert=True)
        audit.record(actor=actor, action="accounts.register", target=f"accounts.user:{user.pk}")
    return user


def enrol_second_factor(*, actor: Actor, user_id: int, secret: str) -> None:
    """Store a second factor whose secret (base32) is known beforehand: by the system, for the demonstration only."""
    if not actor.is_system:
        raise Refused("请本人登录后登记动态口令。")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        TOTP.activate(user, secret)
        audit.record(actor=actor, action="accounts.enrol_second_factor", target=f"accounts.user:{user.pk}")
