"""The page of scores: how each figure came about, both reports side by side; for a nomination and a version."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from nominations.models import NominationVersion
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.nominations.selectors.test_scores import GROUPS, put
from tests.nominations.views.browsing import browser, city_browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def factory():
    return make.make_complete(make.make_district())


def page(client: Client, nomination) -> str:
    return client.get(reverse("nominations:scores", args=[nomination.pk])).content.decode()


def test_the_page_shows_both_reports_and_marks_the_difference(factory):
    put(
        factory,
        "factory_self",
        self_score="89.15",
        groups=GROUPS,
        land_area="100",
        building_area="60",
        structure_area="4",
    )
    put(factory, "factory_third", third_party_score="88.15", verified=[{"_id": "plotratio", "value": "0.6"}])
    client = browser(make_actor(Role.APPLICANT, organisation=factory.applicant))
    text = page(client, factory)
    assert "总分（报告所载）" in text
    assert "不一致" in text
    assert "20×92÷100＋15×95÷100＋15×88÷100＋10×85÷100＋10×96÷100＋30×84÷100＝89.15" in text
    assert "（总建筑物建筑面积＋总构筑物建筑面积）÷用地面积" in text
    assert "（60＋4）÷100" in text
    evaluator = make_actor(Role.EVALUATOR, organisation=factory.evaluator.organisation)
    assert "得分和计算过程" in page(browser(evaluator), factory)


def test_the_page_says_when_points_are_not_entered(factory):
    factory.standard = "JB/T 14407-2023"
    factory.save()
    put(factory, "factory_self", self_score="90")
    text = page(browser(make_actor(Role.APPLICANT, organisation=factory.applicant)), factory)
    assert "分值未录入" in text
    assert "90（报告所载）" in text


def test_products_requirement_rows_are_compared_and_a_contradiction_is_marked():
    nomination = make.make_complete(make.make_district(), "product")
    row = {
        "_id": "r1",
        "indicator": "综合能耗",
        "direction": "most",
        "baseline": "18",
        "measured": "18.1",
        "met": "yes",
    }
    put(nomination, "product_self", requirements=[row])
    text = page(browser(make_actor(Role.APPLICANT, organisation=nomination.applicant)), nomination)
    assert "与判定不一致" in text
    put(nomination, "product_self", requirements=[{**row, "measured": "18"}])
    assert "与判定不一致" not in page(
        browser(make_actor(Role.APPLICANT, organisation=nomination.applicant)), nomination
    )


def test_the_city_reads_the_scores_of_a_version():
    ready = make.ready_list(stage="submitted")
    version = NominationVersion.objects.filter(nomination=ready.nominations[0]).first()
    client = city_browser()
    answer = client.get(reverse("nominations:version_scores", args=[version.pk]))
    assert answer.status_code == 200
    assert "绿色工厂评价指标表" in answer.content.decode()
