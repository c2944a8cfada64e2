"""The register's life in a browser: a district reports and proposes, the city verifies, decides, brings in a list.

A real Chromium. Pictures of every step are kept in .local/screenshots.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from dynamic_mgmt.models import Incident, ListedUnit
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority, make_organisation
from tests.factories.dynamic_mgmt import make_listed

pytestmark = pytest.mark.e2e
UNIT = "大连虚构澜沧机床有限公司"
RENAMED = "大连虚构澜沧智能机床有限公司"
LIST = f"附件1\n序号 工厂名称 省份\n1 大连虚构砚山电机\n有限公司 大连市\n— 1 —\n2 {UNIT.replace('有限', '股份有限')} 大连市\n"


@pytest.fixture
def people(live_portal: Any) -> dict[str, Any]:
    home = make_authority("甘井子区")
    organisation = make_organisation(name=UNIT)
    make_listed(UNIT, authority=home, organisation=organisation)
    return {
        "officer": make_user(Role.DISTRICT_OFFICER, authority=home),
        "reviewer": make_user(Role.CITY_REVIEWER),
        "lead": make_user(Role.CITY_LEAD),
    }


def arrive(live_portal: Any, context: BrowserContext, user: User) -> None:
    """Sign in with the second factor proven, as the factories do it."""
    client = sign_in(Client(), user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_portal.url}])


def test_a_unit_lives_on_the_register(
    live_portal: Any, browser_context: Any, page: Page, screenshot: Any, people: dict[str, Any]
) -> None:
    base = live_portal.url
    arrive(live_portal, browser_context, people["officer"])
    page.goto(f"{base}/")
    page.get_by_role("link", name="绿色制造名录").first.click()
    page.get_by_role("link", name=UNIT).click()
    screenshot(page, "register-1-unit")
    page.get_by_role("link", name="上报事故和违法情况").click()
    page.get_by_label("类别").select_option(label="环境污染")
    page.get_by_label("等级").select_option(label="一般")
    page.get_by_label("发生或认定日期").fill("2022-05-20")
    page.get_by_label("信息来源").select_option(label="国家企业信用信息公示系统")
    page.get_by_label("情况说明").fill("虚构：试验用的环境行政处罚，已整改。")
    screenshot(page, "register-2-report")
    page.get_by_role("button", name="上报").click()
    expect(page.locator(".gp-error-summary")).to_contain_text("填写文书名称或文号")
    page.get_by_label("文书名称或文号").fill("虚构罚字〔2022〕1号")
    page.get_by_role("button", name="上报").click()
    expect(page.locator("body")).to_contain_text("待市局核实")
    screenshot(page, "register-3-reported")
    page.get_by_role("link", name="查看名录中的单位").click()
    page.get_by_role("link", name="提出更名或重大变更").click()
    page.get_by_label("变更类别").select_option(label="更名")
    page.get_by_label("变更日期").fill("2022-06-01")
    page.get_by_label("变更后名称").fill(RENAMED)
    page.get_by_label("证明文件名称或文号").fill("虚构登记通知书")
    screenshot(page, "register-4-change")
    page.get_by_role("button", name="提出").click()
    expect(page.locator("body")).to_contain_text("待市局决定")

    arrive(live_portal, browser_context, people["reviewer"])
    page.goto(f"{base}/")
    screenshot(page, "register-5-city-home")
    page.get_by_role("link", name=f"核实上报：{UNIT}").click()
    page.get_by_role("button", name="核实属实").click()
    expect(page.locator("body")).to_contain_text("已核实")
    screenshot(page, "register-6-verified")
    page.get_by_role("link", name="绿色制造名录").first.click()
    page.get_by_role("link", name="粘贴名单文字").click()
    page.get_by_label("类别").select_option(label="绿色工厂")
    page.get_by_label("级别").select_option(label="国家级")
    page.get_by_label("批次").fill("5")
    page.get_by_label("名单年度").fill("2020")
    page.get_by_label("公布文件的名称和文号").fill("虚构名单")
    page.get_by_label("名单文字").fill(LIST)
    page.get_by_role("button", name="核对").click()
    expect(page.locator("body")).to_contain_text("共读出2项")
    screenshot(page, "register-7-paste")
    page.get_by_role("button", name="确认导入2项").click()
    expect(page.locator("body")).to_contain_text("待确认的匹配")
    screenshot(page, "register-8-matches")
    page.get_by_role("link", name=UNIT.replace("有限", "股份有限")).click()
    page.get_by_label("去掉地名、括号和公司形式后相同").check()
    page.get_by_label("依据").fill("名单原文与营业执照一致")
    screenshot(page, "register-9-match")
    page.get_by_role("button", name="确认").click()
    expect(page.locator("body")).to_contain_text("没有待确认的匹配")

    arrive(live_portal, browser_context, people["lead"])
    page.goto(f"{base}/")
    page.get_by_role("link", name=f"更名：{UNIT}").click()
    screenshot(page, "register-10-decide")
    page.get_by_role("button", name="确认更名").click()
    page.get_by_role("link", name="查看名录中的单位").click()
    expect(page.locator("h1")).to_have_text(RENAMED)
    screenshot(page, "register-11-renamed")
    unit = ListedUnit.objects.get(name_as_listed=UNIT)
    assert (unit.current_name, unit.batch, unit.list_year) == (RENAMED, "5", 2020)
    assert ListedUnit.objects.count() == 2 and Incident.objects.get().state == "verified"
