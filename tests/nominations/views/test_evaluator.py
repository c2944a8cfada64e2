"""The evaluator's pages: its list with the state of each report, the report's page, and what others see of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from nominations.selectors.reports import report_states
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.nominations.services.test_reporting import evaluator_of, finish, third
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def nomination():
    return make.make_complete(make.make_district())


def page(actor, nomination):
    return browser(actor).get(reverse("nominations:report", args=[nomination.pk]))


def test_the_list_leads_to_each_report_with_its_state(nomination):
    client = browser(evaluator_of(nomination))
    url = reverse("nominations:report", args=[nomination.pk])
    html = client.get(reverse("nominations:named")).content.decode()
    assert f'href="{url}">填写中' in html
    finish(nomination)
    assert f'href="{url}">评价机构已完成' in client.get(reverse("nominations:named")).content.decode()


def test_evaluator_fills_finishes_and_opens_again_without_script(nomination):
    client = browser(evaluator_of(nomination))
    url = reverse("nominations:report", args=[nomination.pk])
    html = client.get(url).content.decode()
    assert reverse("filings:sheet", args=[third(nomination).pk]) in html
    posted = {"version": str(third(nomination).version), "author": "乙样本", "report_on": "2022-09-20"}
    assert client.post(url, posted).status_code == 302
    html = client.get(url).content.decode()
    assert "编制负责人：乙样本" in html
    assert "报告日期：2022年9月20日" in html
    assert client.post(url, {"reason": "更正"}).status_code == 302
    assert not report_states([nomination.pk])[nomination.pk].finished


def test_what_is_wrong_is_said_beside_its_field_and_typed_text_stays(nomination):
    client = browser(evaluator_of(nomination))
    url = reverse("nominations:report", args=[nomination.pk])
    later = clock.today() + timedelta(days=400)
    posted = {"version": str(third(nomination).version), "author": "乙样本", "report_on": later.isoformat()}
    answer = client.post(url, posted)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "报告日期不能晚于今天。" in html
    assert 'value="乙样本"' in html


def test_applicant_and_district_read_and_cannot_post(nomination):
    finish(nomination)
    officer = make_actor(Role.DISTRICT_OFFICER, authority=nomination.authority)
    for actor in (make.applicant_of(nomination), officer):
        html = page(actor, nomination).content.decode()
        assert "评价机构已完成" in html
        assert "<textarea" not in html
        assert "这里只能查看" in html
        answer = browser(actor).post(reverse("nominations:report", args=[nomination.pk]), {"reason": "x"})
        assert answer.status_code == 403
    assert report_states([nomination.pk])[nomination.pk].finished


def test_after_hand_in_the_evaluator_is_told_why_it_cannot_write():
    nomination = make.make_handed_in(make.make_district())
    html = page(evaluator_of(nomination), nomination).content.decode()
    assert "内容已锁定" in html
    assert "确认完成</button>" not in html


def test_a_category_without_third_party_report_has_no_such_page():
    district = make.make_district()
    product = make.make_complete(district, "product")
    assert page(district.officer, product).status_code == 404


def test_the_detail_page_of_the_applicant_says_where_the_report_stands(nomination):
    actor = make.applicant_of(nomination)
    finish(nomination)
    html = browser(actor).get(reverse("nominations:detail", args=[nomination.pk])).content.decode()
    assert reverse("nominations:report", args=[nomination.pk]) in html
    assert "由评价机构填写，申报单位只能查看" in html
