"""Every list page: an evaluator finds its own on it and nothing of another; one row costs what three cost."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from evaluators.models import Evaluator
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.rounds.models import Round
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_subject
from tests.factories.evaluators import make_engagement, make_evaluator
from tests.factories.registering import make_filed
from tests.factories.reporting import make_filed_report
from tests.factories.roster import make_staff
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
OWN_PAGES = ("mine", "years", "staff")
CITY_PAGES = ("index", "cases", "reports", "staff_shared")
#: Page → queries at one row and at three, session and person included.
CITY_COSTS = {"index": 13, "cases": 10, "reports": 13, "staff_shared": 4}
OWN_COSTS = {"years": 8, "staff": 9}
#: Page of one evaluator → queries of the city, however much the evaluator has.
ONE_COSTS = {"detail": 17, "roster": 9, "affiliates": 5}


@pytest.fixture(autouse=True)
def during_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """The running clock stands in the round, for pages and sessions alike."""
    monkeypatch.setattr(clock, "running", lambda: DURING)


def at(name: str, *args: object) -> str:
    return reverse(f"evaluators:{name}", args=args)


def furnish(name: str, year: Round, *, rows: int = 1) -> Evaluator:
    """An evaluator with a filed registration, a report, evaluations and people, all bearing its name."""
    body = make_evaluator(name)
    admin = actor_for(make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation))
    make_filed(admin, year)
    make_filed_report(admin, year)
    for number in range(rows):
        make_engagement(body, year, make_subject(name=f"{name}评价的厂区{number}"))
        make_staff(body, name=f"{name[:2]}员{number}")
    return body


def cost(client: Client, address: str) -> int:
    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


@pytest.mark.parametrize("name", OWN_PAGES)
@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.EVALUATOR_ADMIN])
def test_an_evaluator_finds_its_own_and_nothing_of_another(name: str, role: Role, round_2022: Round) -> None:
    mine, theirs = furnish("甲试验评价所", round_2022), furnish("乙试验评价所", round_2022)
    client = sign_in(Client(), make_user(role, organisation=mine.organisation))
    for query in ({}, {"q": "乙"}, {"page": "2"}):
        page = client.get(at(name), query).content.decode()
        assert "乙试" not in page, query
        assert theirs.organisation.uscc not in page
    assert "甲试" in client.get(at(name)).content.decode()


def test_the_rosters_workbook_holds_nothing_of_another(round_2022: Round) -> None:
    mine = furnish("甲试验评价所", round_2022)
    furnish("乙试验评价所", round_2022)
    client = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=mine.organisation))
    answer = client.get(at("staff_export"))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    book = load_workbook(io.BytesIO(content))
    texts = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell}
    assert any("甲试" in text for text in texts)
    assert not any("乙试" in text for text in texts)


def test_control_the_city_reads_both_on_its_lists(round_2022: Round) -> None:
    for name in ("甲试验评价所", "乙试验评价所"):
        furnish(name, round_2022)
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    for name in ("index", "cases", "reports"):
        page = client.get(at(name)).content.decode()
        assert ["甲试验评价所" in page, "乙试验评价所" in page] == [True, True], name


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.EVALUATOR_ADMIN, Role.APPLICANT, Role.DISTRICT_LEAD])
def test_the_citys_lists_are_the_citys(role: Role, round_2022: Round) -> None:
    body = furnish("甲试验评价所", round_2022)
    values = {"organisation": body.organisation} if role in {Role.EVALUATOR, Role.EVALUATOR_ADMIN} else {}
    client = sign_in(Client(), make_user(role, **values))
    assert {name: client.get(at(name)).status_code for name in CITY_PAGES} == dict.fromkeys(CITY_PAGES, 403)


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_row_and_three(count: int, round_2022: Round) -> None:
    bodies = [furnish(f"{word}试验评价所", round_2022, rows=count) for word in "甲乙丙"[:count]]
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    found = [{name: cost(city, at(name)) for name in CITY_COSTS}]
    found.append({name: cost(city, at(name, bodies[0].pk)) for name in ONE_COSTS})
    own = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=bodies[0].organisation))
    found.append({name: cost(own, at(name)) for name in OWN_COSTS})
    assert found == [CITY_COSTS, ONE_COSTS, OWN_COSTS]
