"""Which district manages a unit and where it stands: 先导区 manage other districts' ground; unknown names; who is still without."""

import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.selectors.lists import visible_to
from dynamic_mgmt.services import import_listed, preview_listed
from dynamic_mgmt.services.periods import due_units
from dynamic_mgmt.services.placing import place_unit
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.models import Territory
from greenportal.directory.tables import Row
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING
from tests.factories.tables import actor, make_stage

pytestmark = pytest.mark.django_db
CITY = Actor(role=Role.CITY_REVIEWER, name="市局审核员")


@pytest.fixture
def zone(db):
    """A 先导区 that stands on the ground of a district."""
    Territory.objects.get_or_create(code="210213", defaults={"name": "金州区"})
    return make_authority("试验先导区", kind="zone"), make_authority("金州区")


def told(**values):
    return Row(2, {"category": "绿色工厂(国家级)", "batch": "5", "year": "2020", "name": "虚构轴承有限公司", **values})


def bring(**values):
    return import_listed(actor=CITY, rows=[told(**values)], source="试验名单")


def place(unit, who=None, **values):
    told = {"authority_id": None, "territory_code": "", "seen_version": unit.version, **values}
    return place_unit(actor=who or actor(Role.CITY_REVIEWER), unit_id=unit.pk, **told)


def officer_of(authority):
    return actor(Role.DISTRICT_OFFICER, authority_id=authority.pk)


def test_a_unit_of_a_zone_is_the_zones_and_stands_on_the_districts_ground(zone):
    zone, district = zone
    unit = place(make_listed(), authority_id=zone.pk, territory_code="210213")
    assert (unit.authority_id, unit.territory_id) == (zone.pk, "210213")
    assert [visible_to(officer_of(a)).filter(pk=unit.pk).count() for a in (zone, district)] == [1, 0]
    assert AuditEntry.objects.get(action="dynamic_mgmt.place_unit").data["after"] == zone.pk


@pytest.mark.parametrize("ground", ["金州区", "金州", "210213"])
def test_an_imported_list_places_units_by_name_or_code_and_a_blank_never_clears(zone, ground):
    zone, _ = zone
    bring(province="辽宁省", district="试验先导区", territory=ground)
    unit = ListedUnit.objects.get()
    assert (unit.authority_id, unit.territory_id) == (zone.pk, "210213")
    bring(province="辽宁省")
    unit.refresh_from_db()
    assert (unit.authority_id, unit.territory_id) == (zone.pk, "210213")


def test_names_that_nobody_knows_are_told_and_nothing_is_stored(zone):
    row = told(province="辽宁省", district="无此区", territory="999999")
    found = preview_listed([row])
    text = " ".join(str(problem) for problem in found.problems)
    assert "区市县“无此区”不在主管部门名录中" in text and "行政区划“999999”不在区划名录中" in text
    assert not ListedUnit.objects.exists()


def test_place_refuses_unknown_places_stale_versions_and_other_roles(zone):
    zone, _ = zone
    unit = make_listed()
    department = make_authority("试验部门", kind="department")
    with pytest.raises(Invalid) as caught:
        place(unit, authority_id=department.pk, territory_code="999999")
    assert set(caught.value.errors) == {"authority", "territory"}
    place(unit, authority_id=zone.pk)
    with pytest.raises(Stale):
        place(unit, seen_version=unit.version)
    for who in (officer_of(zone), actor(Role.APPLICANT, organisation_id=1)):
        with pytest.raises(Refused):
            place(unit, who)
    with pytest.raises(NotVisible):
        place_unit(actor=CITY, unit_id=10**9, authority_id=None, territory_code="", seen_version=1)


def test_the_page_places_a_unit_and_says_when_somebody_was_faster(zone, monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    zone, _ = zone
    unit = make_listed()
    client, url = sign_in(Client(), make_user(Role.CITY_REVIEWER)), reverse("dynamic_mgmt:place", args=[unit.pk])
    typed = {"authority": str(zone.pk), "territory": "210213", "version": str(unit.version)}
    assert "已保存管理单位和所在区划" in client.post(url, typed, follow=True).content.decode()
    again = client.post(url, {**typed, "authority": ""}).content.decode()
    assert "刚被他人修改" in again and 'value="210213" selected' in again
    unit.refresh_from_db()
    assert unit.authority_id == zone.pk


def test_units_without_a_district_are_found_counted_and_due_once_placed(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    lost = make_listed("虚构无主有限公司", batch="5")
    maybe = make_listed("虚构省内有限公司", city="")
    make_listed("虚构外省有限公司", province="吉林省", city="长春市")
    make_listed("虚构已移出有限公司", removed_on="2022-01-01", removal_reason="虚构", removal_document="虚构1号")
    client = sign_in(Client(), make_user(Role.CITY_LEAD))
    page = client.get(reverse("dynamic_mgmt:index"), {"managed": "none"}).content.decode()
    shown = {name for name in ("无主", "省内", "外省", "已移出") if f"虚构{name}有限公司" in page}
    assert shown == {"无主", "省内"} and stage.unit.name_as_listed not in page
    assert "名录中有2家单位" in client.get(reverse("dynamic_mgmt:periods")).content.decode()
    assert lost.pk not in due_units(stage.period)
    place(lost, authority_id=stage.authority.pk)
    place(maybe, authority_id=stage.authority.pk)
    assert lost.pk in due_units(stage.period)
    assert "管理单位未确定</a>" not in client.get(reverse("dynamic_mgmt:periods")).content.decode()
