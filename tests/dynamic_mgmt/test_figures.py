"""Figures by year: one current value with its history, import all or nothing, peers as of a day."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamic_mgmt.models import UnitFigure
from dynamic_mgmt.selectors import figures as reading
from dynamic_mgmt.services import figures
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.tables import Row
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, Refused
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority, make_organisation
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 20)


def row(number: int = 2, **values: str) -> Row:
    defaults = {
        "name": "示例轴承有限公司",
        "category": "绿色工厂(国家级)",
        "year": "2021",
        "indicator": "年综合能源消费量",
        "value": "1,200.5",
        "source": "统计报表",
    }
    return Row(number, {**defaults, **values})


def put(unit, indicator="energy_per_value", value="0.1", year=2021, measure="tce/万元"):
    made = figures.FigureValue(unit.pk, year, indicator, measure, Decimal(value), "试验")
    return figures.record_figures(actor=Actor.system("试验"), values=[made])


def asked(**values):
    wanted = {"category": "factory", "as_of": DAY, "indicators": ["energy_per_value"], **values}
    return reading.peers(**wanted)["energy_per_value"]


# --- import ------------------------------------------------------------------------------------------------------


def test_import_stores_once_and_replaces_with_history(reviewer):
    unit = make_listed("示例轴承有限公司")
    first = figures.import_figures(actor=reviewer, rows=[row()], source="文件甲")
    again = figures.import_figures(actor=reviewer, rows=[row()], source="文件甲")
    assert (first.new, first.replaced, again.new, again.replaced, again.same) == (1, 0, 0, 0, 1)
    with clock.fixed(DURING + timedelta(hours=1)):
        changed = figures.import_figures(actor=reviewer, rows=[row(value="1300")], source="文件乙")
    assert (changed.new, changed.replaced) == (0, 1)
    kept = reading.history(reviewer, unit_id=unit.pk, indicator="energy_total", data_year=2021)
    assert [(str(f.value.normalize()), f.superseded_at is None, f.unit_of_measure) for f in kept] == [
        ("1.3E+3", True, "tce"),
        ("1200.5", False, "tce"),
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "查无此名有限公司"}, "名单中没有这一级别、类别的“查无此名有限公司”，核对名称、代码和批次。"),
        ({"category": "绿色车间"}, "类别“绿色车间”不在"),
        ({"year": "今年"}, "数据年度“今年”应为4位年份，不晚于今年。"),
        ({"year": "2023"}, "数据年度“2023”应为4位年份，不晚于今年。"),
        ({"indicator": "幸福感"}, "指标“幸福感”不在这一类别的动态管理指标中，按模板所列名称填写。"),
        ({"value": "约1200"}, "数值“约1200”不是数字，核对后填写。"),
        ({"value": "9" * 20}, "过大，核对计量单位。"),
        ({"unit": "kgce"}, "“年综合能源消费量”的计量单位应为tce，请换算后填写。"),
        ({"indicator": "单位产品综合能耗"}, "写明产品单位，如tce/台。"),
    ],
)
def test_a_row_that_is_not_understood_stops_everything_and_says_why(reviewer, values, told):
    make_listed("示例轴承有限公司")
    with pytest.raises(Invalid) as caught:
        figures.import_figures(actor=reviewer, rows=[row(), row(3, **values)], source="文件")
    assert any(told in message and message.startswith("第3行：") for message in caught.value.errors["rows"])
    assert UnitFigure.objects.count() == 0


def test_two_rows_that_contradict_each_other_are_named(reviewer):
    make_listed("示例轴承有限公司")
    found = figures.preview_figures([row(), row(3, value="7")])
    assert [p.message for p in found.problems] == ["第3行：与第2行是同一单位、年度和指标，数值不同，只保留正确的一行。"]


def test_name_of_several_units_asks_for_the_batch(reviewer):
    make_listed("示例轴承有限公司", batch="4", list_year=2019)
    make_listed("示例轴承有限公司", batch="5")
    assert "名单中有2条“示例轴承有限公司”" in figures.preview_figures([row()]).problems[0].message
    assert figures.preview_figures([row(batch="第五批")]).new == 1


def test_product_units_of_measure_are_taken_as_given_and_small_numbers_read(reviewer):
    make_listed("示例轴承有限公司")
    values = {"indicator": "单位产品综合能耗", "unit": "tce/万套", "value": "1e-05"}
    figures.import_figures(actor=reviewer, rows=[row(**values)], source="文件")
    stored = UnitFigure.objects.get()
    assert (stored.unit_of_measure, stored.value) == ("tce/万套", Decimal("0.00001"))


@pytest.mark.parametrize("role", [Role.DISTRICT_LEAD, Role.APPLICANT, Role.EVALUATOR, Role.AUDITOR])
def test_only_the_city_brings_figures_in(role):
    with pytest.raises(Refused):
        figures.import_figures(actor=Actor(role=role, user_id=None), rows=[], source="文件")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=1, max_size=4))
def test_the_last_value_is_current_and_repeating_it_writes_nothing(values):
    with transaction.atomic():
        unit = make_listed()
        written = [put(unit, value=str(value)) for value in values]
        assert UnitFigure.objects.get(unit=unit, superseded_at=None).value == values[-1]
        assert sum(written) == UnitFigure.objects.filter(unit=unit).count()
        assert put(unit, value=str(values[-1])) == 0
        transaction.set_rollback(True)


# --- the database ------------------------------------------------------------------------------------------------


def test_database_keeps_one_current_value_and_never_changes_one():
    unit = make_listed()
    put(unit)
    stored = UnitFigure.objects.get()
    with pytest.raises(IntegrityError, match="figure_one_current"), transaction.atomic():
        UnitFigure.objects.create(
            unit=unit, data_year=2021, indicator="energy_per_value", value=1, source="x", recorded_at=DURING
        )
    with pytest.raises(InternalError, match="figure_value_immutable"), transaction.atomic():
        UnitFigure.objects.update(value=2)
    with pytest.raises(InternalError, match="figure_not_deleted"), transaction.atomic():
        stored.delete()
    UnitFigure.objects.update(superseded_at=DURING + timedelta(days=1))  # control: this much may change
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        UnitFigure.objects.create(unit=unit, data_year=1900, indicator="x", value=1, source="x", recorded_at=DURING)


# --- peers -------------------------------------------------------------------------------------------------------


def test_peers_are_of_the_same_category_industry_place_level_and_listed_that_day():
    home = make_authority("瓦房店市")
    mine = make_listed(industry_code="3451", authority=home, listed_on=date(2020, 10, 1))
    put(mine, value="0.2")
    for values in (
        {"industry_code": "3452"},
        {"industry_code": "3451", "category": "park"},
        {"industry_code": "3451", "level": "provincial"},
        {"industry_code": "3451", "city": "沈阳市"},
        {"industry_code": "3451", "removed_on": DAY, "listed_on": date(2020, 10, 1)},
        {"industry_code": "3451", "listed_on": date(2022, 9, 21)},
    ):
        put(make_listed(**values), value="0.9")
    (group,) = asked(industry_code="3451", level="national")
    assert [(v.unit_id, v.value, v.data_year) for v in group.values] == [(mine.pk, Decimal("0.2"), 2021)]
    assert asked(industry_code="3451", authority_id=make_authority("庄河市").pk) == ()
    assert asked(industry_code="3451", level="national", without=[mine.pk]) == ()
    assert asked(industry_code="34", level="national")[0].count == 2
    assert asked(industry_code="3451", level="national", city="")[0].count == 2


def test_peers_take_the_newest_year_and_what_was_known_that_day():
    unit = make_listed()
    put(unit, value="3", year=2020)
    put(unit, value="2", year=2021)
    with clock.fixed(DURING + timedelta(days=5)):
        put(unit, value="1", year=2021)
    assert asked()[0].values[0].value == 2
    assert asked(as_of=DAY + timedelta(days=5))[0].values[0].value == 1
    assert asked(as_of=datetime.fromisoformat("2022-09-19T12:00:00+08:00")) == ()


def test_units_of_measure_are_never_mixed_and_statistics_say_whether_they_may_be_shown():
    for number in range(5):
        put(make_listed(), value=str(number + 1))
    put(make_listed(), value="1000", measure="kgce/万元")
    large, small = asked()
    assert (large.unit_of_measure, large.count, large.publishable) == ("tce/万元", 5, True)
    assert (small.count, small.publishable) == (1, False)
    assert (large.median, large.average) == (3, 3)
    assert (large.best("lower_is_better").value, large.best("higher_is_better").value) == (1, 5)
    assert (large.rank_of(Decimal("2.5"), "lower_is_better"), large.rank_of(Decimal("2.5"), "higher_is_better")) == (
        3,
        4,
    )


@pytest.mark.parametrize("count", [1, 3, 30])
def test_peers_and_current_figures_take_one_query_each(count, django_assert_num_queries):
    units = [make_listed() for _ in range(count)]
    for unit in units:
        put(unit)
    with django_assert_num_queries(1):
        assert asked()[0].count == count
    with django_assert_num_queries(1):
        assert len(reading.current([u.pk for u in units], years=[2020, 2021])) == count


def test_figures_are_seen_with_their_unit(lead):
    organisation = make_organisation()
    put(make_listed(organisation=organisation))
    own = Actor(role=Role.APPLICANT, user_id=None, organisation_id=organisation.pk)
    other = Actor(role=Role.APPLICANT, user_id=None, organisation_id=make_organisation().pk)
    assert [reading.visible_to(a).count() for a in (lead, own, other, Actor.anonymous())] == [1, 1, 0, 0]


# --- the page ----------------------------------------------------------------------------------------------------

HEADING = ["单位名称", "类别", "年度", "指标", "数值", "来源"]
LINE = ["示例轴承有限公司", "绿色工厂(国家级)", 2021, "年综合能源消费量", 1200.5, ""]


def test_page_is_looked_through_then_stored_under_the_name_of_the_file(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    unit = make_listed("示例轴承有限公司")
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    url = reverse("dynamic_mgmt:figures_import")
    assert url in client.get(reverse("dynamic_mgmt:trends")).content.decode()
    seen = client.post(url, {"file": workbook_upload(HEADING, LINE, name="统计.xlsx")}).content.decode()
    assert "确认导入1项" in seen
    assert "1200.5" in seen
    assert UnitFigure.objects.count() == 0
    answer = client.post(url, {"file_id": StoredFile.objects.get().pk, "confirm": "1"}, follow=True)
    assert "已导入：新增1项，更新0项。" in answer.content.decode()
    stored = UnitFigure.objects.get(unit=unit)
    assert (stored.value, stored.source) == (Decimal("1200.5"), "统计.xlsx")


def test_page_names_the_row_to_mend_and_offers_nothing_to_confirm(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    client = sign_in(Client(), make_user(Role.CITY_LEAD))
    page = client.post(reverse("dynamic_mgmt:figures_import"), {"file": workbook_upload(HEADING, LINE)})
    assert "第2行：名单中没有这一级别、类别的“示例轴承有限公司”" in page.content.decode()
    assert "确认导入" not in page.content.decode()


@pytest.mark.parametrize("role", [Role.DISTRICT_LEAD, Role.APPLICANT, Role.AUDITOR])
def test_page_is_the_citys(role, monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    client = sign_in(Client(), make_user(role))
    assert client.get(reverse("dynamic_mgmt:figures_import")).status_code == 403
