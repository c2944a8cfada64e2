"""A person at a real browser: signs in through the pages, types, is looked at with axe, keeps pictures."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from greenportal.accounts.models import User
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.sheets import Section
from greenportal.sheets.paths import cell, input_name
from tests.factories.accounts import PASSWORD, sign_in

#: Types into every named input that the page asks for, as a person would: radio and boxes by a click, the others by
#: value with the events of typing. Answers how many it filled.
TYPE = """(wanted) => wanted.filter(([name, value]) => {
  const inputs = [...document.getElementsByName(name)];
  if (!inputs.length || inputs[0].disabled || inputs[0].readOnly) return false;
  if (inputs[0].type === 'radio' || inputs[0].type === 'checkbox') {
    const chosen = [value].flat();
    for (const input of inputs) if (chosen.includes(input.value) && !input.checked) input.click();
    return inputs.some(input => input.checked);
  }
  inputs[0].focus();
  inputs[0].value = [value].flat().join('、');
  for (const kind of ['input', 'change']) inputs[0].dispatchEvent(new Event(kind, { bubbles: true }));
  return inputs[0].value !== '';
}).length"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Desk:
    """A person at a browser: opens pages, checks them with axe, keeps pictures."""

    def __init__(self, portal: Any, context: Any, screenshot: Any) -> None:
        self.portal, self.context, self.screenshot = portal, context, screenshot
        self.page = context.new_page()
        self.violations: dict[str, list[str]] = {}
        self._sessions: dict[str, Any] = {}

    def become(self, user: User) -> None:
        """Take a session of `user` without the sign-in pages."""
        self.context.clear_cookies()
        client = Client()
        sign_in(client, user)
        value = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": value, "url": self.portal.url}])

    def sign_in(self, user: User, *, password: str = PASSWORD, look: str = "") -> None:
        """Sign in through the pages, with a code where the account has a second factor; later visits keep the session."""
        self.context.clear_cookies()
        if user.username in self._sessions:
            self.context.add_cookies(self._sessions[user.username])
            self.page.goto(f"{self.portal.url}/")
            return
        self.page.goto(f"{self.portal.url}{reverse('account_login')}")
        self.page.fill("#id_login", user.username)
        self.page.fill("#id_password", password)
        self.press("登录")
        device = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if device is not None:
            expect(self.page.locator("h1")).to_have_text("动态口令")
            self.look(f"code{look}")
            self.page.fill("#id_code", code_of(device))
            self.press("登录")
        expect(self.page).to_have_url(f"{self.portal.url}/")
        self._sessions[user.username] = self.context.cookies()
        if look:
            self.look(f"home{look}")

    def nobody(self, address: str) -> None:
        """Open a dated link as somebody without an account."""
        self.context.clear_cookies()
        assert self.page.goto(address).status == 200, address

    def go(self, name: str, *args: object) -> None:
        answer = self.page.goto(f"{self.portal.url}{reverse(f'nominations:{name}', args=args)}")
        assert answer.status == 200, (name, answer.status)

    def look(self, name: str) -> None:
        self.screenshot(self.page, f"journey-{name}")
        found = Axe().run(self.page, options={"runOnly": RULES})
        bad = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found.response["violations"]]
        if bad:
            self.violations[name] = bad

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).first.click()

    def says(self, text: str) -> None:
        body = self.page.inner_text("main")
        assert text in body, body[:1500]

    def link_told(self) -> str:
        """The dated link that the page shows once."""
        return str(self.page.locator("code.gp-link-text").first.inner_text())


def code_of(device: Authenticator) -> str:
    """The one-time code of this moment, as the authenticator on a telephone shows it."""
    secret = decrypt(device.data["secret"])
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def section_url(desk: Desk, filing_id: int, section: str) -> str:
    """The address of a section's form."""
    return f"{desk.portal.url}{reverse('filings:section', args=[filing_id, section])}"


def type_section(desk: Desk, filing_id: int, section: Section, answers: dict[str, Any], *, look: str = "") -> int:
    """Type a section through its page until it is said to be done; returns how many inputs were filled.

    What shows only after another answer is typed when the page comes back with it.
    """
    desk.page.goto(section_url(desk, filing_id, section.key))
    for table in section.tables:
        for row in [] if table.fixed else answers.get(table.key, []):
            desk.page.locator(f"button[name=_add][value='{table.key}']").click()
            row_id = _row_ids(desk, table.key)[-1]
            _type(desk, {input_name(cell(table.key, row_id, key)): value for key, value in row.items()})
    filled = 0
    for _ in range(3):
        filled = _type(desk, _values(desk, section, answers))
        desk.page.check("#id_done_yes")
        if look:
            desk.look(look)
        before = desk.page.url
        desk.press("保存并继续")
        if desk.page.url != before or not desk.page.locator("[data-error-summary]").count():
            return filled
    raise AssertionError(desk.page.inner_text("[data-error-summary]"))


def type_sheet(desk: Desk, filing_id: int, answers: dict[str, Any], *, look: str = "") -> int:
    """Type a whole sheet, section by section; returns how many inputs were filled."""
    filled = 0
    for index, section in enumerate(sheet_of(Filing.objects.get(pk=filing_id)).sections):
        filled += type_section(desk, filing_id, section, answers, look=f"{look}-{index + 1}" if look else "")
    return filled


def _values(desk: Desk, section: Section, answers: dict[str, Any]) -> dict[str, Any]:
    found = {item.key: answers[item.key] for item in section.fields if answers.get(item.key)}
    for table in section.tables:
        rows = answers.get(table.key, [])
        shown = [row["_id"] for row in rows] if table.fixed else _row_ids(desk, table.key)
        for row_id, row in zip(shown, rows, strict=False):
            found.update({input_name(cell(table.key, row_id, k)): v for k, v in row.items() if k != "_id"})
    return found


def _row_ids(desk: Desk, table: str) -> list[str]:
    """The rows of a table that the page shows, in order."""
    names = desk.page.locator(f"[name^='{table}__']").evaluate_all("all => all.map(i => i.name)")
    return list(dict.fromkeys(name.split("__")[1] for name in names))


def _type(desk: Desk, values: dict[str, Any]) -> int:
    """Fill the inputs of one page, all at once; returns how many of them it asks for."""
    return int(desk.page.evaluate(TYPE, list(values.items())))


def held(worker: Any, reached: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Let a worker run until `reached` says something, and hold it there: what a page shows meanwhile stands still."""
    limit = time.monotonic() + seconds
    os.killpg(worker.process.pid, signal.SIGCONT)
    while time.monotonic() < limit:
        if found := reached():
            os.killpg(worker.process.pid, signal.SIGSTOP)
            return reached() or found
        time.sleep(0.02)
    raise AssertionError("the worker did not come that far")


def let_go(worker: Any) -> None:
    """Let a held worker go on."""
    os.killpg(worker.process.pid, signal.SIGCONT)
