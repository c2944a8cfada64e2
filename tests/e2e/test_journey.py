"""The main job in a browser: from a district's empty desk to a sealed packet that the city accepts.

A real Chromium, a real Celery worker, a real Redis. Pictures of every step are kept in .local/screenshots.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from PIL import ImageDraw
from playwright.sync_api import expect

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.jobs.models import Job
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import FieldType
from nominations.constants import FILE_DOCUMENT
from nominations.models import Nomination, RecommendationList, Submission
from nominations.selectors.content import contents, gaps
from nominations.services import documents, drafting, rechecking
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_industry
from tests.factories.nominations import District, decide_all, fill, good_evaluator, make_district, make_file
from tests.factories.rounds import DURING

pytestmark = [pytest.mark.e2e, pytest.mark.services]

CANDIDATES = (
    ("factory", "91210281MA0TE5T670", "瓦房店澄渊演示轴承制造有限公司", ""),
    ("product", "91210202MA0TE5T16A", "大连砺恒演示制冷设备有限公司", "砺恒牌冷冻机组（演示）"),
    ("park", "12210200MB0TE5T44H", "瓦房店演示湾园区管理委员会", "演示湾临港经济开发区"),
    ("supply_chain", "91210213MA0TE5T243", "大连沐屿演示汽车零部件集团有限公司", ""),
)


@pytest.fixture
def october(settings: Any, celery_worker_process: Any) -> Iterator[None]:
    """Let web, database session and worker live in the round's time."""
    offset = DURING - datetime.now(UTC)
    settings.CLOCK_OFFSET = offset
    celery_worker_process.stop()
    celery_worker_process.start(GREENPORTAL_CLOCK_OFFSET_SECONDS=str(int(offset.total_seconds())))
    yield


class Desk:
    """A person at a browser: opens pages, checks them with axe, keeps pictures."""

    def __init__(self, portal: Any, context: Any, screenshot: Any) -> None:
        self.portal, self.context, self.screenshot = portal, context, screenshot
        self.page = context.new_page()
        self.violations: dict[str, list[str]] = {}

    def become(self, user: User) -> None:
        self.context.clear_cookies()
        client = Client()
        sign_in(client, user)
        value = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": value, "url": self.portal.url}])

    def go(self, name: str, *args: object) -> None:
        answer = self.page.goto(f"{self.portal.url}{reverse(f'nominations:{name}', args=args)}")
        assert answer.status == 200, (name, answer.status)

    def look(self, name: str) -> None:
        self.screenshot(self.page, f"journey-{name}")
        found = Axe().run(self.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        bad = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found.response["violations"]]
        if bad:
            self.violations[name] = bad

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).first.click()

    def says(self, text: str) -> None:
        body = self.page.inner_text("main")
        assert text in body, body[:1500]


def begin(desk: Desk, category: str, uscc: str, organisation: str, subject: str) -> Nomination:
    """The officer begins one nomination on the page."""
    desk.go("create")
    desk.page.select_option("#id_category", category)
    desk.page.fill("#id_uscc", uscc)
    desk.page.fill("#id_organisation", organisation)
    desk.page.fill("#id_subject", subject)
    desk.page.fill("#id_industry", "3451")
    desk.press("建立申报")
    desk.says("申报已建立")
    return Nomination.objects.latest("pk")


def type_one_section(desk: Desk, nomination: Nomination) -> None:
    """Typing is saved by itself and is still there after a reload."""
    held = nomination.sheets.order_by("position").first()
    field = next(f for f in sheet_of(held.filing).fields() if f.type == FieldType.LONGTEXT)
    desk.page.goto(_section_with(desk, held.filing_id, field.key))
    desk.page.fill(f"[name='{field.key}']", "演示填写内容")
    expect(desk.page.locator("[data-save-text]")).to_contain_text("已保存", timeout=15_000)
    desk.look("02-autosave")
    desk.page.reload()
    assert desk.page.locator(f"[name='{field.key}']").input_value() == "演示填写内容"


def complete(district: District, nomination: Nomination, evaluator: Any) -> None:
    """The rest of the answers and documents, as an applicant's secretary would have brought them."""
    fill(nomination)
    nomination.refresh_from_db()
    if nomination.category != "product":
        nomination = drafting.choose_evaluator(
            actor=district.officer,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            evaluator_id=evaluator.pk,
        )
    nomination = drafting.set_key_energy_user(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, value=False, reason="演示"
    )
    rulebook, _ = rulebook_at(nomination.round_id)
    content = contents([nomination.pk])[nomination.pk]
    for gap in gaps(nomination, content, rulebook).hard:
        if gap.path.startswith("document:"):
            file = make_file(district.officer, kind=FILE_DOCUMENT)
            documents.attach(
                actor=district.officer,
                nomination_id=nomination.pk,
                slot=gap.path.removeprefix("document:"),
                file_id=file.pk,
                issued_on=clock.today(),
            )


def hand_in_and_check(desk: Desk, nomination: Nomination, *, looked: str = "") -> None:
    _confirm_on_page(desk, nomination)
    desk.go("hand_in", nomination.pk)
    if looked:
        desk.look(looked)
    desk.press("确认并提交")
    desk.says("已提交主管部门")
    desk.press("核对通过")
    desk.says("已核对通过")


def sealed_photo(packet: bytes, folder: Path) -> Path:
    """Print the list of the packet, stamp it in red over the code, photograph it slightly turned."""
    with ZipFile(BytesIO(packet)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".pdf") and "汇总表" in n)
        document = pypdfium2.PdfDocument(archive.read(name))
    picture = document[0].render(scale=150 / 72).to_pil().convert("RGB")
    drawn = ImageDraw.Draw(picture, "RGBA")
    width, _ = picture.size
    # The code of our pages stands at the upper right: the seal is put right over it.
    drawn.ellipse([width - 340, 10, width - 10, 340], outline=(200, 0, 0, 150), width=14)
    drawn.line([width - 300, 60, width - 30, 250], fill=(200, 0, 0, 140), width=10)
    path = folder / "盖章件.jpg"
    picture.rotate(2.5, expand=True, fillcolor="white").save(path, quality=85)
    return path


def wait_for_packet(desk: Desk, row: RecommendationList) -> bytes:
    """Watch the bar move until the packet is offered, then download it."""
    stages: set[str] = set()
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        row.refresh_from_db()
        packet = getattr(row.current, "packet", None)
        if packet and packet.job_id:
            job = Job.objects.get(pk=packet.job_id)
            stages.add(job.stage)
            assert job.state != "dead", job.error
        if packet and packet.file_id:
            break
        time.sleep(0.3)
    assert len(stages) > 2, stages
    desk.go("list", row.pk)
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="下载申报材料（ZIP）").click()
    return Path(download.value.path()).read_bytes()


def test_a_districts_nominations_go_from_the_browser_to_a_sealed_packet_in_the_citys_hands(
    october: None, live_portal: Any, browser_context: Any, screenshot: Any, tmp_path: Path
) -> None:
    desk = Desk(live_portal, browser_context, screenshot)
    district = make_district("瓦房店市")
    officer, lead = User.objects.get(pk=district.officer.user_id), User.objects.get(pk=district.lead.user_id)
    reviewer = make_user(Role.CITY_REVIEWER)
    evaluator = good_evaluator(district.round)
    make_industry()

    # The officer begins one nomination of each category and fills them in.
    desk.become(officer)
    made = [begin(desk, *candidate) for candidate in CANDIDATES]
    desk.look("01-created")
    type_one_section(desk, made[0])
    for nomination in made:
        complete(district, nomination, evaluator)
    for index, nomination in enumerate(made):
        hand_in_and_check(desk, nomination, looked="" if index else "03-check-answers")
    rechecking.recheck(nomination_ids=[n.pk for n in made])

    # Every verdict with its clause.
    desk.go("findings", made[0].pk)
    desk.says("通知 一")
    desk.look("04-findings")
    decide_all(district)
    desk.go("board")
    desk.look("05-board")

    # The list: order, 定稿, packet while the bar moves, seal.
    row = RecommendationList.objects.get(round=district.round, authority=district.authority)
    desk.go("finalise", row.pk)
    desk.page.fill("#id_contact", "李四试")
    desk.page.fill("#id_phone", "0411-85550100")
    desk.look("06-finalise")
    desk.press("确认定稿")
    desk.says("已定稿")
    desk.look("07-packet-in-progress")
    packet = wait_for_packet(desk, row)
    desk.look("08-packet-ready")
    desk.go("seal", row.pk)
    desk.page.set_input_files("#id_file", sealed_photo(packet, tmp_path))
    desk.press("上传并核对")
    desk.says("二维码核对一致")

    # The lead submits; pressing again gives the same receipt.
    desk.become(lead)
    desk.go("submit", row.pk)
    desk.look("09-submit")
    desk.press("确认并报送市局")
    number = Submission.objects.get(list=row).receipt_no
    desk.says(number)
    desk.says("+08:00")
    desk.look("10-receipt")

    # The city returns one nomination with a comment at a field, gets it back corrected, and accepts.
    target = made[0]
    desk.become(reviewer)
    desk.go("inbox")
    desk.says(number)
    desk.look("11-inbox")
    desk.go("return", target.pk)
    desk.page.fill("#id_reason", "请核对单位简介。")
    option = desk.page.locator("#id_c-0-path option").filter(has_text="简介").first.get_attribute("value")
    desk.page.select_option("#id_c-0-path", option)
    desk.page.fill("#id_c-0-text", "补充主要产品产能。")
    desk.look("12-return")
    desk.press("确认退回")
    desk.says("已退回")

    desk.become(officer)
    desk.go("detail", target.pk)
    desk.says("补充主要产品产能。")
    desk.look("13-returned")
    filing_id = next(s.filing_id for s in target.sheets.all() if option.startswith(f"{s.sheet_key}."))
    field = option.partition(".")[2]
    desk.page.goto(_section_with(desk, filing_id, field))
    desk.page.fill(f"[name='{field}']", "主要生产滚动轴承，年产能一百万套（演示）。")
    desk.press("保存并继续")
    desk.go("detail", target.pk)
    desk.page.get_by_role("link", name=re.compile("^答复")).first.click()
    desk.page.check("input[value=changed]")
    desk.press("保存答复")
    target.refresh_from_db()
    _confirm_on_page(desk, target)
    desk.go("correct", target.pk)
    desk.press("确认并提交补正")
    desk.says("补正已提交市局")

    desk.become(reviewer)
    desk.go("city_nomination", target.pk)
    desk.says("与上一版的差异")
    desk.says("主要生产滚动轴承")
    desk.look("14-difference")
    for nomination in made:
        desk.go("city_nomination", nomination.pk)
        desk.press("接收")
        desk.says("已接收")
    desk.go("city_list", row.pk)
    desk.press("接收推荐汇总表")
    desk.says("推荐汇总表已接收")
    desk.page.fill("#id_copies", "2")
    desk.page.fill("#id_hash_seen", Submission.objects.get(list=row).list_version.sha256[:16])
    desk.press("登记纸质材料")
    desk.says("校验码与报送版本一致")
    desk.look("15-accepted")
    desk.go("summary")
    desk.says("瓦房店澄渊演示轴承制造有限公司")
    desk.look("16-summary")
    row.refresh_from_db()
    assert row.state == "accepted"
    assert desk.violations == {}


def _confirm_on_page(desk: Desk, nomination: Nomination) -> None:
    desk.go("confirm", nomination.pk)
    desk.page.fill("#id_name", "张三试")
    desk.page.fill("#id_basis", "局档案柜三号")
    desk.page.check("#id_agreed")
    desk.press("确认以上内容属实")
    desk.says("已记录法定代表人确认")


def _section_with(desk: Desk, filing_id: int, field: str) -> str:
    """The address of the section that holds a field."""
    section = sheet_of(Filing.objects.get(pk=filing_id)).section_of(field)
    return f"{desk.portal.url}{reverse('filings:section', args=[filing_id, section.key])}"
