"""Pages of incidents, changes, matches and pasted lists: who reaches them, what leaks, nothing typed is lost."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dynamic_mgmt.models import Incident, IncidentRevision, ListedUnit, MatchDoubt, RemovalProposal, UnitChange
from dynamic_mgmt.services.incidents import correct_incident, decide_incident, report_incident
from dynamic_mgmt.services.renaming import propose_change
from greenportal.accounts.actors import Role
from greenportal.filings.worklist import items_for
from tests.dynamic_mgmt.test_changes import told as change_told
from tests.dynamic_mgmt.test_incidents import told
from tests.factories.accounts import actor_for, make_actor, make_user, sign_in
from tests.factories.directory import make_authority, make_organisation
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.files import make_upload

pytestmark = pytest.mark.django_db
SECRET = "外区虚构秘密有限公司"


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def url(name: str, *args: object) -> str:
    return reverse(f"dynamic_mgmt:{name}", args=args)


def as_role(role: Role, **values: object) -> Client:
    return sign_in(Client(), make_user(role, **values))


def incident_data(**values: str) -> dict[str, str]:
    given = {
        "kind": "environment",
        "severity": "larger",
        "happened_on": "2022-05-20",
        "source": "gsxt",
        "text": "虚构：试验情况说明",
        "document_no": "虚构文书1号",
    }
    return {**given, **values}


# --- incidents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [True, False])
def test_the_button_to_withdraw_is_there_until_the_city_has_verified(verified):
    home = make_authority("甘井子区")
    unit = make_listed("虚构轴承有限公司", authority=home)
    officer = make_user(Role.DISTRICT_OFFICER, authority=home)
    incident = report_incident(actor=actor_for(officer), told=told(), unit_id=unit.pk)
    if verified:
        city = actor_for(make_user(Role.CITY_REVIEWER))
        incident = decide_incident(actor=city, incident_id=incident.pk, seen_version=1, verify=True)
    correct_incident(
        actor=actor_for(officer),
        incident_id=incident.pk,
        seen_version=incident.version,
        told=told(text="虚构：更正"),
        reason="更正",
    )
    page = sign_in(Client(), officer).get(url("incident", incident.pk)).content.decode()
    assert ("撤回上报" in page) is not verified


def test_a_district_reports_with_a_document_and_the_city_verifies(mailoutbox):
    home = make_authority("甘井子区")
    unit = make_listed("虚构轴承有限公司", authority=home)
    officer, reviewer = make_user(Role.DISTRICT_OFFICER, authority=home), make_user(Role.CITY_REVIEWER)
    client = sign_in(Client(), officer)
    page = client.post(
        url("unit_incident", unit.pk), incident_data() | {"document": make_upload("虚构文书.pdf")}, follow=True
    )
    incident = Incident.objects.get()
    assert page.redirect_chain[-1][0] == url("incident", incident.pk) and "已上报" in page.content.decode()
    assert incident.current.document.name == "虚构文书.pdf"
    titles = [item.title for items in items_for(actor_for(reviewer)).values() for item in items]
    assert "核实上报：虚构轴承有限公司" in titles, "the city sees it at once"
    city = sign_in(Client(), reviewer)
    proof = city.get(reverse("files:download", args=[incident.current.document_id]))
    assert b"".join(proof).startswith(b"%PDF")
    city.post(url("incident", incident.pk), {"version": "1", "verify": "1"})
    incident.refresh_from_db()
    assert (incident.state, incident.decided_by_id) == ("verified", reviewer.pk)


def test_a_refused_report_keeps_what_was_typed_and_the_file():
    home = make_authority("甘井子区")
    unit = make_listed(authority=home)
    client = as_role(Role.DISTRICT_OFFICER, authority=home)
    data = incident_data(source="other") | {"document": make_upload("虚构文书.pdf")}
    page = client.post(url("unit_incident", unit.pk), data).content.decode()
    assert "写明信息来源" in page and "虚构：试验情况说明" in page and "虚构文书.pdf" in page
    kept = page.split('name="document_id" value="')[1].split('"')[0]
    client.post(url("unit_incident", unit.pk), incident_data(source="other", source_text="虚构通报", document_id=kept))
    assert str(IncidentRevision.objects.get().document_id) == kept


def test_a_legal_person_is_reported_by_code():
    client = as_role(Role.CITY_REVIEWER)
    organisation = make_organisation()
    page = client.post(url("incident_report"), incident_data(about="123")).content.decode()
    assert Incident.objects.count() == 0 and "gp-error" in page
    client.post(url("incident_report"), incident_data(about=organisation.uscc))
    assert Incident.objects.get().organisation_id == organisation.pk


def test_a_correction_shows_beside_what_it_corrects():
    home = make_authority("甘井子区")
    user = make_user(Role.DISTRICT_OFFICER, authority=home)
    row = report_incident(actor=actor_for(user), told=told(), unit_id=make_listed(authority=home).pk)
    client = sign_in(Client(), user)
    form = client.get(url("incident_correct", row.pk)).content.decode()
    assert "虚构：试验事故" in form
    client.post(
        url("incident_correct", row.pk), incident_data(text="虚构：更正后的说明", reason="等级已认定", version="1")
    )
    page = client.get(url("incident", row.pk)).content.decode()
    assert "虚构：更正后的说明" in page and "更正前的内容" in page and "虚构：试验事故" in page and "等级已认定" in page


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.SYSTEM, Role.ANONYMOUS}])
def test_nobody_learns_of_a_foreign_incident_or_change(role):
    away = make_authority("庄河市")
    unit = make_listed(SECRET, authority=away, organisation=make_organisation(name=SECRET))
    officer = make_actor(Role.DISTRICT_OFFICER, authority=away)
    incident = report_incident(actor=officer, told=told(), unit_id=unit.pk)
    change = propose_change(actor=officer, unit_id=unit.pk, told=change_told())
    client = as_role(role)
    city = role in {Role.CITY_LEAD, Role.CITY_REVIEWER}
    for address in (
        url("incidents"),
        url("changes"),
        url("incident", incident.pk),
        url("incident_correct", incident.pk),
        url("unit_incident", unit.pk),
        url("change", change.pk),
        url("change_propose", unit.pk),
        reverse("home"),
    ):
        answer = client.get(address)
        told_it = SECRET in answer.content.decode()
        assert told_it is city or (city and address == reverse("home")), (address, answer.status_code)


# --- changes ------------------------------------------------------------------------------------------------------


def test_an_applicant_tells_of_its_own_rename_and_the_lead_confirms():
    organisation = make_organisation(name="虚构轴承有限公司")
    unit = make_listed("虚构轴承有限公司", organisation=organisation)
    client = as_role(Role.APPLICANT, organisation=organisation)
    data = {"kind": "rename", "changed_on": "2022-03-01", "new_name": "虚构新轴承有限公司", "document_no": "登记1号"}
    client.post(url("change_propose", unit.pk), data)
    change = UnitChange.objects.get()
    lead = as_role(Role.CITY_LEAD)
    assert "虚构新轴承有限公司" in lead.get(url("changes")).content.decode()
    page = lead.post(url("confirm_changes"), {"change": [str(change.pk)]}, follow=True).content.decode()
    assert "已确认1项更名" in page
    page = client.get(url("unit", unit.pk)).content.decode()
    assert "名称沿革" in page and "虚构轴承有限公司 → 虚构新轴承有限公司" in page
    assert "虚构新轴承有限公司（列入时：虚构轴承有限公司）" in client.get(url("index")).content.decode()


def test_a_major_change_goes_through_its_recheck():
    home = make_authority("甘井子区")
    unit = make_listed(authority=home)
    officer = as_role(Role.DISTRICT_OFFICER, authority=home)
    data = {"kind": "address", "changed_on": "2022-03-01", "document_no": "虚构"}
    assert "写明变更前后的情况" in officer.post(url("change_propose", unit.pk), data).content.decode()
    officer.post(url("change_propose", unit.pk), data | {"text": "虚构：迁址"})
    change = UnitChange.objects.get()
    lead = as_role(Role.CITY_LEAD)
    lead.post(url("change", change.pk), {"version": "1", "accept": "1"})
    page = lead.post(url("change", change.pk), {"version": "2", "pass": "1"}).content.decode()
    assert "填写复核情况" in page
    lead.post(url("change", change.pk), {"version": "2", "pass": "1", "reason": "虚构：现场核对符合"})
    change.refresh_from_db()
    assert (change.state, change.recheck_text) == ("confirmed", "虚构：现场核对符合")


# --- pasted lists, published documents, matches -------------------------------------------------------------------

PASTED = {
    "category": "绿色工厂",
    "level": "国家级",
    "batch": "第五批",
    "year": "2020",
    "source": "虚构文件",
    "text": "序号 工厂名称 省份\n1 虚构轴承制造\n有限公司 辽宁省\n— 1 —\n2 虚构机床有限公司 大连市\n",
}


def test_a_pasted_list_is_looked_through_and_then_stored():
    client = as_role(Role.CITY_REVIEWER)
    page = client.post(url("paste"), PASTED | {"look": "1"}).content.decode()
    assert "共读出2项" in page and "虚构轴承制造有限公司" in page and "— 1 —" in page
    assert ListedUnit.objects.count() == 0
    client.post(url("paste"), PASTED | {"confirm": "1"})
    assert {(u.name_as_listed, u.city) for u in ListedUnit.objects.all()} == {
        ("虚构轴承制造有限公司", ""),
        ("虚构机床有限公司", "大连市"),
    }


def test_a_pasted_list_with_a_gap_is_not_stored_and_stays_typed():
    client = as_role(Role.CITY_REVIEWER)
    text = "1 虚构甲机床有限公司\n3 虚构丙机床有限公司\n"
    page = client.post(url("paste"), PASTED | {"text": text, "confirm": "1"}).content.decode()
    assert "缺少第2项" in page and "虚构丙机床有限公司" in page and ListedUnit.objects.count() == 0


def test_a_csv_file_is_taken_as_well():
    client = as_role(Role.CITY_REVIEWER)
    file = make_upload("名单.csv", "名称,省份,区市县\n虚构轴承有限公司,辽宁省,甘井子\n".encode("gb18030"))
    make_authority("甘井子区")
    client.post(url("paste"), PASTED | {"text": "", "file": file, "confirm": "1"})
    unit = ListedUnit.objects.get()
    assert (unit.name_as_listed, unit.authority.name) == ("虚构轴承有限公司", "甘井子区")


def test_published_removals_are_written_down_by_one_and_confirmed_by_another():
    units = [make_listed(f"虚构{word}轴承有限公司") for word in ("甲", "乙")]
    data = {
        "kind": "removal",
        "category": "factory",
        "level": "national",
        "on": "2022-09-01",
        "document_no": "虚构〔2022〕1号",
        "reason": "虚构：不再符合要求",
        "text": "虚构甲轴承有限公司\n虚构乙轴承有限公司\n",
    }
    client = as_role(Role.CITY_REVIEWER)
    page = client.post(url("published"), data | {"text": data["text"] + "虚构丙轴承有限公司\n", "confirm": "1"})
    assert "虚构丙轴承有限公司，名单中没有这一单位" in page.content.decode()
    assert RemovalProposal.objects.count() == 0
    client.post(url("published"), data | {"confirm": "1"})
    ids = [str(pk) for pk in RemovalProposal.objects.values_list("pk", flat=True)]
    assert len(ids) == 2
    assert client.post(url("removals"), {"proposal": ids}).status_code == 403
    as_role(Role.CITY_LEAD).post(url("removals"), {"proposal": ids})
    assert {u.removed_on for u in ListedUnit.objects.filter(pk__in=[u.pk for u in units])} == {date(2022, 9, 1)}


def test_a_doubtful_match_is_answered_on_its_page():
    make_listed("虚构重工（大连）有限公司", province="辽宁省")
    client = as_role(Role.CITY_REVIEWER)
    page = client.post(url("paste"), PASTED | {"text": "1 虚构重工股份有限公司 辽宁省", "confirm": "1"}, follow=True)
    assert "待确认的匹配" in page.content.decode() and ListedUnit.objects.count() == 1
    doubt = MatchDoubt.objects.get()
    shown = client.get(url("match", doubt.pk)).content.decode()
    assert "去掉地名、括号和公司形式后相同" in shown
    page = client.post(url("match", doubt.pk), {"choice": "other", "other": "没有的单位", "reason": "依据"})
    assert "没有找到这一名称的单位" in page.content.decode()
    client.post(url("match", doubt.pk), {"choice": str(ListedUnit.objects.get().pk), "reason": "名单原文"})
    doubt.refresh_from_db()
    assert (doubt.answer, ListedUnit.objects.count()) == ("same", 1)


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_three(count, django_assert_num_queries):
    home = make_authority("甘井子区")
    officer = make_actor(Role.DISTRICT_OFFICER, authority=home)
    for number in range(count):
        unit = make_listed(f"虚构{number}号有限公司", authority=home)
        report_incident(actor=officer, told=told(), unit_id=unit.pk)
        propose_change(actor=officer, unit_id=unit.pk, told=change_told())
    client = as_role(Role.CITY_LEAD)
    for name in ("incidents", "changes", "matches"):
        client.get(url(name))
    costs = {}

    for name in ("incidents", "changes", "matches"):
        with CaptureQueriesContext(connection) as found:
            client.get(url(name))
        costs[name] = len(found)
    assert costs == {"incidents": 5, "changes": 6, "matches": 4}, "three of them are session and person"


def test_only_the_inner_of_two_places_is_the_current_one():
    client = as_role(Role.CITY_REVIEWER)
    for name, label in (("incidents", "事故上报"), ("index", "绿色制造名录")):
        rows = client.get(url(name)).context["navigation"]
        assert [row["label"] for row in rows if row["current"]] == [label]
