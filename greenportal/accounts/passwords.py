"""Password rules. Values are settings; the reasons are in docs/adr/0002-passwords.md."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError

from greenportal import clock
from greenportal.accounts.models import User

_CLASSES = (str.islower, str.isupper, str.isdigit)


class CharacterClasses:
    """At least `classes` of: lower-case letters, capitals, digits, other characters (Chinese counts as other)."""

    def __init__(self, classes: int = 3) -> None:
        self.classes = classes

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError when fewer classes occur."""
        found = [any(map(test, password)) for test in _CLASSES]
        found.append(any(not (ch.islower() or ch.isupper() or ch.isdigit()) for ch in password))
        if sum(found) < self.classes:
            raise ValidationError(self.get_help_text(), code="password_classes")

    def get_help_text(self) -> str:
        """Return the rule in Chinese."""
        return f"密码须包含大写字母、小写字母、数字、符号中的至少{'一二三四'[self.classes - 1]}种。"


class NotBefore:
    """The new password is not the present one: a forced change changes something."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError when `password` is what `user` has now."""
        if isinstance(user, User) and user.pk and user.has_usable_password() and user.check_password(password):
            raise ValidationError(self.get_help_text(), code="password_same")

    def get_help_text(self) -> str:
        """Return the rule in Chinese."""
        return "新密码须与现在的密码不同。"


def must_change(user: User) -> bool:
    """Return True when the password was set by somebody else or is older than PASSWORD_ROTATION_DAYS (0: never)."""
    if user.must_change_password:
        return True
    days: int = settings.PASSWORD_ROTATION_DAYS
    if not days or not user.has_usable_password():
        return False
    changed = user.password_changed_at or user.date_joined
    return clock.now() - changed > timedelta(days=days)
