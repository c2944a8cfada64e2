"""Pages ask the database as often for three rows as for one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from nominations.selectors.content import forget_definitions
from tests.factories.nominations import Ready, ready_list
from tests.nominations.views.browsing import browser, city_browser

pytestmark = pytest.mark.django_db

STAGES = {
    "board": "checked",
    "list": "checked",
    "detail": "checked",
    "inbox": "submitted",
    "city_nomination": "submitted",
}
#: Literal counts, session and actor of the request included.
QUERIES = {"board": 18, "list": 16, "detail": 21, "inbox": 8, "city_nomination": 9}


def address(name: str, ready: Ready) -> str:
    if name == "list":
        return reverse("nominations:list", args=[ready.list.pk])
    if name in {"detail", "city_nomination"}:
        return reverse(f"nominations:{name}", args=[ready.nominations[0].pk])
    return reverse(f"nominations:{name}")


def asked(client: Client, url: str) -> int:
    """Queries of one page, the process warm but for sheet definitions."""
    assert client.get(url).status_code == 200
    forget_definitions()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("rows", [1, 3])
def test_page_asks_as_often_for_three_rows_as_for_one(name: str, rows: int) -> None:
    ready = ready_list(stage=STAGES[name], categories=("factory",) * rows)
    client = city_browser() if STAGES[name] == "submitted" else browser(ready.district.officer)
    assert asked(client, address(name, ready)) == QUERIES[name]
