"""Below a path of a shared host (FORCE_SCRIPT_NAME): no page, script or mail leads to the root of the host."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import get_script_prefix, reverse, set_script_prefix

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.devtools.places import ROOT
from tests.factories.accounts import make_user, sign_in
from tests.factories.nominations import make_district, make_handed_in
from tests.factories.rounds import DURING

PREFIX = "/green"
#: Attributes whose value the browser opens.
_LEADS = re.compile(r'\b(?:href|src|action|formaction|hx-get|hx-post|data-[a-z-]*url)="(/[^"]*)"')


@pytest.fixture
def below(settings: object) -> Iterator[None]:
    """The portal as its proxy hands it requests without the path in front."""
    settings.FORCE_SCRIPT_NAME = PREFIX  # type: ignore[attr-defined]
    before = get_script_prefix()
    set_script_prefix(f"{PREFIX}/")
    yield
    set_script_prefix(before)


def outside(html: str) -> set[str]:
    """Addresses on the page that leave the portal's path."""
    return {url for url in _LEADS.findall(html) if not url.startswith(f"{PREFIX}/")}


def opened(client: Client, url: str) -> str:
    """The page at `url`, which begins with the prefix that the proxy takes away."""
    response = client.get(url.removeprefix(PREFIX))
    while response.status_code == 302:
        assert response["Location"].startswith(f"{PREFIX}/"), response["Location"]
        response = client.get(response["Location"].removeprefix(PREFIX))
    assert response.status_code == 200, url
    return response.content.decode()


@pytest.mark.django_db
def test_no_page_of_the_desk_leads_to_the_root_of_the_host(below: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    district = make_district()
    nomination = make_handed_in(district)
    client = sign_in(Client(), User.objects.get(pk=district.officer.user_id))
    names = [
        "home",
        "nominations:board",
        "nominations:my_list",
        "nominations:opinions",
        "nominations:create",
        "precheck",
    ]
    about = ["detail", "findings", "documents", "return", "signatures"]
    urls = [reverse(name) for name in names]
    urls += [reverse(f"nominations:{name}", args=[nomination.pk]) for name in about]
    wrong = {url: found for url in urls if (found := outside(opened(client, url)))}
    assert wrong == {}
    assert "/static/" in (page := opened(client, reverse("home"))) and f'"{PREFIX}/static/' in page


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "name"), [(Role.CITY_LEAD, "rounds:index"), (Role.AUDITOR, "audit:entries")])
def test_nor_those_of_others(below: None, role: Role, name: str) -> None:
    client = sign_in(Client(), make_user(role))
    assert outside(opened(client, reverse(name))) == set()


@pytest.mark.django_db
def test_nobody_is_sent_to_the_sign_in_page_below_the_path(below: None) -> None:
    page = opened(Client(), reverse("nominations:board"))
    assert "登录" in page
    assert outside(page) == set()


def test_a_root_link_would_be_seen() -> None:
    assert outside('<a href="/nominations/">x</a><form action="/green/a/"><img src="/static/x">') == {
        "/nominations/",
        "/static/x",
    }


def test_neither_templates_nor_scripts_write_an_address_down() -> None:
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static" / "js").rglob("*.js")]
    written = re.compile(r"""(?:href|src|action|hx-get|hx-post)=["']/[a-z]|["'`]/(?!/)[a-z]+/""")
    assert len(files) > 50
    assert [f.name for f in files if written.search(f.read_text(encoding="utf-8"))] == []
