"""Every form of the portal that stores what is typed refuses identity numbers: the screen stands in one place."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms

import dynamic_mgmt
import evaluators
import greenportal
import nominations
from greenportal.accounts import forms as accounts
from greenportal.accounts import identity
from greenportal.accounts.models import User
from greenportal.accounts.screening import ScreenedForm
from greenportal.sheets.forms import SheetForm
from tests.factories.roster import fictional_id

OURS = (greenportal, nominations, evaluators, dynamic_mgmt)
#: Forms of which nothing typed is stored, or whose texts are screened where they are stored.
ELSEWHERE = {
    "SheetForm": "each changed place is screened as it is saved (filings.registry)",
    "PrecheckForm": "a file and a day, nothing is kept",
    **dict.fromkeys(
        ("AuditFilter", "PeopleFilter", "BoardFilter", "InboxFilter", "TrendFilter", "RegisterFilter", "TableFilter"),
        "asks a list, stands in the address alone",
    ),
    **dict.fromkeys(
        (
            "SignInForm",
            "ChangePasswordForm",
            "NewPasswordForm",
            "ResetPasswordForm",
            "ReauthenticateForm",
            "CodeForm",
            "CodeAgainForm",
            "ActivateCodeForm",
        ),
        "name of an account, password or code: compared, never stored as typed",
    ),
}
TEXT = fictional_id(93)
#: Texts of the forms of accounts, by form.
TYPED = {
    accounts.AcceptForm: ("username", "phone"),
    accounts.GrantForm: ("document_no",),
    accounts.InviteForm: ("name",),
    accounts.ColleagueForm: ("name",),
    accounts.ReasonForm: ("reason",),
    accounts.DelegateForm: ("document_no",),
}


def kinds(base: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    """Every form class of the portal's own packages, whichever module it stands in."""
    for package in OURS:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if {"forms", "views"} & set(found.name.split(".")):
                importlib.import_module(found.name)
    waiting = [base]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.partition(".")[0] in {package.__name__ for package in OURS}:
            yield kind


def unscreened() -> set[str]:
    return {kind.__name__ for kind in kinds() if not issubclass(kind, ScreenedForm)}


def test_every_form_is_screened_or_keeps_nothing() -> None:
    assert unscreened() == ELSEWHERE.keys()
    assert len({kind for kind in kinds() if issubclass(kind, ScreenedForm)}) >= 60
    assert not issubclass(SheetForm, ScreenedForm)


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "names"), TYPED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_form_of_accounts_refuses_it_at_its_field(kind: type[ScreenedForm], names: tuple[str, ...]) -> None:
    more = {"colleagues": User.objects.none()} if kind is accounts.DelegateForm else {}
    form = kind(dict.fromkeys(names, TEXT), **more)
    assert {name: form.errors[name] for name in names} == {key: [identity.NO_NUMBERS] for key in names}


def test_a_password_is_nobodys_number() -> None:
    form = accounts.AcceptForm({"password": TEXT, "again": TEXT})
    assert form.is_valid()


def test_control_without_the_screen_the_number_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "holds_number", lambda _text: False)
    assert accounts.ReasonForm({"reason": TEXT}).is_valid()


def test_a_text_too_long_is_told_in_our_words() -> None:
    class Note(ScreenedForm):
        text = forms.CharField(max_length=5)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["later"] = forms.CharField(min_length=3)

    form = Note({"text": "一二三四五六七", "later": "一"})
    assert form.errors["text"] == ["最多5个字，现在有7个字，请删减。"]
    assert form.errors["later"] == ["至少3个字，现在有1个字，请补充。"]
