"""Who is sent where: everything a role may come to, in three settings, and the pages that need a key to be reached."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.services import filing as tables
from greenportal.accounts.actors import Role
from tests.accounts.test_form_errors import SCENES
from tests.factories.accounts import sign_in
from tests.factories.tables import fill, make_stage
from tests.nominations.views.browsing import undone
from tests.test_form_errors import Place, bodies, drafts, person, sent, wanted
from tests.test_role_matrix import url_of

#: Setting → role → so many forms with something to type at least: the count keeps a sweep from finding nothing.
AT_LEAST: dict[Place, dict[Role, int]] = {
    drafts: {
        Role.DISTRICT_OFFICER: 30,
        Role.DISTRICT_LEAD: 30,
        Role.APPLICANT: 13,
        Role.EVALUATOR_ADMIN: 7,
        Role.EVALUATOR: 4,
        Role.SECURITY_ADMIN: 7,
        Role.SYSTEM_ADMIN: 1,
        Role.AUDITOR: 2,
    },
    sent: {
        Role.DISTRICT_OFFICER: 30,
        Role.DISTRICT_LEAD: 30,
        Role.APPLICANT: 8,
        Role.CITY_REVIEWER: 2,
        Role.CITY_LEAD: 2,
    },
    bodies: {
        Role.DISTRICT_OFFICER: 18,
        Role.DISTRICT_LEAD: 18,
        Role.APPLICANT: 8,
        Role.EVALUATOR_ADMIN: 10,
        Role.EVALUATOR: 4,
        Role.CITY_REVIEWER: 28,
        Role.CITY_LEAD: 36,
    },
}
WALKS = [(place, role) for place, roles in AT_LEAST.items() for role in roles]
Scene = tuple[Client, str]


def _table_link() -> tuple[str, Client]:
    stage = make_stage()
    fill(stage.unit_actor, stage.table())
    return tables.issue_table_link(actor=stage.officer, table_id=stage.table().pk)[1], Client()


def table_section() -> Scene:
    token, client = _table_link()
    return client, reverse("dynamic_mgmt:table_link_section", args=[token, "figures_y0"])


def table_evidence() -> Scene:
    token, client = _table_link()
    return client, reverse("dynamic_mgmt:table_link_evidence", args=[token])


#: Pages behind a dated link, a sign-in half done or a second factor, each by its address's name.
KEYED: dict[str, Callable[[], Scene]] = {
    **SCENES,
    "dynamic_mgmt:table_link_section": table_section,
    "dynamic_mgmt:table_link_evidence": table_evidence,
}


def walk(place: Place, role: Role, request: pytest.FixtureRequest) -> tuple[Client, dict[str, str]]:
    """Return the role's client and the pages of all addresses it may come to in that setting, by URL."""
    variants = place(request)
    client = sign_in(Client(raise_request_exception=False), person(role, variants[0]))
    urls = {url_of(address, things) for address in wanted(place, role) for things in variants}
    pages = {url: page for url in sorted(urls) if (page := look(client, url))}
    return client, pages


def keyed(name: str) -> tuple[Client, dict[str, str]]:
    """Return the client that holds the key of a page, and the page."""
    client, url = KEYED[name]()
    client.raise_request_exception = False
    return client, {url: look(client, url)}


def look(client: Client, url: str) -> str:
    """Return the page at a URL, "" for anything else than a page."""
    with undone():
        answer = client.get(url)
        body = b"".join(answer)
    return body.decode() if answer.status_code == 200 and "text/html" in answer["Content-Type"] else ""


def target(url: str, action: str) -> str:
    """Return where a form of the page at `url` goes, with the page's own query when it says nothing."""
    return action if urlsplit(action).path else url


def send(client: Client, method: str, url: str, data: dict[str, list[str]]) -> tuple[int, str]:
    """Send a form as if nothing had been sent before; return status and page ("" for what is none)."""
    cache.clear()
    with undone():
        answer = client.get(url, data) if method == "get" else client.post(url, data)
        body = b"".join(answer)
    is_page = "text/html" in answer.get("Content-Type", "")
    return answer.status_code, body.decode(errors="replace") if is_page else ""
