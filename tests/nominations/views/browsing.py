"""A signed-in client, and what a test asks of a page's HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from django.db import transaction
from django.test import Client

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from tests.factories.accounts import make_user, sign_in


def browser(actor: Actor) -> Client:
    """The actor's own client."""
    return sign_in(Client(), User.objects.get(pk=actor.user_id))


def city_browser(role: Role = Role.CITY_REVIEWER) -> Client:
    """Somebody of the city bureau."""
    return sign_in(Client(), make_user(role))


def dangling(html: str) -> set[str]:
    """Ids that aria-describedby or a link of the error summary names and no element has."""
    named = {word for ids in re.findall(r'aria-describedby="([^"]+)"', html) for word in ids.split()}
    summary = re.search(r"data-error-summary.*?</div>", html, re.DOTALL)
    named |= set(re.findall(r'href="#([^"]+)"', summary.group())) if summary else set()
    return {word for word in named if f'id="{word}"' not in html}


def title(html: str) -> str:
    """The page's title."""
    found = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
    return found.group(1).strip() if found else ""


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back, so that no answer hangs on the page before."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # durable blocks of the portal may stand in it
    with block:
        yield
        transaction.set_rollback(True)


class Fields(HTMLParser):
    """The fields of the forms that are posted to the page itself: typed and chosen ones by name, others with their value."""

    TYPED = frozenset({"text", "search", "email", "tel", "url", "number", "date", "datetime-local", "password", ""})

    def __init__(self, page: str = "") -> None:
        super().__init__()
        self.typed: list[str] = []
        self.chosen: list[str] = []
        self.given: dict[str, str] = {}
        self._posted = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort a field of a form that is posted."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._posted = found.get("method", "").lower() == "post" and not found.get("action")
        name, kind = found.get("name", ""), found.get("type", "")
        if not self._posted or not name:
            return
        if tag == "textarea" or (tag == "input" and kind in self.TYPED):
            self.typed.append(name)
        elif tag == "select" or (tag == "input" and kind == "file"):
            self.chosen.append(name)
        elif tag == "input" and kind == "hidden":
            self.given[name] = found.get("value", "")
        elif tag == "input" and kind in {"radio", "checkbox"}:
            self.chosen.append(name)
            self.given.setdefault(name, found.get("value", "on"))
