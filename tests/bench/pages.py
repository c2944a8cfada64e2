"""List pages at five thousand nominations; beside bare rows of the ORM and a template that only prints them."""

from __future__ import annotations

from collections.abc import Callable

from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from nominations.models import Nomination
from tests.bench.counting import queries
from tests.bench.harness import measure, note
from tests.bench.seed import fresh_numbers
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING

_ROWS = Template(
    "<!doctype html><table>{% for row in page %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>"
    "{% endfor %}</table>"
)
_COLUMNS = ("pk", "category", "state", "rank", "subject__name", "applicant__name", "last_check__blockers")


def _page(user: User, name: str, *, rows: int) -> None:
    # A request takes its time from the running clock; the round's clocks are those of 2022.
    clock.running = lambda: DURING
    client = sign_in(Client(), user)
    url = reverse(name)
    client.get(reverse("home"))
    with queries() as counter, measure():
        answer = client.get(url)
    if answer.status_code != 200 or b"<table" not in answer.content:
        raise RuntimeError(f"{url} answered {answer.status_code}")
    note(f"{rows} nominations, {counter.count} queries, {len(answer.content) // 1024} KB of HTML")


def _bare(state: str) -> None:
    rows = Nomination.objects.filter(state=state).order_by("category", "rank", "pk").values_list(*_COLUMNS)
    Nomination.objects.first()
    with measure():
        _ROWS.render(Context({"page": list(Paginator(list(rows), 50).get_page(1))}))


def _ours(make: Callable[[], User], name: str, state: str) -> None:
    fresh_numbers()
    with clock.fixed(DURING):
        _page(make(), name, rows=Nomination.objects.filter(state=state).count())


def inbox() -> None:
    """The city's inbox as a reviewer opens it: sign-in, permissions, lists, filters, the first fifty rows."""
    _ours(lambda: make_user(Role.CITY_REVIEWER), "nominations:inbox", "submitted")


def inbox_bare() -> None:
    """All rows of the round as tuples, the first fifty printed."""
    _bare("submitted")


def board() -> None:
    """The district's board: for every nomination what still stops it, then the first fifty rows."""
    district = make_authority("瓦房店市")
    _ours(lambda: make_user(Role.DISTRICT_OFFICER, authority=district), "nominations:board", "handed_in")


def board_bare() -> None:
    """All rows of the district as tuples, the first fifty printed."""
    _bare("handed_in")
