"""A signed-in client, and what a test asks of a page's HTML."""

from __future__ import annotations

import re

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
