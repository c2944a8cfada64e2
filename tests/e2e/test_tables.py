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
from dynamic_mgmt.models import DynamicTable
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from tests.factories.accounts import make_user, sign_in
from tests.factories.files import make_upload
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import DURING
from tests.factories.tables import fill, make_filed, make_stage

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
    expect(page.get_by_text("同比增加56.0%")).to_be_visible()
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
    expect(page.get_by_text("已导出2张动态管理表")).to_be_visible()
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
