"""Every page with a form × naughty texts in all its fields: an exact answer, nothing live on the page, no 5xx."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from greenportal import clock
from greenportal.accounts.actors import Role
from nominations.models import Nomination
from tests.battery import naughty
from tests.battery.conftest import Keep
from tests.battery.seeding import FULL, chosen
from tests.battery.test_texts import BANNED, LIVE
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import Fields, undone
from tests.test_role_matrix import BUTTON, FREE, addresses, foreign, url_of

__all__ = ["foreign"]
pytestmark = [pytest.mark.battery, pytest.mark.django_db]
#: Role → at least so many pages with fields to type into. The count keeps the sweep from finding nothing.
SENDERS = {Role.DISTRICT_OFFICER: 8, Role.DISTRICT_LEAD: 8, Role.CITY_LEAD: 8, Role.EVALUATOR_ADMIN: 2}
#: `make test` walks one role with one text, `make slow` each role, `make battery` each text.
QUICK = chosen(list(SENDERS), 1, salt="forms")
CASES = [
    pytest.param(role, number, marks=[] if role in QUICK else [pytest.mark.slow])
    for role in SENDERS
    for number in chosen(range(len(naughty.TEXTS)), 1, salt=f"forms:{role}")
]
#: Sent to nobody's harm: signing in and out has tests of its own.
LEFT_OUT = ("account_", "mfa_")


@pytest.mark.parametrize(("role", "number"), CASES)
def test_a_text_in_every_field_of_every_form_is_answered_and_harmless(
    role: Role,
    number: int,
    foreign: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    keep: Keep,
) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    authority = Nomination.objects.get(pk=foreign["nomination_id"]).authority
    user = make_user(role, authority=authority) if role.startswith("district") else make_user(role)
    client, text = sign_in(Client(raise_request_exception=False), user), naughty.TEXTS[number]
    seen, wrong = 0, {}
    for address in addresses():
        if address.manner == BUTTON or (address.manner != FREE and role not in address.allowed):
            continue
        if address.name.startswith(LEFT_OUT):
            continue
        with undone():
            url = url_of(address, foreign)
            answer = client.get(url)
            if answer.streaming:
                answer.close()
                continue
            if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
                continue
            fields = Fields(answer.content.decode())
            if not fields.typed:
                continue
            seen += 1
            sent = client.post(url, {**fields.given, **dict.fromkeys(fields.typed, text)}, follow=False)
            if trouble := _trouble(sent):
                wrong[address.name] = trouble
    assert wrong == {}
    assert seen >= SENDERS[role]
    keep("forms", f"{role} · {number} {text[:12]!r}", "通过", 页面=seen)


def _trouble(answer: Any) -> str:
    if answer.status_code >= 500:
        return str(answer.status_code)
    if answer.streaming:
        answer.close()
        return ""
    page = answer.content.decode(errors="replace")
    if LIVE.search(page):
        return "live markup"
    for message in re.findall(r'<p class="gp-error[^"]*"[^>]*>(.*?)</p>', page, re.DOTALL):
        if BANNED.search(html.unescape(message)):
            return message
    return ""


def test_control_the_sweep_sees_a_page_that_fails_and_one_that_is_live() -> None:
    class Answer:
        status_code, streaming, content = 200, False, b"<p><script>alert(1)</script></p>"

    class Broken(Answer):
        status_code = 500

    assert (_trouble(Answer()), _trouble(Broken())) == ("live markup", "500")
    found = Fields(
        '<form method="post"><input name="a"><textarea name="b"></textarea><input type="hidden" name="c" value="1"></form><form><input name="d"></form>'
    )
    assert (found.typed, found.given) == (["a", "b"], {"c": "1"})
    assert FULL or len(CASES) == len(SENDERS)
