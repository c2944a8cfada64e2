"""Unit, district and city at a browser: a table filled, filed, judged, decided; board and trends. Pictures are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from dynamic_mgmt.models import DynamicTable
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING
from tests.factories.tables import fill, make_filed, make_stage

pytestmark = pytest.mark.e2e


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
    city = make_user(Role.CITY_REVIEWER)
    page, table = browser_context.new_page(), stage.table()
    url = f"{live_portal.url}{reverse('dynamic_mgmt:table', args=[table.pk])}"

    become(live_portal, browser_context, unit)
    page.goto(url)
    screenshot(page, "tables-unit")
    page.get_by_role("button", name="提交动态管理表").click()
    expect(page.get_by_text("已提交，收到时间")).to_be_visible()

    become(live_portal, browser_context, officer)
    page.goto(url)
    screenshot(page, "tables-district")
    expect(page.get_by_text("同比增加56.0%")).to_be_visible()
    page.get_by_role("link", name="提出动态调整意见").click()
    page.get_by_label("保留", exact=True).check()
    screenshot(page, "tables-opinion")
    page.get_by_role("button", name="提出动态调整意见").click()
    expect(page.get_by_text("已提出意见，由市局决定")).to_be_visible()

    become(live_portal, browser_context, city)
    page.goto(f"{live_portal.url}{reverse('dynamic_mgmt:tables')}")
    screenshot(page, "tables-board")
    page.goto(url)
    page.get_by_role("link", name="作出决定").click()
    page.get_by_label("保留", exact=True).check()
    page.get_by_role("button", name="作出决定").click()
    expect(page.get_by_text("已作出决定")).to_be_visible()
    for name, args in (("trends", []), ("exports", [table.period_id]), ("periods", []), ("experiences", [])):
        page.goto(f"{live_portal.url}{reverse(f'dynamic_mgmt:{name}', args=args)}")
        screenshot(page, f"tables-{name}")
    assert DynamicTable.objects.get(pk=table.pk).state == "decided"
