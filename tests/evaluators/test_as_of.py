"""Standing as of any day: pages and export say the day, and counts, groups, sanctions are those of then."""

import io
import itertools
import sys
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from evaluators.models import Sanction, SanctionStep
from evaluators.rules import state_at
from evaluators.selectors import standing
from evaluators.selectors.detail import evaluator_page
from evaluators.selectors.standing import places_at
from evaluators.services import (
    confirm,
    confirm_step,
    decide_dispute,
    dispute,
    end_relation,
    propose_lift,
    withdraw,
)
from evaluators.states import COUNTED
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from nominations.services import rechecking
from tests.evaluators.conftest import person
from tests.factories.accounts import make_user, sign_in
from tests.factories.evaluators import group_of, join, make_engagement, make_evaluator, make_registration, make_sanction
from tests.factories.nominations import make_complete, make_district
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = clock.local(DURING).date()


def day(number: int) -> date:
    """The local day `number` days after the round's instant."""
    return TODAY + number * DAY


def own(evaluator) -> Actor:
    return person(Role.EVALUATOR_ADMIN, "机构管理员甲", organisation_id=evaluator.organisation_id)


@pytest.fixture
def lived(body, round_2022, reviewer):
    """One evaluation claimed on day 0, disputed on day 2, upheld on day 4, withdrawn on day 6; now is day 8."""
    row = make_engagement(body, round_2022)
    for number, move in (
        (2, lambda: dispute(actor=own(body), engagement_id=row.pk, reason="未签合同")),
        (4, lambda: decide_dispute(actor=reviewer, engagement_id=row.pk, uphold=True, reason="合同齐备")),
        (6, lambda: withdraw(actor=reviewer, engagement_id=row.pk)),
    ):
        with clock.fixed(DURING + number * DAY):
            move()
    row.refresh_from_db()
    with clock.fixed(DURING + 8 * DAY):
        yield row


def test_a_state_is_that_of_the_instant(lived):
    asked = [state_at(lived, DURING + number * DAY) for number in range(-1, 8)]
    assert asked == [None, *["claimed"] * 2, *["disputed"] * 2, *["upheld"] * 2, *["withdrawn"] * 2]


def test_counts_are_those_of_the_day(body, lived, round_2022):
    found = [
        standing([body.pk], round_id=round_2022.pk, as_of=day(n), past=True)[body.pk] for n in (-1, 0, 2, 4, 6, 8, 30)
    ]
    assert [(f.group_count, f.disputed_count) for f in found] == [
        (0, 0),
        (1, 0),
        (0, 1),
        (1, 0),
        (0, 0),
        (0, 0),
        (0, 0),
    ]


@pytest.mark.parametrize("state", ["claimed", "confirmed", "disputed", "upheld", "void", "withdrawn"])
def test_a_row_without_the_instants_of_its_moves_reads_as_it_stands(state, body, round_2022):
    row = make_engagement(body, round_2022, state=state)
    assert state_at(row, DURING) == state
    facts = standing([body.pk], round_id=round_2022.pk, as_of=DURING)[body.pk]
    with clock.fixed(DURING + DAY):
        past = standing([body.pk], round_id=round_2022.pk, as_of=DURING, past=True)[body.pk]
    assert (past.group_count, past.disputed_count) == (facts.group_count, facts.disputed_count)
    assert past.group_count == (state in COUNTED)


def test_a_group_is_that_of_the_day(body, round_2022, reviewer):
    other = make_evaluator()
    for evaluator in (body, other):
        make_engagement(evaluator, round_2022)
    with clock.fixed(DURING + 2 * DAY):
        relation = join(body, other, reviewer)
    with clock.fixed(DURING + 4 * DAY):
        end_relation(actor=reviewer, relation_id=relation.pk, reason="股权已转让")
    with clock.fixed(DURING + 6 * DAY):
        found = [standing([body.pk], round_id=round_2022.pk, as_of=day(n), past=True)[body.pk] for n in (0, 2, 4, 6)]
    assert [(f.group_count, len(f.group_evaluator_ids)) for f in found] == [(1, 1), (2, 2), (1, 1), (1, 1)]


def test_a_lifting_is_known_from_its_confirmation(body, round_2022, reviewer, second):
    users = {"verified_by_id": reviewer.user_id, "second_by_id": second.user_id}
    sanction = make_sanction(body.organisation, None, None, **users)
    with clock.fixed(DURING + 3 * DAY):
        step = propose_lift(
            actor=reviewer, sanction_id=sanction.pk, lift_on=day(1), reason="整改到位", document_no="试验解除1号"
        )
        confirm_step(actor=second, step_id=step.pk)
    assert SanctionStep.objects.get().confirmed_at == DURING + 3 * DAY
    with clock.fixed(DURING + 5 * DAY):
        asked = (0, 1, 2, 3, 5)
        found = [standing([body.pk], round_id=round_2022.pk, as_of=day(n))[body.pk].sanctioned for n in asked]
        lines = [evaluator_page(reviewer, body, round_2022, as_of=day(n)).sanctions[0].lifted_on for n in (1, 3)]
    assert found == [True, True, True, False, False]
    assert lines == [None, day(1)]


def test_past_day_offers_nothing_to_do(body, round_2022, reviewer):
    row = make_engagement(body, round_2022)
    with clock.fixed(DURING + 2 * DAY):
        confirm(actor=own(body), engagement_id=row.pk)
        dispute(actor=own(body), engagement_id=make_engagement(body, round_2022).pk, reason="未签合同")
        then = evaluator_page(own(body), body, round_2022, as_of=day(0)).engagements
        now = evaluator_page(reviewer, body, round_2022).engagements
    assert [(line.state, line.claimed, line.disputed) for line in then] == [("待机构确认", False, False)]
    assert [(line.state, line.disputed) for line in now] == [("机构已确认", False), ("机构有异议", True)]


@pytest.mark.parametrize("size", [1, 3])
def test_a_past_day_costs_the_same_for_any_number(size, round_2022, django_assert_num_queries):
    bodies = [make_evaluator() for _ in range(size)]
    for evaluator in bodies:
        make_engagement(evaluator, round_2022)
    with clock.fixed(DURING + DAY), django_assert_num_queries(6):
        standing([evaluator.pk for evaluator in bodies], round_id=round_2022.pk, as_of=DURING, past=True)


# Pages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(monkeypatch):
    """The running clock stands two days after the round's instant, for sessions too."""
    monkeypatch.setattr(clock, "running", lambda: DURING + 2 * DAY)
    with clock.fixed(DURING + 2 * DAY):
        yield


@pytest.fixture
def known(body, round_2022):
    make_registration(body, round_2022, staff_senior=4)
    with clock.fixed(DURING + 2 * DAY):
        make_registration(body, round_2022, staff_senior=7)
        make_engagement(body, round_2022)
    return body


@pytest.mark.parametrize("role", [Role.CITY_REVIEWER, Role.CITY_LEAD, Role.EVALUATOR, Role.EVALUATOR_ADMIN])
def test_page_of_a_body_is_that_of_the_day_asked(role, known, pages):
    values = {"organisation": known.organisation} if role in {Role.EVALUATOR, Role.EVALUATOR_ADMIN} else {}
    client, url = sign_in(Client(), make_user(role, **values)), reverse("evaluators:detail", args=[known.pk])
    then = client.get(url, {"as_of": "2022年9月20日"}).content.decode()
    now = client.get(url).content.decode()
    assert [f"截至{clock.spoken_date(TODAY)}" in page for page in (then, now)] == [True, False]
    assert ["相关专业高级职称4人" in page for page in (then, now)] == [True, False]
    assert ["<strong>1</strong> 项" in page for page in (then, now)] == [False, True]


@pytest.mark.parametrize("typed", ["2022-13-40", "上周", "9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("name", ["index", "detail"])
def test_a_day_that_is_none_gets_its_message_and_today(name, typed, known, pages):
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    url = reverse(f"evaluators:{name}", args=[known.pk] if name == "detail" else [])
    for query in ({}, {"format": "xlsx"}):
        answer = client.get(url, {"as_of": typed, **query})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert "填写日期，如2022-10-15。" in page or "截至日期离今天超过50年" in page
        assert typed in page
        assert "截至2" not in page


def test_list_and_its_workbook_are_of_the_day_asked(known, pages):
    client, url = sign_in(Client(), make_user(Role.CITY_REVIEWER)), reverse("evaluators:index")
    assert f"截至{clock.spoken_date(TODAY)}" in client.get(url, {"as_of": TODAY.isoformat()}).content.decode()
    found = []
    for query in ({"as_of": TODAY.isoformat()}, {}):
        answer = client.get(url, {**query, "format": "xlsx"})
        rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
        head = next(row for row in rows if "机构名称" in row)
        line = dict(zip(head, next(row for row in rows if "甲试验评价所" in row), strict=True))
        told = [cell for row in rows[: rows.index(head)] for cell in row if cell and "截至" in str(cell)]
        counted = next(value for label, value in line.items() if str(label).startswith("本系统项目"))
        found.append((counted, line["通知二（三）"], told))
    assert [row[:2] for row in found] == [(0, "不符合"), (1, "符合")]
    assert found[0][2] == [f"截至{clock.spoken_date(TODAY)}"]
    assert found[1][2] == [f"截至{clock.spoken(clock.now())}"]


def test_a_body_learns_of_a_sanction_from_its_confirmation(known, pages):
    first, second = (person(Role.CITY_LEAD, name) for name in ("甲", "乙"))
    users = {"verified_by_id": first.user_id, "second_by_id": second.user_id}
    with clock.fixed(DURING):
        sanction = make_sanction(known.organisation, None, None, **users)
    Sanction.objects.filter(pk=sanction.pk).update(confirmed_at=clock.now())
    url = reverse("evaluators:detail", args=[known.pk])
    for role, wanted in ((Role.CITY_LEAD, True), (Role.EVALUATOR_ADMIN, False)):
        values = {"organisation": known.organisation} if role == Role.EVALUATOR_ADMIN else {}
        page = sign_in(Client(), make_user(role, **values)).get(url, {"as_of": TODAY.isoformat()}).content.decode()
        assert (sanction.document_no in page) is wanted
        assert ("待复核，未生效" in page) is wanted


WORK = ("affiliates", "registration", "sanction")


@pytest.mark.parametrize(("number", "offered"), [(-1, False), (0, False), (2, False), (9, False), (None, True)])
def test_a_day_asked_about_offers_no_work_and_control_now_does(number, offered, known, pages):
    row = make_engagement(known, known.registrations.first().round, state="disputed", disputed_at=DURING)
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    query = {} if number is None else {"as_of": day(number).isoformat()}
    page = city.get(reverse("evaluators:detail", args=[known.pk]), query).content.decode()
    links = [reverse(f"evaluators:{name}", args=[known.pk]) for name in WORK]
    links.append(reverse("evaluators:decide", args=[row.pk]))
    assert [f'"{link}"' in page for link in links] == [offered] * 4


@pytest.mark.parametrize(("number", "kept"), [(1, False), (2, True), (9, True), (None, True)])
def test_today_and_days_to_come_keep_numbers_and_marks(number, kept, body, round_2022, reviewer, pages):
    with clock.fixed(DURING):
        make_engagement(body, round_2022, ordinal=16, over_cap=True, confirm_due_at=DURING + DAY)
    found = evaluator_page(reviewer, body, round_2022, as_of=None if number is None else day(number)).engagements[0]
    assert (found.ordinal, found.over_cap, found.answer_overdue) == (("16", True, True) if kept else ("", False, False))
    page = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation)).get(
        reverse("evaluators:detail", args=[body.pk]), {} if number is None else {"as_of": day(number).isoformat()}
    )
    told = page.content.decode()
    assert [text in told for text in ("超出上限</span>", "已超过确认期限")] == [kept, kept]
    assert (reverse("evaluators:confirm", args=[found.id]) in told) is (number is None)


def test_the_list_of_a_day_carries_it_and_holds_who_was_on_file(round_2022, reviewer, pages):
    with clock.fixed(DURING):
        first, second = make_evaluator("甲试验评价所"), make_evaluator("乙试验评价所")
        join(first, second, reviewer)
    later = make_evaluator("丙试验评价所")
    city, url = sign_in(Client(), make_user(Role.CITY_REVIEWER)), reverse("evaluators:index")
    asked = {"as_of": day(1).isoformat()}
    then, now = city.get(url, asked).content.decode(), city.get(url).content.decode()
    for name, pk in (("detail", first.pk), ("group", group_of(first).pk)):
        plain = reverse(f"evaluators:{name}", args=[pk])
        dated = f'"{plain}?as_of={day(1).isoformat()}"'
        assert [dated in page for page in (then, now)] == [True, False], name
        assert [f'"{plain}"' in page for page in (then, now)] == [False, True], name
    assert [later.organisation.name in page for page in (then, now)] == [False, True]
    books = [load_workbook(io.BytesIO(city.get(url, {**q, "format": "xlsx"}).content)).active for q in (asked, {})]
    cells = [{cell for row in book.iter_rows(values_only=True) for cell in row} for book in books]
    assert [later.organisation.name in found for found in cells] == [False, True]
    assert all(first.organisation.name in found for found in cells)


def test_a_group_page_is_of_the_day(round_2022, reviewer, pages):
    with clock.fixed(DURING):
        first, second = make_evaluator("甲试验评价所"), make_evaluator("乙试验评价所")
        for body in (first, second):
            make_engagement(body, round_2022)
    join(first, second, reviewer)
    city, url = sign_in(Client(), make_user(Role.CITY_REVIEWER)), reverse("evaluators:group", args=[group_of(first).pk])
    then, now = (city.get(url, query) for query in ({"as_of": day(1).isoformat()}, {}))
    told = [(len(page.context["facts"].members), page.context["facts"].counted) for page in (then, now)]
    assert told == [(1, 1), (2, 2)]
    assert [f"截至{clock.spoken_date(day(1))}" in page.content.decode() for page in (then, now)] == [True, False]
    dated = f"{reverse('evaluators:detail', args=[first.pk])}?as_of={day(1).isoformat()}"
    assert [dated in page.content.decode() for page in (then, now)] == [True, False]
    assert city.get(url, {"as_of": "上周"}).status_code == 400


@pytest.mark.parametrize(("number", "told"), [(3, "提前解除，止于"), (4, "已止于")])
def test_an_early_end_to_come_is_not_called_past(number, told, body, round_2022, reviewer, second, monkeypatch):
    users = {"verified_by_id": reviewer.user_id, "second_by_id": second.user_id}
    sanction = make_sanction(body.organisation, None, None, **users)
    step = propose_lift(actor=reviewer, sanction_id=sanction.pk, lift_on=day(4), reason="整改到位", document_no="1号")
    confirm_step(actor=second, step_id=step.pk)
    with clock.fixed(DURING + number * DAY):
        line = evaluator_page(reviewer, body, round_2022).sanctions[0]
    assert line.ended is (told == "已止于")
    monkeypatch.setattr(clock, "running", lambda: DURING + number * DAY)
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    assert f"，{told} {day(4)}" in client.get(reverse("evaluators:detail", args=[body.pk])).content.decode()


def test_a_jobs_now_is_no_past(db, monkeypatch):
    """No fixed clock in a job: its `now` is a moment older at each reading. Control: a day asked about goes back."""
    nomination = make_complete(make_district())
    asked = []
    reads = sys.modules["evaluators.selectors.standing"]
    monkeypatch.setattr(reads, "places_at", lambda at: asked.append(at) or places_at(at))
    ticks = itertools.count()
    monkeypatch.setattr(clock, "now", lambda: DURING + timedelta(microseconds=next(ticks)))
    assert rechecking.recheck(nomination_ids=[nomination.pk]) == 1
    standing([nomination.evaluator_id], round_id=nomination.round_id, as_of=day(-1), past=True)
    assert asked == [None, clock.end_of(day(-1))]
