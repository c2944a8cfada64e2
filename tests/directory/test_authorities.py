"""The city lead keeps the roster of units."""

from datetime import date
from typing import Any

import pytest

from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.models import Authority
from greenportal.directory.services import edit_authority
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from tests.factories.directory import make_authority, make_territory

pytestmark = pytest.mark.django_db
LEAD = Actor(role=Role.CITY_LEAD, name="市局负责人")


def edited(authority: Authority, *, actor: Actor = LEAD, seen: int = 1, **values: Any) -> Authority:
    defaults: dict[str, Any] = {
        "name": authority.name,
        "bureau_name": "",
        "kind": authority.kind,
        "territory_codes": [],
        "starts_on": None,
        "ends_on": None,
        "note": "",
    }
    return edit_authority(actor=actor, authority_id=authority.pk, seen_version=seen, **{**defaults, **values})


def test_edit_stores_everything_and_raises_the_version():
    make_territory("210281", "瓦房店市")
    authority = make_authority("太平湾", kind="zone", confidence="medium")
    edited(
        authority,
        name="太平湾合作创新区",
        bureau_name="太平湾工信部门",
        territory_codes=["210281"],
        starts_on=date(2020, 7, 1),
        ends_on=date(2024, 1, 1),
        note="市局核定",
    )
    authority.refresh_from_db()
    assert (authority.name, authority.bureau_name, authority.note) == ("太平湾合作创新区", "太平湾工信部门", "市局核定")
    assert (authority.starts_on, authority.ends_on) == (date(2020, 7, 1), date(2024, 1, 1))
    assert (authority.confidence, authority.version) == ("official", 2)
    assert authority.sort_key == "tai ping wan he zuo chuang xin qu"
    assert list(authority.territories.values_list("code", flat=True)) == ["210281"]
    assert AuditEntry.objects.get(target=f"directory.authority:{authority.pk}").data["territories"] == ["210281"]


def test_edit_of_a_row_changed_meanwhile_is_stale_and_stores_nothing():
    authority = make_authority("太平湾", kind="zone")
    edited(authority, note="先来")
    with pytest.raises(Stale):
        edited(authority, note="后到")
    authority.refresh_from_db()
    assert authority.note == "先来"


def test_every_wrong_field_is_named():
    with pytest.raises(Invalid) as caught:
        edited(
            make_authority(),
            name=" ",
            kind="moon",
            territory_codes=["999999"],
            starts_on=date(2022, 1, 2),
            ends_on=date(2022, 1, 1),
        )
    assert caught.value.errors == {
        "name": ["填写主管部门名称。"],
        "kind": ["选择类别。"],
        "ends_on": ["撤并日期应不早于设立日期，核对两个日期。"],
        "territories": ["行政区划代码999999不在名录中，从名录中选择。"],
    }


def test_absent_row_is_not_visible():
    authority = make_authority()
    authority.pk = 0
    with pytest.raises(NotVisible):
        edited(authority)


@pytest.mark.parametrize("role", list(Role))
def test_only_the_city_lead_edits(role):
    authority = make_authority()
    if role in {Role.CITY_LEAD, Role.SYSTEM}:
        assert edited(authority, actor=Actor(role=role)).version == 2
    else:
        with pytest.raises(Refused, match="只有市局负责人"):
            edited(authority, actor=Actor(role=role))
        authority.refresh_from_db()
        assert authority.version == 1
