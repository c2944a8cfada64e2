"""名录统计 says what the export holds, row for row; both show a reader its own; every source of a unit is kept."""

from collections import Counter
from datetime import date
from io import BytesIO

import pytest
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from dynamic_mgmt.constants import NOT_FINAL
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.selectors.counts import counts, register_rows
from dynamic_mgmt.selectors.lists import Filters, totals
from dynamic_mgmt.services import import_listed
from dynamic_mgmt.services.register_export import export_register
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.tables import Row
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.tables import actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of an exported workbook by heading."""
    head, *rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def furnish() -> None:
    """A register with every case: levels, categories, years, a rename, a removal, a row of 公示 stage, no year."""
    home = make_authority("瓦房店市")
    make_listed("虚构甲有限公司", authority=home)
    make_listed("虚构乙有限公司", renamed_to="虚构新乙有限公司", renamed_key="虚构新乙有限公司")
    make_listed("虚构丙有限公司", removed_on=date(2022, 3, 1), removal_reason="虚构", removal_document="虚构1号")
    make_listed("虚构丁有限公司", list_year=2021, batch="6")
    make_listed("虚构戊有限公司", category="park", level="provincial", list_year=None, batch="省9")
    make_listed("虚构己有限公司", matchable=False, unmatched_reason=NOT_FINAL)


def test_the_page_equals_its_export_and_the_totals():
    furnish()
    city = actor(Role.CITY_REVIEWER)
    exported = rows_of(export_register(actor=city, filters=Filters()))
    assert len(exported) == ListedUnit.objects.count() == 6
    by_list = Counter((r["级别"], r["类别"], r["名单年度"]) for r in exported if r["状态"] == "在名单")
    gone = Counter((r["级别"], r["类别"], r["名单年度"]) for r in exported if r["状态"] == "已移出")
    shown = {(r.level, r.category, r.year): (r.standing, r.removed) for r in counts(city)}
    assert shown == {key: (by_list[key], gone[key]) for key in {*by_list, *gone}}
    assert shown == {
        ("国家级", "绿色工厂", "2021"): (1, 0),
        ("国家级", "绿色工厂", "2020"): (2, 1),
        ("省级", "绿色工业园区", "未公布"): (1, 0),
    }
    for level in ListedUnit.Level:
        standing = sum(r.standing for r in counts(city) if r.level == level.label)
        assert standing == sum(totals(level=level.value).values())
    assert AuditEntry.objects.get(action="dynamic_mgmt.export_register").data["rows"] == 6


def test_pages_of_the_city_and_of_a_district_show_what_each_may_see():
    furnish()
    home = make_authority("瓦房店市")
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    page = city.get(reverse("dynamic_mgmt:counts")).content.decode()
    assert "绿色工业园区" in page and "2021" in page
    assert reverse("dynamic_mgmt:register_export") in page
    filtered = city.get(reverse("dynamic_mgmt:register_export"), {"category": "park"})
    assert [row["列入时名称"] for row in rows_of(filtered.content)] == ["虚构戊有限公司"]
    district = sign_in(Client(), make_user(Role.DISTRICT_OFFICER, authority=home))
    own = rows_of(district.get(reverse("dynamic_mgmt:register_export")).content)
    assert [row["列入时名称"] for row in own] == ["虚构甲有限公司"]
    assert "绿色工业园区" not in district.get(reverse("dynamic_mgmt:counts")).content.decode()
    unit = sign_in(Client(), make_user(Role.APPLICANT))
    for name in ("counts", "register_export"):
        assert unit.get(reverse(f"dynamic_mgmt:{name}")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_counts_and_export_take_the_same_queries_for_any_number(count, django_assert_num_queries):
    for number in range(count):
        make_listed(f"虚构{number}号有限公司", list_year=2017 + number)
    city = actor(Role.CITY_LEAD)
    with django_assert_num_queries(1):
        assert len(counts(city)) == count
    with django_assert_num_queries(1):
        assert len(list(register_rows(city, Filters()))) == count


# --- sources -----------------------------------------------------------------------------------------------------


def bring(who: Actor, source: str, own: str = "") -> None:
    values = {"category": "绿色工厂(国家级)", "batch": "5", "year": "2020", "name": "虚构甲有限公司", "source": own}
    import_listed(actor=who, rows=[Row(2, values)], source=source)


def test_every_source_of_a_unit_is_kept_once_and_stands_on_its_page():
    city = actor(Role.CITY_REVIEWER)
    bring(city, "虚构公告甲")
    bring(city, "虚构公告甲")
    unit = ListedUnit.objects.get()
    assert (unit.source, unit.sources.count()) == ("虚构公告甲", 0)
    for _ in range(2):
        bring(city, "虚构公告乙")
        bring(city, "整理的名单", own="虚构网站丙")
    unit.refresh_from_db()
    assert unit.source == "虚构公告甲", "the first source stays"
    assert list(unit.sources.values_list("text", flat=True)) == ["虚构公告乙", "虚构网站丙"]
    page = sign_in(Client(), make_user(Role.CITY_REVIEWER)).get(reverse("dynamic_mgmt:unit", args=[unit.pk]))
    assert all(text in page.content.decode() for text in ("虚构公告甲", "虚构公告乙", "虚构网站丙"))
    with pytest.raises(InternalError), transaction.atomic():
        unit.sources.all().delete()
