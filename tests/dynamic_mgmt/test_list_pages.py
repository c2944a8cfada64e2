"""Every list page: what is foreign stands on none of them, in no number and no file; one row costs what three cost."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from dynamic_mgmt.models import Experience
from dynamic_mgmt.selectors.tables import board, overview, periods
from dynamic_mgmt.services import experiences
from dynamic_mgmt.services.incidents import report_incident
from dynamic_mgmt.services.periods import add_period
from dynamic_mgmt.services.removing import propose_removal
from dynamic_mgmt.services.renaming import propose_change
from greenportal import clock
from greenportal.accounts.actors import Role
from tests.dynamic_mgmt.test_changes import told as change_told
from tests.dynamic_mgmt.test_incidents import told
from tests.factories.accounts import make_actor, make_user, sign_in
from tests.factories.rounds import DURING, make_lead
from tests.factories.tables import Stage, make_filed, make_stage

pytestmark = pytest.mark.django_db
#: Pages of districts and units with a list of units on them.
LISTS = ("index", "tables", "experiences", "changes", "incidents")
#: Page → queries of the city lead, at one row and at three. Three of each are session and person.
COSTS = {
    "index": 5,
    "tables": 11,
    "experiences": 5,
    "changes": 6,
    "incidents": 5,
    "matches": 4,
    "removals": 4,
    "periods": 10,
    "trends": 6,
}


@pytest.fixture(autouse=True)
def _running_in_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)


def url(name: str, *args: object) -> str:
    return reverse(f"dynamic_mgmt:{name}", args=args)


def as_role(role: Role, **values: object) -> Client:
    return sign_in(Client(), make_user(role, **values))


def furnish(stage: Stage) -> Stage:
    """Give a stage one thing of every kind that a list shows."""
    make_filed(stage)
    experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    experiences.add_statement(
        actor=stage.unit_actor, unit_id=stage.unit.pk, kind="commitment", title="承诺", issued_on=clock.today()
    )
    report_incident(actor=stage.officer, told=told(), unit_id=stage.unit.pk)
    propose_change(actor=stage.officer, unit_id=stage.unit.pk, told=change_told())
    return stage


@pytest.fixture
def two() -> tuple[Stage, Stage]:
    mine = furnish(make_stage())
    return mine, furnish(make_stage("庄河市", period=mine.period))


def people(stage: Stage, role: Role) -> dict[str, object]:
    return {"organisation": stage.organisation} if role == Role.APPLICANT else {"authority": stage.authority}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.APPLICANT])
def test_a_list_shows_what_is_own_and_nothing_foreign(name: str, role: Role, two: tuple[Stage, Stage]) -> None:
    mine, theirs = two
    if role == Role.APPLICANT and name == "incidents":
        assert as_role(role, **people(mine, role)).get(url(name)).status_code == 403
        return
    client = as_role(role, **people(mine, role))
    for query in ({}, {"q": theirs.organisation.name[:2]}, {"authority": str(theirs.authority.pk)}, {"page": "2"}):
        page = client.get(url(name), query).content.decode()
        assert theirs.organisation.name not in page, query
    assert mine.organisation.name in client.get(url(name)).content.decode()


def test_control_the_city_reads_both_names_on_every_list(two: tuple[Stage, Stage]) -> None:
    client = as_role(Role.CITY_LEAD)
    for stage in two:
        row = Experience.objects.get(unit=stage.unit)
        values = {"experience_id": row.pk, "seen_version": row.version}
        experiences.move_experience(actor=stage.officer, action="recommend", text="节能明显", **values)
    for name in LISTS:
        page = client.get(url(name)).content.decode()
        assert [stage.organisation.name in page for stage in two] == [True, True], name


def test_numbers_are_of_what_the_reader_sees(two: tuple[Stage, Stage]) -> None:
    mine, theirs = two
    assert [row.authority.name for row in board(mine.officer, mine.period)] == ["瓦房店市"]
    assert [(row.total, row.filed) for row in overview(mine.officer, list(periods()))] == [(1, 1)]
    assert [(row.total, row.filed) for row in overview(make_lead(), list(periods()))] == [(2, 2)]
    page = as_role(Role.DISTRICT_OFFICER, authority=mine.authority).get(url("tables")).content.decode()
    assert theirs.authority.name not in page


def test_the_districts_workbook_and_its_papers_hold_nothing_foreign() -> None:
    mine = make_stage()
    theirs = make_stage("庄河市", period=mine.period)
    client = as_role(Role.DISTRICT_OFFICER, authority=mine.authority)
    answer = client.get(url("workbook", mine.period.pk))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    book = load_workbook(io.BytesIO(content))
    texts = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell}
    assert any(mine.organisation.name in text for text in texts)
    assert not any(theirs.organisation.name in text or theirs.organisation.uscc in text for text in texts)
    for name, pk in (("table", theirs.table().pk), ("table_pdf", theirs.table().pk), ("unit_trend", theirs.unit.pk)):
        assert client.get(url(name, pk)).status_code == 404, name
    for name in ("exports", "year_report"):
        assert client.get(url(name, mine.period.pk)).status_code in {403, 404}, name


@pytest.mark.parametrize("count", [1, 3])
def test_list_pages_cost_the_same_for_one_row_and_three(count: int) -> None:
    first = furnish(make_stage())
    reviewer = make_actor(Role.CITY_REVIEWER)
    stages = [first, *(furnish(make_stage(f"试验区{n}", period=first.period)) for n in range(count - 1))]
    for number, stage in enumerate(stages):
        row = Experience.objects.get(unit=stage.unit)
        values = {"experience_id": row.pk, "seen_version": row.version}
        experiences.move_experience(actor=stage.officer, action="recommend", text="节能明显", **values)
        propose_removal(
            actor=reviewer,
            unit_id=stage.unit.pk,
            removed_on=clock.today(),
            reason="公布移出",
            document_no="大工信〔2022〕9号",
        )
        if number:
            add_period(
                actor=make_lead(),
                round_id=first.period.round_id,
                key=f"h{number}",
                label=f"第{number}次",
                data_year=2021,
                opens_at=clock.now(),
                closes_at=clock.now() + timedelta(days=9),
            )
    client, found = as_role(Role.CITY_LEAD), {}
    for name in COSTS:
        query = {"period": first.period.pk} if name == "tables" else {}
        client.get(url(name), query)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url(name), query).status_code == 200
        found[name] = len(asked)
    assert found == COSTS
