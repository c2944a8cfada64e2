"""Both reports by Excel, in a browser: template, filled cells, preview, stored; finished by the evaluator; one PDF.

A real Chromium. Pictures of every step and of the PDF's pages are kept in .local/screenshots.
By services only: what comes before the reports and after them (basic sheets, documents, hand-in, check, 定稿), which
test_journey.py does by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.files.services import open_path
from greenportal.filings.selectors import sheet_of
from nominations.constants import JOB_PACKET
from nominations.models import Nomination, Packet
from nominations.selectors.reports import report_states
from nominations.services import checking, handing_in
from tests.conftest import SCREENSHOTS
from tests.e2e.desk import Desk, type_section
from tests.factories.accounts import make_user
from tests.factories.jobs import run_due_jobs
from tests.factories.nominations import (
    District,
    applicant_of,
    confirm,
    finalise,
    good_evaluator,
    make_complete,
    make_district,
    the_list,
)
from tests.factories.reports import report_answers
from tests.factories.sheetbooks import typed

pytestmark = pytest.mark.e2e

#: What the applicant types, as people type it, and what is stored. One cell is no number.
SELF = {
    "product_unit": "套",
    "output": "１３５６０",
    "energy_total": "4,321.5",
    "carbon_total": "9876",
    "self_score": "91.5",
    "next_steps": "演示：扩大屋顶光伏规模。",
}
SELF_STORED = {**SELF, "output": "13560", "energy_total": "4321.5"}
THIRD = {
    "main_products": "演示冷冻机组",
    "third_party_score": "88.25",
    "author": "乙样本",
    "highlights": "演示：余热回收成效明显。",
}
#: Milliseconds that a press may wait for the whole volume to be drawn, on a machine that others use as well.
VOLUME = 120_000

OWN = re.compile("用Excel填写.*绿色工厂自评价报告")


def by_excel(
    desk: Desk, values: Mapping[str, Any], path: Path, name: str, *, link: str | re.Pattern[str] = "用Excel填写"
) -> None:
    """From a page that leads to the sheet's Excel: download the filled template, type into cells, upload; ends on the preview."""
    desk.page.get_by_role("link", name=link).first.click()
    desk.look(f"{name}-1-workbook")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="下载填报表").click()
    path.write_bytes(typed(Path(download.value.path()).read_bytes(), values))
    desk.page.set_input_files("#id_file", path)
    desk.press("上传并核对")
    desk.says("将要变更的内容")
    desk.look(f"{name}-2-preview")


def stored(nomination: Nomination, mark: str) -> dict[str, Any]:
    """The answers of one of its reports as they are now."""
    return dict(nomination.sheets.get(sheet_key__endswith=mark).filing.answers)


def keep_pages(document: pypdfium2.PdfDocument, texts: list[str], words: Mapping[str, str]) -> None:
    """Keep a picture of the first page that holds each text."""
    for name, text in words.items():
        number = next(n for n, page in enumerate(texts) if text in page)
        document[number].render(scale=1.3).to_pil().save(SCREENSHOTS / f"journey-reports-pdf-{name}.png")


def test_both_reports_go_through_excel_into_one_pdf(
    october: None, live_portal: Any, browser_context: Any, screenshot: Any, tmp_path: Path
) -> None:
    desk = Desk(live_portal, browser_context, screenshot)
    district = make_district("瓦房店市")
    evaluator = good_evaluator(district.round)
    nomination = make_complete(district, evaluator=evaluator)
    applicant = make_user(Role.APPLICANT, organisation=nomination.applicant)
    assessor = make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)

    # The applicant: one cell is no number, it is told and the others are stored.
    desk.become(applicant)
    desk.go("detail", nomination.pk)
    by_excel(desk, {**SELF, "waste_gas": "约百万"}, tmp_path / "自评价.xlsx", "reports-self", link=OWN)
    desk.says("需要修改的单元格（1处）")
    assert stored(nomination, "_self") == {}
    desk.page.get_by_role("button", name=re.compile("^确认保存")).click()
    desk.says(f"已从Excel保存{len(SELF)}项。另有1处需要修改，没有保存。")
    assert stored(nomination, "_self") == SELF_STORED

    # The evaluator it named: its own report the same way, then stated finished.
    desk.become(assessor)
    desk.go("named")
    desk.page.get_by_role("link", name=re.compile("^填写中")).click()
    desk.page.get_by_role("link", name="填写报告").click()
    by_excel(desk, THIRD, tmp_path / "第三方评价.xlsx", "reports-third")
    desk.page.get_by_role("button", name=re.compile("^确认保存")).click()
    desk.says(f"已从Excel保存{len(THIRD)}项。")
    assert "另有" not in desk.page.inner_text("main")
    desk.go("report", nomination.pk)
    assert desk.page.input_value("#id_author") == "乙样本"
    desk.page.fill("#id_report_on", "2022-09-20")
    desk.press("确认完成")
    desk.says("评价机构已完成")
    desk.look("reports-third-3-finished")
    assert report_states([nomination.pk])[nomination.pk].finished
    assert THIRD.items() <= stored(nomination, "_third").items()

    # The applicant's PDF: figures of both, what follows from them, bookmarks, the mark of rebuilt forms.
    desk.become(applicant)
    desk.go("detail", nomination.pk)
    with desk.page.expect_download(timeout=VOLUME) as download:
        link = desk.page.locator(f"a[href='{reverse('nominations:own_pages', args=[nomination.pk])}']").first
        link.click(timeout=VOLUME)
    document = pypdfium2.PdfDocument(Path(download.value.path()))
    texts = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    places = {bookmark.get_title(): bookmark.get_dest().get_index() for bookmark in document.get_toc()}
    keep_pages(document, texts, {"self": "0.728319", "third": "88.25"})
    document.close()
    whole = "".join(texts)
    for value in (*SELF_STORED.values(), *THIRD.values()):
        assert value in whole, value
    # 9876 tCO2e / 13560 套 = 0.7283185…, printed with six decimals.
    assert "0.728319" in whole
    assert list(places)[:2] == ["封面", "目录"]
    # Each report's first page is no original form, and says so.
    for title in ("绿色工厂自评价报告", "绿色工厂第三方评价报告"):
        assert "非官方样式" in texts[places[title]], (title, places, texts[places[title]])
    assert desk.violations == {}
    merged_in_the_packet(district, nomination)


def merged_in_the_packet(district: District, nomination: Nomination) -> None:
    """Hand in, check, 定稿: the merged PDF in the ZIP bears what came through Excel, and the uploads behind it."""
    nomination.refresh_from_db()
    actor = applicant_of(nomination)
    nomination = confirm(nomination, actor=actor)
    handed = handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version).nomination
    checking.check(actor=district.officer, nomination_id=handed.pk, seen_version=handed.version)
    finalise(district)
    assert run_due_jobs(JOB_PACKET) == ["done"]
    file = Packet.objects.get(list_version__list=the_list(district)).file
    assert file is not None
    with open_path(file) as path, ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".pdf") and nomination.subject.name in n)
        document = pypdfium2.PdfDocument(archive.read(name))
    texts = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    places = {bookmark.get_title(): bookmark.get_dest().get_index() for bookmark in document.get_toc()}
    keep_pages(document, texts, {"merged-self": "0.728319", "merged-third": "88.25"})
    document.close()
    assert list(places)[:3] == ["申报材料", "封面", "目录"]
    assert len(places) >= 2 + nomination.documents.count()
    assert max(places.values()) > places["绿色工厂第三方评价报告"], "uploads are bound behind the forms"
    assert "草稿" not in texts[0]


@dataclass(frozen=True)
class Case:
    """One category: sections typed on pages, scalars typed in Excel (self, third), what the page of scores says."""

    sections: tuple[str, ...]
    own: Mapping[str, str]
    third: Mapping[str, str]
    third_sections: tuple[str, ...]
    says: tuple[str, ...]


_GROUPS = ("eg", "rg", "ig", "cg", "hg", "mg")
CASES = {
    "product": Case(("requirements",), {"next_steps": "演示：开展产品碳足迹核算。"}, {}, (), ("指标要求符合性", "不大于18")),
    "park": Case(
        _GROUPS,
        {"self_index_3": "106.09", "next_steps": "演示：扩大集中供热。"},
        {"third_index_3": "105.5", "author": "乙样本"},
        ("eg",),
        ("自评价与第三方评价对照", "106.09", "105.5", "另一种读法（各项比值简单平均）", "六组平均（各组等权），规则书的初始设定"),
    ),
    "supply_chain": Case(
        ("ratios", "indicators"),
        {"self_score": "90", "next_steps": "演示：推动供应商开展绿色评价。"},
        {"third_party_score": "90", "author": "乙样本"},
        ("indicators",),
        ("自评价与第三方评价对照", "产品回收率", "报告所载为90，按公式得"),
    ),
}  # fmt: skip


def type_report(desk: Desk, nomination: Nomination, mark: str, sections: Sequence[str]) -> None:
    """Type sections of a report on their pages, with the demonstration's figures for its category."""
    filing = nomination.sheets.get(sheet_key__endswith=mark).filing
    sheet = sheet_of(filing)
    answers = report_answers(sheet, nomination.category)
    for section in sheet.sections:
        if section.key in sections:
            assert type_section(desk, filing.pk, section, answers) > 0, section.key


@pytest.mark.parametrize("category", CASES)
def test_reports_of_the_other_categories_from_page_and_excel_to_scores_side_by_side(
    category: str, october: None, live_portal: Any, browser_context: Any, screenshot: Any, tmp_path: Path
) -> None:
    case = CASES[category]
    desk = Desk(live_portal, browser_context, screenshot)
    district = make_district("瓦房店市")
    evaluator = good_evaluator(district.round)
    nomination = make_complete(district, category, evaluator=evaluator)

    desk.become(make_user(Role.APPLICANT, organisation=nomination.applicant))
    type_report(desk, nomination, "_self", case.sections)
    desk.go("detail", nomination.pk)
    by_excel(
        desk, case.own, tmp_path / "自评价.xlsx", f"reports-{category}-self", link=re.compile("用Excel填写.*自评价报告")
    )
    desk.page.get_by_role("button", name=re.compile("^确认保存")).click()
    desk.says(f"已从Excel保存{len(case.own)}项。")
    if case.third:
        desk.become(make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation))
        type_report(desk, nomination, "_third", case.third_sections)
        desk.go("report", nomination.pk)
        desk.page.get_by_role("link", name="填写报告").click()
        by_excel(desk, case.third, tmp_path / "第三方评价.xlsx", f"reports-{category}-third")
        desk.page.get_by_role("button", name=re.compile("^确认保存")).click()
        desk.says(f"已从Excel保存{len(case.third)}项。")

    desk.become(User.objects.get(pk=district.officer.user_id))
    desk.go("scores", nomination.pk)
    desk.look(f"reports-{category}-scores")
    for text in case.says:
        desk.says(text)
    assert desk.violations == {}
