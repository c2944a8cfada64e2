"""How allauth is told our rules: closed sign-up, our mail, our audit, our words."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponseBase

from greenportal.accounts import lockout, selectors, sessions
from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Actor
from greenportal.accounts.http import client_address
from greenportal.accounts.models import User
from greenportal.accounts.services import note_password_set, note_seen
from greenportal.audit import services as audit
from greenportal.mail.services import post

_MISMATCH = "登录名或密码不正确，请重新填写。连续输错5次后，10分钟内不能再试。"
_TOO_MANY = "尝试次数过多，请10分钟后再试。"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations; sign-in, sign-out and passwords are audited."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _MISMATCH,
        "email_password_mismatch": _MISMATCH,
        "incorrect_password": "密码不正确，请重新填写。",
        "enter_current_password": "现在的密码不正确，请重新填写。",
        "too_many_login_attempts": _TOO_MANY,
        "rate_limited": _TOO_MANY,
        "incorrect_code": "动态口令不正确，请填写验证器上现在显示的6位数字，或一个未用过的恢复码。",
        "invalid_password_reset": "这个链接已使用或已到期，请重新申请。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up alone."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the trusted proxies saw."""
        return client_address(request)

    def login(self, request: HttpRequest, user: User) -> None:
        """Start a session: dated by our clock, recorded."""
        super().login(request, user)
        sessions.start(request.session)
        note_seen(user_id=user.pk)
        audit.record(actor=_person(request, user), action="accounts.sign_in", target=f"accounts.user:{user.pk}")

    def logout(self, request: HttpRequest) -> None:
        """End the session, recorded."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            audit.record(actor=_person(request, user), action="accounts.sign_out", target=f"accounts.user:{user.pk}")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a failed sign-in, under one stream, without the password and without saying which part was wrong."""
        audit.record_failure(
            actor=Actor.anonymous(client_address(request)),
            action="accounts.sign_in",
            target="accounts.sign_in:0",
            data={"login": lockout.username(request, credentials)},
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for the password again before touching the second factor, unless it was given minutes ago."""
        return not sessions.fresh(self.request.session) and super().is_reauthentication_required(app=app, **kwargs)

    def set_password(self, user: User, password: str) -> None:
        """Set and date a password; the other sessions end."""
        user.set_password(password)
        note_password_set(user=user, actor=_person(self.request, user))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put allauth's mails (the link to set a new password) into the outbox."""
        post(
            event=f"{template_prefix}:{uuid.uuid4()}",
            recipient=email,
            template=template_prefix.rpartition("/")[2],
            context={"link": context.get("password_reset_url", ""), "login": context.get("username", "")},
        )

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing where the next page shows it anyway (signed in, signed out)."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponseBase:
        """Answer the right password of a disabled account, recorded."""
        audit.record_failure(
            actor=_person(request, user),
            action="accounts.sign_in",
            target=f"accounts.user:{user.pk}",
            data={"reason": "账户已停用"},
        )
        return super().respond_user_inactive(request, user)  # type: ignore[no-any-return]


class SecondFactorAdapter(DefaultMFAAdapter):
    """The second factor: our name in the authenticator, no removal where it is required."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_delete_authenticator": "您的身份必须使用动态口令登录，不能停用。更换手机请联系安全管理员重置。",
    }

    def get_totp_issuer(self) -> str:
        """Return the name that the authenticator shows."""
        return "绿色制造名单推荐与管理平台"

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Nobody in a role with a second factor can remove it."""
        held = {row.role for row in selectors.current_memberships(authenticator.user)}
        return not held & {str(role) for role in SECOND_FACTOR_ROLES}


def _person(request: HttpRequest, user: User) -> Actor:
    """The person before any membership is chosen."""
    return Actor(role=Actor.anonymous().role, user_id=user.pk, name=str(user), address=client_address(request))
