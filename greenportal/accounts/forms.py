"""Forms of sign-in, passwords, invitations and the security administrator's pages."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from greenportal.accounts import rules
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.accounts.screening import ScreenedForm
from greenportal.directory.models import Authority, Organisation

_REQUIRED = {
    "login": ("登录名或邮箱", "填写登录名或邮箱。"),
    "password": ("密码", "填写密码。"),
    "oldpassword": ("现在的密码", "填写现在的密码。"),
    "password1": ("新密码", "填写新密码。"),
    "password2": ("再次填写新密码", "再次填写新密码。"),
    "email": ("电子邮箱", "填写电子邮箱。"),
    "code": ("动态口令", "填写验证器上显示的6位数字。"),
}


class _OneTimeInput(forms.TextInput):
    """A code, which works once or not at all: a page that refuses it does not hold it again."""

    def format_value(self, value: Any) -> None:
        """Show nothing, whatever was typed."""


def _in_our_words(form: forms.Form) -> None:
    """Give allauth's fields our labels and messages; drop placeholders, which vanish while typing."""
    for name, field in form.fields.items():
        if name in _REQUIRED:
            field.label, message = _REQUIRED[name]
            field.error_messages = {**field.error_messages, "required": message}
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)
        if name == "code":
            field.widget = _OneTimeInput(attrs=field.widget.attrs)


class SignInForm(account_forms.LoginForm):
    """Name or e-mail, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class _NewPassword:
    """What the two forms for a new password share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)  # type: ignore[arg-type]
        self.fields["password1"].help_text = password_help()  # type: ignore[attr-defined]

    def add_error(self, field: str | None, error: Any) -> None:
        """Say in one way that the two entries differ."""
        if field == "password2" and not isinstance(error, ValidationError):
            error = "两次填写的密码不一致，请重新填写。"
        super().add_error(field, error)  # type: ignore[misc]


class ChangePasswordForm(_NewPassword, account_forms.ChangePasswordForm):
    """The present password and a new one, twice."""


class NewPasswordForm(_NewPassword, account_forms.ResetPasswordKeyForm):
    """A new password, twice, by the link of a mail."""


class ResetPasswordForm(account_forms.ResetPasswordForm):
    """The address to which the link goes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class ReauthenticateForm(account_forms.ReauthenticateForm):
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class CodeForm(mfa_forms.AuthenticateForm):
    """The second factor at sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class CodeAgainForm(mfa_forms.ReauthenticateForm):
    """The second factor once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class ActivateCodeForm(totp_forms.ActivateTOTPForm):
    """The first code of a new authenticator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


def password_help() -> str:
    """Return the password rules as one text."""
    # Django's own sentences say 你; the portal says 您 everywhere.
    return "".join(password_validators_help_texts()).replace("你的", "您的")


class AcceptForm(ScreenedForm):
    """What an invited person fills in."""

    username = forms.CharField(label="登录名", required=False, max_length=150, help_text="留空则以邮箱作为登录名。")
    phone = forms.CharField(label="手机号码", required=False, max_length=20)
    password = forms.CharField(
        label="密码",
        strip=False,
        error_messages={"required": "填写密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再次填写密码",
        strip=False,
        error_messages={"required": "再次填写密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_help()

    def clean(self) -> dict[str, Any]:
        """Both entries are the same."""
        cleaned = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "两次填写的密码不一致，请重新填写。")
        return cleaned


_ROLES = [(role.value, role.label) for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]


class PlaceForm(ScreenedForm):
    """A role at a place: shared by granting and inviting."""

    role = forms.ChoiceField(label="角色", choices=_ROLES)
    authority = forms.ModelChoiceField(
        label="主管部门", queryset=Authority.objects.none(), required=False, empty_label="（不选）"
    )
    uscc = forms.CharField(
        label="单位的统一社会信用代码", required=False, max_length=18, help_text="申报单位、评价机构的角色填写。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Authority.objects.order_by("sort_key", "code")

    def clean_uscc(self) -> Organisation | None:
        """Return the organisation of the code, None when left empty."""
        code = self.cleaned_data["uscc"].strip().upper()
        if not code:
            return None
        found = Organisation.objects.filter(uscc=code).first()
        if found is None:
            raise forms.ValidationError("没有登记过这个统一社会信用代码，请核对18位代码。")
        return found

    def clean(self) -> dict[str, Any]:
        """The place is the kind of place that the role works at."""
        cleaned = super().clean() or {}
        if "role" in cleaned and "uscc" in cleaned and "authority" in cleaned:
            verdict = rules.belongs(Role(cleaned["role"]), **self.place())
            if not verdict:
                self.add_error("role", verdict.reason)
        return cleaned

    def place(self) -> dict[str, int | None]:
        """Return authority_id and organisation_id as services take them."""
        authority, organisation = self.cleaned_data.get("authority"), self.cleaned_data.get("uscc")
        return {
            "authority_id": authority.pk if authority else None,
            "organisation_id": organisation.pk if organisation else None,
        }


class GrantForm(PlaceForm):
    """Give a person a role."""

    starts_at = forms.DateTimeField(
        label="起",
        required=False,
        help_text="留空为立即生效。",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    ends_at = forms.DateTimeField(
        label="止",
        required=False,
        help_text="留空为长期。",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    document_no = forms.CharField(label="文号", required=False, max_length=80)


class InviteForm(PlaceForm):
    """Invite a person who has no account."""

    name = forms.CharField(label="姓名", max_length=40, error_messages={"required": "填写姓名（40字以内）。"})
    email = forms.EmailField(
        label="电子邮箱",
        error_messages={"required": "填写电子邮箱。", "invalid": "填写电子邮箱，例如 name@example.com。"},
    )


class ColleagueForm(ScreenedForm):
    """Invite a colleague into one's own organisation."""

    name = forms.CharField(label="姓名", max_length=40, error_messages={"required": "填写姓名（40字以内）。"})
    email = forms.EmailField(
        label="电子邮箱",
        error_messages={"required": "填写电子邮箱。", "invalid": "填写电子邮箱，例如 name@example.com。"},
    )


class ReasonForm(ScreenedForm):
    """A written reason."""

    reason = forms.CharField(
        label="理由",
        max_length=200,
        error_messages={"required": "请写明理由。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PeopleFilter(forms.Form):
    """Which people are listed."""

    search = forms.CharField(label="姓名、登录名或邮箱", required=False, max_length=80)
    role = forms.ChoiceField(label="角色", required=False, choices=[("", "全部"), *_ROLES])
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), ("active", "可用"), ("disabled", "已停用")]
    )

    def chosen(self) -> dict[str, str]:
        """Return the filters that validate; others are left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class DelegateForm(ScreenedForm):
    """A stand-in for a time."""

    to = forms.ModelChoiceField(
        label="受托人", queryset=User.objects.none(), error_messages={"required": "选择受托人。"}
    )
    starts_at = forms.DateTimeField(
        label="起",
        error_messages={"required": "填写委托开始的时间。"},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    ends_at = forms.DateTimeField(
        label="止",
        error_messages={"required": "填写委托截止的时间。"},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    document_no = forms.CharField(
        label="委托文件文号", max_length=80, error_messages={"required": "填写委托文件的文号。"}
    )

    def __init__(self, *args: Any, colleagues: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = colleagues
