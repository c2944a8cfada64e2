"""Download, fill in, upload, look, store: in a real Chromium, with script switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing
from tests.factories import accounts, filings
from tests.factories.sheetbooks import typed

pytestmark = pytest.mark.e2e


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "java_script_enabled": False}


def test_a_sheet_goes_to_excel_and_comes_back(
    live_portal: Any, browser_context: Any, page: Any, screenshot: Any, tmp_path: Path
) -> None:
    with filings.thing_scope():
        owner = accounts.make_user(Role.APPLICANT, name="张三")
        actor = accounts.actor_for(owner)
        live_portal.sign_in(browser_context, owner)
        filing = filings.make_filing(actor, answers=filings.COMPLETE)
        page.goto(f"{live_portal.url}/filings/{filing.pk}/")
        page.click("text=用Excel填写")
        screenshot(page, "filings-workbook")
        with page.expect_download() as download:
            page.click("text=下载填报表")
        content = Path(download.value.path()).read_bytes()
        path = tmp_path / "填好.xlsx"
        path.write_bytes(typed(content, {"name": "新名", "used": "三十", "output": "约100", "note": "我写的"}))
        services.save(filing_id=filing.pk, seen_version=1, changes={"note": "网页上写的"}, actor=actor)
        page.set_input_files("#id_file", path)
        page.click("button:has-text('上传并核对')")
        screenshot(page, "filings-workbook-checked")
        page.check("text=采用Excel中的“我写的”")
        with page.expect_download() as annotated:
            page.click("text=下载带批注的填报表")
        assert annotated.value.suggested_filename == "示例表（已批注）.xlsx"
        page.click("button:has-text('确认保存')")
        assert "已从Excel保存3项。另有1处需要修改，没有保存。" in page.inner_text("main")
        stored = Filing.objects.get(pk=filing.pk).answers
        assert (stored["name"], stored["used"], stored["note"]) == ("新名", "30", "我写的")
        assert stored["output"] == "100"
