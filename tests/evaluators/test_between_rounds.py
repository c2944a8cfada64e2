"""Between rounds, and of a day before the present round: pages that read show the round that was; what writes waits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Sanction
from evaluators.states import RelationState
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import round_to_read
from tests.evaluators.conftest import person
from tests.factories.accounts import make_user, sign_in
from tests.factories.evaluators import group_of, make_engagement, make_evaluator, make_relation
from tests.factories.rounds import DURING, open_round_2022

pytestmark = pytest.mark.django_db
WAITS = "目前没有进行中的年度批次"
LATER = DURING + timedelta(days=400)


@pytest.fixture(autouse=True)
def a_year_later(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: LATER)
    with clock.fixed(LATER):
        yield


@pytest.fixture
def past(round_2022: Round) -> Round:
    """The 2022 round, opened in September 2022, closed; nothing open."""
    Round.objects.filter(pk=round_2022.pk).update(state="closed")
    round_2022.refresh_from_db()
    return round_2022


@pytest.fixture
def pages(past, body, reviewer):
    """Address → who opens it, for every page that reads."""
    other = make_evaluator()
    make_engagement(body, past)
    relation = make_relation(body.organisation, other.organisation, reviewer)
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    own = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation))
    return {
        reverse("evaluators:index"): city,
        reverse("evaluators:cases"): city,
        reverse("evaluators:reports"): city,
        reverse("evaluators:detail", args=[body.pk]): city,
        reverse("evaluators:group", args=[group_of(body).pk]): city,
        reverse("evaluators:relation", args=[relation.pk]): city,
        reverse("evaluators:sanction", args=[body.pk]): city,
        reverse("evaluators:mine"): own,
    }


def test_every_page_that_reads_shows_the_round_that_was(pages, past, body):
    shown = {url: client.get(url) for url, client in pages.items()}
    assert {url: answer.status_code for url, answer in shown.items()} == dict.fromkeys(pages, 200)
    named = [past.name in answer.content.decode() for answer in shown.values()]
    assert named == [True, True, True, True, True, False, False, True]
    texts = "".join(answer.content.decode() for answer in shown.values())
    for waits in ("import", "case_begin", "report_begin", ("registration", body.pk), ("report_late", body.pk)):
        name, *args = waits if isinstance(waits, tuple) else (waits,)
        assert f'"{reverse(f"evaluators:{name}", args=args)}"' not in texts, name


def test_control_an_open_round_offers_what_writes(pages, past, body):
    Round.objects.filter(pk=past.pk).update(state="open")
    texts = "".join(client.get(url).content.decode() for url, client in pages.items())
    for name, args in (("import", []), ("case_begin", []), ("report_begin", []), ("registration", [body.pk])):
        assert f'"{reverse(f"evaluators:{name}", args=args)}"' in texts, name


def test_what_writes_into_a_round_waits_for_one(past, body):
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    for name, args in (("registration", [body.pk]), ("import", [])):
        answer = city.get(reverse(f"evaluators:{name}", args=args))
        assert (answer.status_code, WAITS in answer.content.decode()) == (409, True), name


def test_a_sanction_and_a_relation_are_judged_between_rounds(past, body, reviewer):
    city = sign_in(Client(), make_user(Role.CITY_LEAD))
    told = {"verified_on": "2023-10-01", "document_no": "试验文号〔2023〕1号", "facts": "试验事实"}
    city.post(reverse("evaluators:sanction", args=[body.pk]), told)
    assert Sanction.objects.get().until == date(2026, 10, 1)
    relation = make_relation(
        body.organisation, make_evaluator().organisation, person(Role.CITY_REVIEWER, "市局审核员丙")
    )
    city.post(reverse("evaluators:relation", args=[relation.pk]), {"confirm": "1", "version": relation.version})
    relation.refresh_from_db()
    assert relation.state == RelationState.CONFIRMED


def next_year(past: Round) -> Round:
    """A round of the year after, opened in September 2023."""
    row = open_round_2022()
    Round.objects.filter(pk=row.pk).update(year=2023, name="2023年度", opened_at=DURING + timedelta(days=365))
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("was", ["closed", "open"])
def test_a_past_day_is_of_the_round_opened_by_then(was, past, body):
    now = next_year(past)
    Round.objects.filter(pk=past.pk).update(state=was)
    make_engagement(body, past, claimed_at=DURING)
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    for address in (reverse("evaluators:index"), reverse("evaluators:detail", args=[body.pk])):
        then = city.get(address, {"as_of": "2022-10-15"}).content.decode()
        assert [past.name in then, now.name in then] == [True, False], address
        today = city.get(address).content.decode()
        assert [past.name in today, now.name in today] == [False, True], address


def test_the_round_to_read(past):
    """Before any round there was none of that day: the present one is shown; one being prepared never is."""
    assert round_to_read(date(2020, 1, 1)) == past
    now = next_year(past)
    opened = clock.local(now.opened_at or datetime.max).date()
    asked = (
        None,
        date(2020, 1, 1),
        opened - timedelta(days=1),
        opened,
        clock.today(),
        clock.today() + timedelta(days=9),
    )
    assert [round_to_read(day).year for day in asked] == [2023, 2023, 2022, 2023, 2023, 2023]
    Round.objects.all().update(state="preparing")
    assert round_to_read() is None
