"""Unit, district and city at a browser: a table filled, filed, judged, decided; board and trends. Pictures are kept."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from dynamic_mgmt.constants import JOB_ARCHIVE
from dynamic_mgmt.models import DynamicTable, ListedUnit
from dynamic_mgmt.services import filing, judging
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from tests.factories.accounts import make_user, sign_in
from tests.factories.files import make_upload
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import DURING
from tests.factories.tables import ANSWERS, fill, make_filed, make_stage

pytestmark = pytest.mark.e2e
RENAMED = "大连虚构更名后轴承有限公司"


@pytest.fixture(autouse=True)
def during_the_round(settings: Any) -> None:
    """The live portal runs in the round's time."""
    settings.CLOCK_OFFSET = DURING - datetime.now(UTC)


def become(portal: Any, context: Any, user: User) -> None:
    context.clear_cookies()
    client = Client()
    sign_in(client, user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal.url}])


def test_a_table_goes_from_unit_to_city(
    live_portal: Any, browser_context: Any, screenshot: Any, transactional_db: Any
) -> None:
    with clock.fixed(DURING):
        stage = make_stage()
        other = make_stage("庄河市", period=stage.period)
        make_filed(
            other, energy_total_y1="3000", energy_total_y2="2900", output_value_y1="50000", water_total_y1="80000"
        )
        fill(stage.unit_actor, stage.table(), energy_total_y1="2000", energy_total_y2="1900")
    unit = make_user(Role.APPLICANT, organisation=stage.organisation)
    officer = make_user(Role.DISTRICT_OFFICER, authority=stage.authority)
    city = make_user(Role.CITY_LEAD)
    page, table = browser_context.new_page(), stage.table()
    url = f"{live_portal.url}{reverse('dynamic_mgmt:table', args=[table.pk])}"

    become(live_portal, browser_context, unit)
    page.goto(url)
    page.get_by_role("link", name="上传佐证材料").click()
    page.get_by_label("用于哪些数据").select_option(label="能源")
    proof = {"name": "虚构报表.pdf", "mimeType": "application/pdf", "buffer": make_upload("虚构报表.pdf").read()}
    page.get_by_label("佐证材料（PDF或图片）").set_input_files(proof)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("已上传：虚构报表.pdf。")).to_be_visible()
    screenshot(page, "tables-evidence")
    page.goto(url)
    screenshot(page, "tables-unit")
    page.get_by_role("button", name="提交动态管理表").click()
    expect(page.get_by_text("已提交，收到时间")).to_be_visible()

    become(live_portal, browser_context, officer)
    page.goto(url)
    screenshot(page, "tables-district")
    expect(page.get_by_text("同比增加56.0%（2000→3120）。", exact=False).last).to_be_visible()
    page.get_by_role("link", name="提出动态调整意见").click()
    page.get_by_label("变更名称", exact=True).check()
    page.get_by_label("理由").fill("虚构：单位已更名，主体未变")
    page.get_by_label("变更后的名称").fill(RENAMED)
    page.get_by_label("更名或变更日期").fill("2022-06-01")
    page.get_by_label("证明文件名称或文号").fill("虚构登记通知书")
    screenshot(page, "tables-opinion")
    page.get_by_role("button", name="提出动态调整意见").click()
    expect(page.get_by_text("已提出意见，由市局决定")).to_be_visible()

    become(live_portal, browser_context, city)
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:tables')}")
    screenshot(page, "tables-board")
    page.goto(url)
    page.get_by_role("link", name="作出决定").click()
    page.get_by_label("变更名称", exact=True).check()
    page.get_by_role("button", name="作出决定").click()
    expect(page.get_by_text("已作出决定")).to_be_visible()
    expect(page.locator("h1")).to_contain_text(RENAMED)
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:unit', args=[table.unit_id])}")
    screenshot(page, "tables-register-unit")
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:counts')}")
    screenshot(page, "tables-counts")
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:exports', args=[table.period_id])}")
    page.get_by_role("row", name="绿色工厂").get_by_role("button", name="导出Excel").click()
    expect(page.get_by_text("已导出1张动态管理表")).to_be_visible()
    page.get_by_label("文号或平台回执").fill("虚构平台回执1号")
    page.get_by_label("上报日期").fill("2022-09-20")
    screenshot(page, "tables-export")
    page.get_by_role("row", name="绿色工厂").get_by_role("button", name="生成").click()
    expect(page.locator("h1")).to_contain_text("正在处理")
    screenshot(page, "tables-archive-progress")
    with clock.fixed(DURING):
        assert run_due_jobs(JOB_ARCHIVE) == ["done"]
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:exports', args=[table.period_id])}")
    with page.expect_download() as download:
        page.get_by_role("link", name="动态管理表存档_").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.namelist()) == 2 and any(RENAMED in name for name in archive.namelist())
    for name, args in (("trends", []), ("exports", [table.period_id]), ("periods", []), ("experiences", [])):
        page.goto(f"{live_portal.url}{reverse(f'dynamic_mgmt:{name}', args=args)}")
        screenshot(page, f"tables-{name}")
    table = DynamicTable.objects.select_related("unit").get(pk=table.pk)
    assert (table.state, table.decision, table.unit.current_name, table.unit.batch) == (
        "decided",
        "renamed",
        RENAMED,
        "5",
    )


def test_a_unit_without_account_begins_and_fills_a_section_through_its_dated_link(
    live_portal: Any, browser_context: Any, screenshot: Any, transactional_db: Any
) -> None:
    with clock.fixed(DURING):
        stage = make_stage()
        _, token = filing.issue_table_link(actor=stage.officer, table_id=stage.table().pk)
    page = browser_context.new_page()
    front = f"{live_portal.url}{reverse('dynamic_mgmt:table_link', args=[token])}"
    page.goto(front)
    assert stage.table().state == "due", "looking begins nothing"
    page.get_by_role("button", name="开始填报").click()
    expect(page.get_by_role("button", name="提交动态管理表")).to_be_visible()
    page.locator('a[href$="/figures_y0/"]').click()
    page.locator('[name="energy_total_y0"]').fill("三千吨")
    page.get_by_role("button", name="保存并返回").click()
    expect(page.locator('[name="energy_total_y0"]')).to_have_value("三千吨")
    typed = {key: value for key, value in ANSWERS.items() if page.locator(f'input[type="text"][name="{key}"]').count()}
    assert len(typed) > 3
    for key, value in typed.items():
        page.locator(f'[name="{key}"]').fill(value)
    screenshot(page, "tables-link-section")
    page.get_by_role("button", name="保存并返回").click()
    expect(page.get_by_role("button", name="提交动态管理表")).to_be_visible()
    assert page.url == front
    table = DynamicTable.objects.select_related("filing").get(pk=stage.table().pk)
    assert table.state == "draft" and table.filing is not None
    assert {key: table.filing.answers.get(key) for key in typed} == typed


def test_a_removal_takes_two_leads_and_the_district_hears_of_it_when_it_is_decided(
    live_portal: Any, browser_context: Any, screenshot: Any, transactional_db: Any
) -> None:
    with clock.fixed(DURING):
        stage = make_stage()
        table = make_filed(stage)
        told = {"opinion": "remove", "reason": "虚构：指标不符合要求"}
        judging.give_opinion(actor=stage.officer, table_id=table.pk, seen_version=table.version, **told)
    first, second = make_user(Role.CITY_LEAD), make_user(Role.CITY_LEAD)
    officer = make_user(Role.DISTRICT_OFFICER, authority=stage.authority)
    page, url = browser_context.new_page(), f"{live_portal.url}{reverse('dynamic_mgmt:table', args=[table.pk])}"

    become(live_portal, browser_context, first)
    page.goto(url)
    page.get_by_role("link", name="提出移出名单").click()
    page.get_by_label("移出日期").fill("2022-09-20")
    page.get_by_label("移出原因").fill("虚构：指标不符合要求")
    page.get_by_label("移出文号").fill("虚构文号9号")
    page.get_by_role("button", name="提出移出名单").click()
    expect(page.get_by_text("由市局另一名负责人复核后生效")).to_be_visible()

    become(live_portal, browser_context, officer)
    page.goto(url)
    expect(page.get_by_text("区县已提意见").first).to_be_visible()
    assert "虚构文号9号" not in page.content() and "移出待复核" not in page.content()

    become(live_portal, browser_context, second)
    page.goto(url)
    screenshot(page, "tables-removal-second-lead")
    page.get_by_role("button", name="同意移出").click()
    expect(page.get_by_text("该单位移出名单")).to_be_visible()

    become(live_portal, browser_context, officer)
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:unit', args=[stage.unit.pk])}")
    expect(page.get_by_text("2022-09-20移出")).to_be_visible()
    unit = ListedUnit.objects.get(pk=stage.unit.pk)
    assert (stage.table().decision, unit.removal_document) == ("remove", "虚构文号9号")
