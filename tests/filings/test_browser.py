"""Autosave and the look of a form in a real Chromium."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from greenportal.accounts.actors import Role
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.sheets import load
from tests.conftest import SCREENSHOTS
from tests.factories import accounts, filings

pytestmark = pytest.mark.e2e
SHEETS = Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets"


@pytest.fixture
def filing(live_portal, browser_context, page):
    with filings.thing_scope():
        owner = accounts.make_user(Role.APPLICANT, name="张三")
        live_portal.sign_in(browser_context, owner)
        yield filings.make_filing(accounts.actor_for(owner), sheet=load(SHEETS / "factory_basic.toml"))


def section(live_portal, filing, key="identity"):
    return f"{live_portal.url}/filings/{filing.pk}/{key}/"


def stored(filing):
    return Filing.objects.get(pk=filing.pk).answers


def test_typing_is_saved_and_said(live_portal, filing, page):
    page.goto(section(live_portal, filing))
    page.fill("#id_factory_name", "瓦房店示例轴承厂")
    page.wait_for_selector("[data-save-line][data-state=saved]")
    assert "已保存" in page.inner_text("[data-save-text]")
    assert stored(filing) == {"factory_name": "瓦房店示例轴承厂"}


def test_a_failed_save_keeps_the_text_and_retry_saves_it(live_portal, filing, page):
    page.goto(section(live_portal, filing))
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("#id_factory_name", "断网时填写的")
    page.wait_for_selector("[data-save-line][data-state=failed]")
    assert stored(filing) == {}
    assert page.input_value("#id_factory_name") == "断网时填写的"
    page.unroute("**/autosave/")
    page.click("[data-save-retry]")
    page.wait_for_selector("[data-save-line][data-state=saved]")
    assert stored(filing) == {"factory_name": "断网时填写的"}


def test_second_tab_is_told_and_shown_both_texts(live_portal, filing, page, browser_context):
    other = browser_context.new_page()
    for tab in (page, other):
        tab.goto(section(live_portal, filing))
    page.fill("#id_factory_name", "第一个窗口")
    page.wait_for_selector("[data-save-line][data-state=saved]")
    other.fill("#id_factory_name", "第二个窗口")
    other.wait_for_selector("[data-save-line][data-state=conflict]")
    other.click("text=保存并继续")
    other.wait_for_selector("text=选择保留哪一份")
    assert "第一个窗口" in other.inner_text("main")
    assert "第二个窗口" in other.inner_text("main")
    assert stored(filing) == {"factory_name": "第一个窗口"}


def test_errors_take_the_focus(live_portal, filing, page):
    page.goto(section(live_portal, filing))
    page.fill("#id_uscc", "123")
    page.click("text=保存并继续")
    page.wait_for_selector("[data-error-summary]")
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    assert page.title().startswith("错误：")
    page.click("[data-error-summary] a")
    assert page.evaluate("document.activeElement.id") == "id_uscc"


def test_elder_mode_has_large_text_and_targets(live_portal, filing, page):
    page.goto(section(live_portal, filing))
    page.click("text=长辈版")
    size = "getComputedStyle(document.body).fontSize"
    height = "document.querySelector('.gp-actions .btn').getBoundingClientRect().height"
    assert page.evaluate(size) == "18px"
    assert page.evaluate(height) >= 60
    page.click("text=标准版")
    assert page.evaluate(size) == "16px"
    assert 44 <= page.evaluate(height) < 60


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("elder", [False, True])
def test_pages_fit_the_width_without_scrolling_sideways(live_portal, filing, page, width, elder):
    page.set_viewport_size({"width": width, "height": 900})
    table = filings.make_filing(
        sheet=load(SHEETS / "product_basic.toml"), scope_id=2, answers={"models": [{"model": "甲"}]}
    )
    page.goto(f"{live_portal.url}/")
    if elder:
        page.click("text=长辈版")
    places = {
        "home": "/",
        "sheet": f"/filings/{filing.pk}/",
        "section": f"/filings/{filing.pk}/identity/?fix=1",
        "check": f"/filings/{filing.pk}/check/",
        "table": f"/filings/{table.pk}/product/",
        "fixed": f"/filings/{table.pk}/conformity/",
    }
    for name, path in places.items():
        page.goto(live_portal.url + path)
        page.screenshot(path=SCREENSHOTS / f"filings-{name}-{width}{'-elder' if elder else ''}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_what_the_rules_say_is_swapped_in_after_a_save(live_portal, filing, page, monkeypatch):
    def check(_actor, stored, _section):
        bad = stored.answers.get("factory_name") == "停产的厂"
        outcome = Outcome.NOT_MET if bad else Outcome.MET
        return [Finding("EX1", outcome, Severity.BLOCKER, "通知 一、第2段", "近三年停产。", "正常经营生产")]

    monkeypatch.setitem(registry._scopes, filing.scope, replace(registry.scope(filing.scope), check=check))
    page.goto(section(live_portal, filing))
    region = page.locator("[data-live][aria-live=polite]")
    assert "近三年停产" not in region.inner_text()
    page.fill("#id_factory_name", "停产的厂")
    page.wait_for_selector("[data-live] .gp-finding-blocker")
    assert "依据：通知 一、第2段" in region.inner_text()
    page.fill("#id_factory_name", "开工的厂")
    page.wait_for_selector("[data-live] .gp-finding-blocker", state="detached")
    assert "另有1项符合" in region.inner_text()
