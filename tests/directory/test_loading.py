"""The shipped directory."""

from datetime import date

import pytest
from django.core.management import call_command

from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Authority, Industry, Territory
from greenportal.directory.selectors import authorities, nominating_authorities
from greenportal.directory.services import edit_authority, load_directory
from greenportal.directory.services.loading import Loaded

DISTRICTS = {
    "中山区": "210202",
    "西岗区": "210203",
    "沙河口区": "210204",
    "甘井子区": "210211",
    "旅顺口区": "210212",
    "金州区": "210213",
    "普兰店区": "210214",
    "长海县": "210224",
    "瓦房店市": "210281",
    "庄河市": "210283",
}


@pytest.mark.django_db
def test_ten_districts_bear_their_codes():
    load_directory()
    found = {a.name: [t.code for t in a.territories.all()] for a in authorities(kind="district")}
    assert found == {name: [code] for name, code in DISTRICTS.items()}
    assert dict(Territory.objects.values_list("name", "code")) == DISTRICTS


@pytest.mark.django_db
def test_zones_have_codes_of_their_own_and_say_how_sure_we_are():
    load_directory()
    found = {a.code: a.confidence for a in authorities(kind="zone")}
    assert found == {"DL-JP": "high", "DL-GX": "high", "DL-CXD": "high", "DL-HYK": "medium", "DL-TPW": "medium"}


@pytest.mark.django_db
def test_high_tech_zone_spans_two_territories():
    load_directory()
    zone = Authority.objects.get(code="DL-GX")
    assert sorted(zone.territories.values_list("code", flat=True)) == ["210211", "210212"]


@pytest.mark.django_db
def test_second_load_changes_nothing():
    assert load_directory() == Loaded(territories=10, authorities=19, industries=666)
    assert load_directory() == Loaded(territories=0, authorities=0, industries=0)


@pytest.mark.django_db
def test_load_leaves_what_an_officer_edited():
    load_directory()
    zone = Authority.objects.get(code="DL-TPW")
    edit_authority(
        actor=Actor(role=Role.CITY_LEAD, name="市局负责人"),
        authority_id=zone.pk,
        seen_version=1,
        name="太平湾合作创新区",
        bureau_name="",
        kind="zone",
        territory_codes=["210281"],
        starts_on=date(2021, 3, 1),
        ends_on=None,
        note="市局核定",
    )
    assert load_directory().authorities == 0
    zone.refresh_from_db()
    assert (zone.starts_on, zone.note, zone.confidence) == (date(2021, 3, 1), "市局核定", "official")


@pytest.mark.django_db
def test_load_mends_a_shipped_row_that_nobody_edited():
    """Control for the test above: the same difference without an edit is brought back."""
    load_directory()
    Authority.objects.filter(code="DL-TPW").update(note="旧说明")
    assert load_directory().authorities == 1
    assert Authority.objects.get(code="DL-TPW").note != "旧说明"


@pytest.mark.django_db
def test_command_reports_what_it_did(capsys):
    call_command("load_directory")
    assert capsys.readouterr().out == "行政区划变更10项，主管部门变更19项，行业代码变更666项。\n"


@pytest.mark.django_db
def test_districts_are_in_order_of_sound():
    load_directory()
    assert [a.name for a in authorities(kind="district")] == [
        "长海县",
        "甘井子区",
        "金州区",
        "旅顺口区",
        "普兰店区",
        "沙河口区",
        "瓦房店市",
        "西岗区",
        "中山区",
        "庄河市",
    ]


@pytest.mark.django_db
def test_unit_is_listed_only_while_it_exists():
    load_directory()
    Authority.objects.filter(code="DL-TPW").update(starts_on=date(2020, 7, 1))
    Authority.objects.filter(code="DL-HYK").update(ends_on=date(2022, 6, 30))

    def codes(day: date) -> set[str]:
        return set(nominating_authorities(on=day).filter(kind="zone").values_list("code", flat=True))

    assert codes(date(2020, 6, 30)) == {"DL-JP", "DL-GX", "DL-CXD", "DL-HYK"}
    assert codes(date(2020, 7, 1)) == {"DL-JP", "DL-GX", "DL-CXD", "DL-HYK", "DL-TPW"}
    assert codes(date(2022, 6, 30)) == {"DL-JP", "DL-GX", "DL-CXD", "DL-HYK", "DL-TPW"}
    assert codes(date(2022, 7, 1)) == {"DL-JP", "DL-GX", "DL-CXD", "DL-TPW"}


@pytest.mark.django_db
def test_three_departments_are_asked_for_opinions():
    load_directory()
    assert {a.name for a in authorities(kind="department")} == {"生态环境部门", "应急管理部门", "市场监管部门"}


@pytest.mark.django_db
def test_shipped_classes_say_where_they_come_from():
    load_directory()
    assert not Industry.objects.filter(source="").exists()
