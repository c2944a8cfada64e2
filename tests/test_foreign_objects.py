"""Things of evaluators and of the register that are somebody else's × every address × every role that is not the city.

The city reads what evaluators and listed units send; to everybody else nothing of another body is told: not by its
address, not by a press of its button, not in a list, a count, a search or an export.
"""

from __future__ import annotations

import io
import re
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from dynamic_mgmt.models import (
    DynamicTable,
    Experience,
    Incident,
    ListedUnit,
    MatchDoubt,
    RemovalProposal,
    Statement,
    UnitChange,
)
from dynamic_mgmt.parsing import ListedRow
from dynamic_mgmt.services.comparing import as_json
from dynamic_mgmt.services.experiences import add_statement, draft_experience
from dynamic_mgmt.services.incidents import Told, report_incident
from dynamic_mgmt.services.renaming import ChangeTold, propose_change
from evaluators.models import (
    AffiliateRelation,
    AnnualReport,
    CaseEvidence,
    Engagement,
    Evaluator,
    RegistrationCase,
    Sanction,
    SanctionStep,
    StaffMember,
)
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation
from greenportal.filings.views.workbook import XLSX
from greenportal.rounds.models import Round
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_organisation, make_subject
from tests.factories.evaluators import group_of, make_engagement, make_evaluator, make_relation, make_sanction
from tests.factories.evaluators import make_upload as upload
from tests.factories.registering import make_case
from tests.factories.reporting import make_report
from tests.factories.roster import make_staff
from tests.factories.rounds import DURING, open_round_2022
from tests.factories.tables import Stage, fill, make_stage
from tests.test_role_matrix import BUTTON, NO_SUCH, SECRET, Address, addresses, alike, ask, plain

pytestmark = pytest.mark.django_db

CITY = {Role.CITY_LEAD, Role.CITY_REVIEWER}
#: Roles of another body or district, and those who have no business here at all.
OTHERS = sorted(set(Role) - CITY - {Role.SYSTEM, Role.ANONYMOUS})
APPS = ("evaluators:", "dynamic_mgmt:")
#: What a search types: part of the secret name, so that the answer's own echo of it is no leak.
PART = SECRET[:2]
#: Parameters that name no row.
WORDS = {"round_id", "form", "verb", "kind", "category", "token", "section", "comment_id"}
FORMS = {"form": "xlsx", "verb": "opinion", "kind": "urge", "category": "factory", "token": "none", "section": "none"}
POSTED = {"version": "1", "reason": "事由", "confirm": "1", "text": "事由", "action": "offer", "name": "某人"}
Things = dict[str, int]


@pytest.fixture
def round_2022() -> Round:
    return open_round_2022()


@pytest.fixture
def in_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)


@pytest.fixture
def things(round_2022: Round) -> Things:
    """One of everything, all of it under secret names: ids by the names of path parameters."""
    return make_things(round_2022)


def make_things(round_2022: Round) -> Things:
    with clock.fixed(DURING):
        return {**_of_an_evaluator(round_2022), **_of_a_unit()}


def _person(role: Role, **values: int) -> Actor:
    user = User.objects.create(username=f"foreign-{role.value}-{User.objects.count()}", name=SECRET)
    return Actor(role=role, user_id=user.pk, name=SECRET, **values)


def _of_an_evaluator(round_2022: Round) -> Things:
    """A body's registration, report, roster, work, relation and sanction, of which the city knows the last three."""
    evaluator = make_evaluator(f"{SECRET}评价中心")
    admin = _person(Role.EVALUATOR_ADMIN, organisation_id=evaluator.organisation_id)
    engagement = make_engagement(evaluator, round_2022, make_subject(name=f"{SECRET}厂区"))
    case, report = make_case(admin, round_2022), make_report(admin, round_2022)
    proof = CaseEvidence.objects.create(
        case=case,
        condition="office",
        file=upload(admin, "evaluators.case_evidence"),
        title=SECRET,
        added_by_id=admin.user_id,
        added_at=DURING,
    )
    other = make_organisation(uscc=fictional_uscc(881, prefix="12"), name=f"{SECRET}关联公司")
    relation = make_relation(evaluator.organisation, other, _person(Role.CITY_REVIEWER))
    first, second = (_person(Role.CITY_REVIEWER) for _ in range(2))
    users = User.objects.in_bulk([first.user_id, second.user_id])
    sanction = make_sanction(
        evaluator.organisation, users[first.user_id], users[second.user_id], facts=SECRET, document_no=SECRET
    )
    appeal = SanctionStep.objects.create(
        sanction=sanction,
        kind="appeal",
        on=date(2022, 3, 1),
        text=SECRET,
        written_by_id=first.user_id,
        written_at=DURING,
    )
    return {
        "evaluator_id": evaluator.pk,
        "engagement_id": engagement.pk,
        "case_id": case.pk,
        "report_id": report.pk,
        "evidence_id": proof.pk,
        "staff_id": make_staff(evaluator, name=SECRET).pk,
        "group_id": group_of(evaluator).pk,
        "relation_id": relation.pk,
        "sanction_id": sanction.pk,
        "appeal_id": appeal.pk,
    }


def _of_a_unit() -> Things:
    """A listed unit of 庄河市: its table, change, incident, experience, and what the city waits for about it."""
    stage = make_stage("庄河市")
    name = f"{SECRET}制造有限公司"
    ListedUnit.objects.filter(pk=stage.unit.pk).update(name_as_listed=name, name_key=name)
    Organisation.objects.filter(pk=stage.organisation.pk).update(name=name)
    stage.unit.refresh_from_db()
    table = fill(stage.unit_actor, stage.table())
    told = ChangeTold(kind="rename", changed_on=date(2022, 1, 1), new_name=f"{SECRET}新名有限公司", document_no=SECRET)
    change = propose_change(actor=stage.officer, unit_id=stage.unit.pk, told=told)
    proposal = RemovalProposal.objects.create(
        unit=stage.unit,
        removed_on=date(2022, 1, 1),
        reason=SECRET,
        document_no=SECRET,
        proposed_by_id=_person(Role.CITY_REVIEWER).user_id,
        proposed_at=DURING,
    )
    blank: dict[str, Any] = {field.name: "" for field in fields(ListedRow)}
    blank |= dict.fromkeys(("list_year", "listed_on", "removed_on", "published_year"))
    values = {"number": 1, "category": "factory", "level": "national", "name_as_listed": name, "name_key": name}
    row = as_json(ListedRow(**{**blank, **values}))
    doubt = MatchDoubt.objects.create(subject="row", key="k" * 64, name=name, row=row, raised_at=DURING)
    return {
        "unit_id": stage.unit.pk,
        "table_id": table.pk,
        "period_id": stage.period.pk,
        "change_id": change.pk,
        "incident_id": _incident(stage).pk,
        "experience_id": _experience(stage).pk,
        "statement_id": _statement(stage).pk,
        "proposal_id": proposal.pk,
        "doubt_id": doubt.pk,
    }


def _incident(stage: Stage) -> Incident:
    told = Told(
        kind="safety",
        severity="ordinary",
        source="gsxt",
        happened_on=date(2022, 2, 1),
        text=SECRET,
        document_no=SECRET,
    )
    return report_incident(actor=stage.officer, told=told, unit_id=stage.unit.pk)


def _experience(stage: Stage) -> Experience:
    return draft_experience(actor=stage.officer, unit_id=stage.unit.pk, title=SECRET, text=SECRET)


def _statement(stage: Stage) -> Statement:
    values = {"kind": "commitment", "title": SECRET, "issued_on": date(2022, 2, 1)}
    return add_statement(actor=stage.unit_actor, unit_id=stage.unit.pk, **values)


def of_apps() -> list[Address]:
    return [address for address in addresses() if address.name.startswith(APPS)]


def url_of(address: Address, things: Things, *, absent: bool = False) -> str:
    values = {name: NO_SUCH if absent else things[name] for name in address.parameters if name in things}
    return reverse(address.name, kwargs={**{n: FORMS.get(n, NO_SUCH) for n in address.parameters}, **values})


def named(things: Things) -> list[Address]:
    """Addresses that name a thing of somebody; a period is everybody's."""
    return [a for a in of_apps() if set(a.parameters) & (set(things) - {"period_id"})]


def standing() -> list[object]:
    """What any change of a foreign thing would leave behind."""
    rows: list[object] = []
    for model in (Engagement, RegistrationCase, AnnualReport, AffiliateRelation, UnitChange, Incident, DynamicTable):
        rows += model.objects.order_by("pk").values_list("pk", "state", "version")
    rows += Statement.objects.order_by("pk").values_list("pk", "withdrawn_at")
    rows += Experience.objects.order_by("pk").values_list("pk", "state", "version")
    rows += ListedUnit.objects.order_by("pk").values_list("pk", "version", "renamed_to", "removed_on", "authority_id")
    rows += StaffMember.objects.order_by("pk").values_list("pk", "removed_at")
    rows += CaseEvidence.objects.order_by("pk").values_list("pk", "removed_at")
    rows += [m.objects.count() for m in (Evaluator, Sanction, SanctionStep, RemovalProposal, MatchDoubt)]
    return rows


def client_as(role: Role) -> Client:
    return sign_in(Client(raise_request_exception=False), make_user(role))


def test_every_parameter_of_the_two_apps_has_a_thing_or_is_a_word(things: Things) -> None:
    missing = {p for a in of_apps() for p in a.parameters} - set(things) - WORDS
    assert missing == set()


@pytest.mark.parametrize("role", OTHERS)
def test_a_foreign_thing_is_as_absent_as_one_that_never_was(role: Role, things: Things, in_the_round: None) -> None:
    client, wrong = client_as(role), {}
    for address in named(things):
        url = url_of(address, things)
        response = ask(client, address, url)
        expected, body = 404 if role in address.allowed else 403, plain(response)
        if SECRET in body:
            wrong[address.name] = "tells a foreign name"
        elif response.status_code not in {expected, 405}:
            wrong[address.name] = (response.status_code, expected)
        elif response.status_code == 404 and not alike(
            client, address, body, url, url_of(address, things, absent=True)
        ):
            wrong[address.name] = "foreign and absent differ"
    assert wrong == {}


@pytest.mark.parametrize("role", OTHERS)
def test_nothing_foreign_is_changed_by_pressing_its_button(role: Role, things: Things, in_the_round: None) -> None:
    client, wrong, before = client_as(role), {}, standing()
    for address in named(things):
        response = client.post(url_of(address, things), POSTED)
        expected = {404, 405} if role in address.allowed else {403}
        if response.status_code not in expected or SECRET in plain(response):
            wrong[address.name] = response.status_code
    assert wrong == {}
    assert standing() == before


def told_by(client: Client, page: str) -> str:
    """What an answer tells: of a page its text, of a workbook its cells, without the mark that differs at each download."""
    response = client.get(page)
    if response.status_code != 200 or response.get("Content-Type") != XLSX:
        return plain(response)
    content = b"".join(response) if response.streaming else response.content
    cells = [str(c) for sheet in load_workbook(io.BytesIO(content)).worksheets for row in sheet.values for c in row]
    return repr([cell for cell in cells if not cell.startswith(('["nonce"', '["checksum"'))])


def lists(period_id: int) -> list[str]:
    """Addresses of lists, boards, searches and exports: those that name nothing of anybody."""
    found = []
    for address in of_apps():
        if address.manner != BUTTON and not set(address.parameters) - {"period_id", "category", "form", "round_id"}:
            kwargs = {n: period_id if n == "period_id" else FORMS.get(n, NO_SUCH) for n in address.parameters}
            found.append(reverse(address.name, kwargs=kwargs))
    return found


@pytest.mark.parametrize("role", OTHERS)
def test_lists_counts_searches_and_exports_are_the_same_whether_foreign_things_exist(
    role: Role, round_2022: Round, in_the_round: None
) -> None:
    with clock.fixed(DURING):
        period = make_stage("瓦房店市").period
    client = client_as(role)
    pages = [page + query for page in lists(period.pk) for query in ("", f"?q={PART}")]
    # What only the first visit shows, or leaves behind, is no difference.
    for page in lists(period.pk):
        client.get(page)
    before = {page: told_by(client, page) for page in pages}
    make_things(round_2022)
    after = {page: told_by(client, page) for page in pages}
    assert [page for page in pages if before[page] != after[page] or SECRET in after[page]] == []


def test_the_owner_and_the_city_do_read_the_secret_names(things: Things, in_the_round: None) -> None:
    """Control: the walks above would see a leak, since those who may see are told the names."""
    city = client_as(Role.CITY_LEAD)
    evaluator = Evaluator.objects.get(pk=things["evaluator_id"])
    own = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation))
    unit = ListedUnit.objects.get(pk=things["unit_id"])
    district = sign_in(Client(), make_user(Role.DISTRICT_OFFICER, authority=unit.authority))
    told = {
        "evaluators:index": city,
        "dynamic_mgmt:index": city,
        "evaluators:mine": own,
        "evaluators:staff": own,
        "dynamic_mgmt:tables": district,
        "dynamic_mgmt:incidents": district,
        "dynamic_mgmt:changes": district,
        "dynamic_mgmt:experiences": district,
    }
    assert [name for name, client in told.items() if SECRET not in plain(client.get(reverse(name)))] == []
    search = district.get(reverse("dynamic_mgmt:index"), {"q": PART})
    assert SECRET in plain(search)


def test_what_a_body_has_not_sent_is_no_part_of_the_citys_pages(things: Things, in_the_round: None) -> None:
    """Drafts of registration, report and roster are the body's own until it sends them."""
    city, wrong = client_as(Role.CITY_LEAD), {}
    for address in of_apps():
        if set(address.parameters) & {"case_id", "report_id", "staff_id", "evidence_id"}:
            status = ask(city, address, url_of(address, things)).status_code
            if status not in {403, 404, 405}:
                wrong[address.name] = status
    assert wrong == {}


@pytest.mark.parametrize(("role", "links"), [(Role.EVALUATOR, 0), (Role.EVALUATOR_ADMIN, 1)])
def test_a_registration_links_its_proofs_only_for_those_who_may_open_them(
    role: Role, links: int, things: Things, in_the_round: None
) -> None:
    """Proofs of a registration open for the body's administrator; its staff reads their titles."""
    organisation = Evaluator.objects.get(pk=things["evaluator_id"]).organisation
    client = sign_in(Client(), make_user(role, organisation=organisation))
    page = client.get(reverse("evaluators:case", args=[things["case_id"]])).content.decode()
    assert SECRET in page
    assert len(re.findall(r'href="/files/[^"]+"', page)) == links
