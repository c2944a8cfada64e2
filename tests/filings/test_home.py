from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings import worklist
from greenportal.filings.views import home
from greenportal.filings.worklist import Group, NavItem, WorkItem
from tests.factories import accounts, filings

NOON = datetime(2022, 9, 20, 4, tzinfo=UTC)


@pytest.fixture
def providers(monkeypatch):
    monkeypatch.setattr(worklist, "_providers", [])
    monkeypatch.setattr(worklist, "_navigation", [])


def text(response):
    return response.content.decode()


def test_items_are_grouped_and_sorted_by_what_is_due_first(providers):
    def items(_actor):
        return [
            WorkItem("无期限", "/a/"),
            WorkItem("后到期", "/b/", due_at=NOON + timedelta(days=2)),
            WorkItem("先到期", "/c/", due_at=NOON),
            WorkItem("旧闻", "/d/", group=Group.NEWS, at=NOON),
            WorkItem("新闻", "/e/", group=Group.NEWS, at=NOON + timedelta(days=1)),
        ]

    worklist.register(items)
    worklist.register(items)
    found = worklist.items_for(accounts.Actor.system())
    assert [item.title for item in found[Group.TODO]] == ["先到期", "后到期", "无期限"]
    assert [item.title for item in found[Group.NEWS]] == ["新闻", "旧闻"]
    assert found[Group.WAITING] == []


@pytest.mark.django_db
def test_home_greets_by_role_and_shows_what_is_due(providers, client):
    worklist.register(
        lambda _actor: [
            WorkItem("补正：示例工厂", "/x/", due_at=clock.now() - timedelta(hours=1), status="退回", colour="red")
        ]
    )
    worklist.register_navigation(lambda _actor: [NavItem("申报", "/nominations/")])
    accounts.sign_in(client, accounts.make_user(Role.DISTRICT_OFFICER, name="李四"))
    page = text(client.get(reverse("home")))
    for words in (
        "李四，您好",
        "组织本地区企业和园区申报",
        "补正：示例工厂",
        "已过期限",
        "退回",
        'href="/nominations/"',
    ):
        assert words in page


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.APPLICANT, Role.DISTRICT_LEAD, Role.CITY_LEAD, Role.AUDITOR, Role.EVALUATOR])
def test_home_without_work_says_so(providers, client, role):
    accounts.sign_in(client, accounts.make_user(role))
    page = text(client.get(reverse("home")))
    assert "目前没有需要您办理的事项" in page
    assert home.GREETINGS[role] in page


@pytest.mark.django_db
def test_home_of_nobody_is_the_sign_in_page(client):
    assert reverse("account_login") in client.get(reverse("home")).url


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "target"),
    [("/filings/1/", "/filings/1/"), ("https://example.cn/", "/"), ("//example.cn", "/"), ("", "/")],
)
def test_elder_mode_is_a_cookie_and_never_leads_away(client, wanted, target):
    answer = client.post(reverse("appearance"), {"elder": "1", "next": wanted})
    assert (answer.url, answer.cookies["portal_elder"].value) == (target, "1")
    assert 'class="elder"' in text(client.get(reverse("account_login")))
    client.post(reverse("appearance"), {"elder": "0"})
    assert 'class="elder"' not in text(client.get(reverse("account_login")))


@pytest.mark.django_db
def test_demo_clock_is_shown_only_when_it_runs(client, settings):
    assert "演示时钟" not in text(client.get(reverse("account_login")))
    settings.CLOCK_OFFSET = timedelta(days=-1)
    assert "演示时钟" in text(client.get(reverse("account_login")))


@pytest.mark.django_db
def test_footer_shows_the_fields_that_are_set(client, settings):
    settings.SITE_OWNER = {
        **settings.SITE_OWNER,
        "phone": "0411-80000000",
        "icp": "辽ICP备00000000号",
        "site_code": "2102000000",
    }
    page = text(client.get(reverse("account_login")))
    for words in ("主办单位", "0411-80000000", "辽ICP备00000000号", "网站标识码：2102000000"):
        assert words in page


def fail(error):
    request = RequestFactory().get("/", HTTP_COOKIE="portal_saved_at=14:02")
    try:
        raise error
    except type(error):
        return home.server_error(request)


def test_error_page_says_until_when_answers_are_stored():
    answer = fail(ValueError("内部"))
    assert (answer.status_code, "您填写的内容已保存至 14:02" in text(answer), "内部" in text(answer)) == (
        500,
        True,
        False,
    )


def test_lost_database_is_a_short_interruption():
    answer = fail(OperationalError("gone"))
    assert (answer.status_code, answer["Retry-After"], "系统正在恢复" in text(answer)) == (503, "30", True)


def test_forged_saved_cookie_is_not_shown():
    request = RequestFactory().get("/", HTTP_COOKIE="portal_saved_at=<b>xx")
    assert "&lt;b&gt;" not in text(home.server_error(request))
    assert "<b>" not in text(home.server_error(request))


@pytest.mark.django_db
def test_domain_refusal_becomes_a_page_and_a_missing_page_too(client):
    accounts.sign_in(client, accounts.make_user(Role.APPLICANT))
    with filings.thing_scope():
        answer = client.get(reverse("filings:sheet", args=[1]))
    assert (answer.status_code, "没有找到这个页面" in text(answer)) == (404, True)
    missing = client.get("/nothing-here/")
    assert (missing.status_code, "没有找到这个页面" in text(missing)) == (404, True)
