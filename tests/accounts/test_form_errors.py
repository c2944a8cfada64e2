"""Forms of signing in, passwords, the second factor and dated links, sent wrong: what their errors point at is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.accounts.services import invite
from greenportal.mail.models import OutboxMail
from nominations.services import consulting, handing_in
from tests.factories.accounts import PASSWORD, actor_for, make_user, sign_in
from tests.factories.nominations import make_complete, make_district, make_handed_in
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import dangling, title
from tests.test_role_matrix import declared

pytestmark = pytest.mark.django_db
#: Pages that ask for nothing.
NO_FORM = {
    "account_logout": "one button",
    "account_inactive": "a notice",
    "account_signup": "a notice: accounts are opened by invitation",
    "account_reset_password_done": "a notice",
    "account_reset_password_from_key_done": "a notice",
    "account_reauthenticate": "leads on to the second factor or the password",
    "mfa_index": "links",
    "mfa_view_recovery_codes": "a list",
    "mfa_download_recovery_codes": "a file",
    "mfa_generate_recovery_codes": "one button",
    "mfa_deactivate_totp": "one button",
}
Scene = tuple[Client, str]
SCENES: dict[str, Callable[[], Scene]] = {}


def scene(name: str) -> Callable[[Callable[[], Scene]], Callable[[], Scene]]:
    def keep(make: Callable[[], Scene]) -> Callable[[], Scene]:
        SCENES[name] = make
        return make

    return keep


def signed_in(role: Role = Role.DISTRICT_OFFICER, **values: object) -> tuple[Client, User]:
    user = make_user(role, **values)  # type: ignore[arg-type]
    return sign_in(Client(), user), user


@scene("account_login")
def login() -> Scene:
    return Client(), reverse("account_login")


@scene("account_reset_password")
def reset() -> Scene:
    return Client(), reverse("account_reset_password")


@scene("account_reset_password_from_key")
def reset_from_key() -> Scene:
    user = make_user(Role.DISTRICT_OFFICER)
    client = Client()
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = OutboxMail.objects.get(recipient=user.email).context["link"]
    # The key leaves the address before the form is shown.
    return client, client.get(link)["Location"]


@scene("account_change_password")
def change() -> Scene:
    return signed_in()[0], reverse("account_change_password")


@scene("account_set_password")
def set_password() -> Scene:
    user = make_user(Role.DISTRICT_OFFICER)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return sign_in(Client(), user), reverse("account_set_password")


@scene("mfa_authenticate")
def code() -> Scene:
    user, client = make_user(Role.CITY_REVIEWER), Client()
    client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    return client, reverse("mfa_authenticate")


@scene("mfa_reauthenticate")
def code_again() -> Scene:
    return signed_in(Role.CITY_REVIEWER)[0], reverse("mfa_reauthenticate")


@scene("mfa_activate_totp")
def activate() -> Scene:
    return signed_in(Role.CITY_REVIEWER, mfa=False)[0], reverse("mfa_activate_totp")


@scene("accounts:invitation")
def invitation() -> Scene:
    administrator = actor_for(make_user(Role.SECURITY_ADMIN, mfa=False))
    authority = make_district().authority
    _, token = invite(
        actor=administrator,
        role=Role.DISTRICT_OFFICER,
        email="new@example.com",
        name="示例",
        authority_id=authority.pk,
    )
    return Client(), reverse("accounts:invitation", args=[token])


@scene("nominations:confirm_link")
def confirm_link() -> Scene:
    district = make_district()
    nomination = make_complete(district)
    _, token = handing_in.ask_confirmation(actor=district.officer, nomination_id=nomination.pk)
    return Client(), reverse("nominations:confirm_link", args=[token])


@scene("nominations:opinion_link")
def opinion_link() -> Scene:
    district = make_district()
    make_handed_in(district)
    asked = consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=["生态环境部门"],
        due_on=clock.today() + timedelta(days=3),
    )
    return Client(), reverse("nominations:opinion_link", args=[asked[0].token])


@pytest.mark.parametrize("name", SCENES)
def test_errors_point_at_what_is_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    with clock.fixed(DURING):
        client, url = SCENES[name]()
    shown = client.get(url)
    assert shown.status_code == 200, (shown.status_code, shown.get("Location"))
    response = client.post(url, {"sent": "1", "code": ""})
    html = response.content.decode()
    assert "data-error-summary" in html, (response.status_code, title(html))
    assert (dangling(html), title(html).startswith("错误：")) == (set(), True), title(html)


def test_every_account_page_has_a_scene_or_asks_for_nothing() -> None:
    names = {name for name in declared() if name.startswith(("account_", "mfa_"))}
    assert names == {name for name in SCENES if ":" not in name} | NO_FORM.keys()
