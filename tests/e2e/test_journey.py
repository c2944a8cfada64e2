"""The main job in a browser: from a district's empty desk to a sealed packet that the city accepts.

A real Chromium, a real Celery worker, a real Redis; everybody signs in through the pages. Pictures of every step are
kept in .local/screenshots, every page of the factory's way is looked at with axe. The sheets of product, park and supply
chain are typed without a look: `test_axe.py` looks at every section of every form of each category, filled in.

By services only, each with its reason: the round, the district's accounts and the reviewer's (an earlier year's work of
the city and its administrators, with tests of their own), and the evaluator's registration (its own journey:
test_evaluators.py). Park and supply chain name no standard: their tables are those of the notice, 附件4 and 5.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest
from django.urls import reverse
from PIL import ImageDraw
from playwright.sync_api import expect

from evaluators.models import Evaluator
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.jobs.models import Job
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import FieldType, Level, validate
from nominations.constants import JOB_PACKET
from nominations.models import Nomination, RecommendationList, Submission
from nominations.selectors.content import contents, gaps, may_be_left
from tests.conftest import SCREENSHOTS
from tests.e2e.deciding import ask_departments, decide_objection, decide_the_rest
from tests.e2e.desk import Desk, held, let_go, section_url, type_sheet
from tests.factories.accounts import make_user
from tests.factories.directory import make_industry
from tests.factories.nominations import (
    District,
    complete_answers,
    good_evaluator,
    make_district,
    make_pdf,
)
from tests.factories.rounds import DURING

pytestmark = [pytest.mark.e2e, pytest.mark.services]

CANDIDATES = (
    ("factory", "91210281MA0TE5T670", "瓦房店澄渊演示轴承制造有限公司", ""),
    ("product", "91210202MA0TE5T16A", "大连砺恒演示制冷设备有限公司", "砺恒牌冷冻机组（演示）"),
    ("park", "12210200MB0TE5T44H", "瓦房店演示湾园区管理委员会", "演示湾临港经济开发区"),
    ("supply_chain", "91210213MA0TE5T243", "大连沐屿演示汽车零部件集团有限公司", ""),
)
#: What the evaluations of a category follow, where there is a standard to choose.
STANDARDS = {"factory": "GB/T 36132-2018", "product": "GB/T 32161-2015"}
#: What the invited applicant chooses.
OWN_PASSWORD = "Yanshi-Zhoucheng-2022"


@pytest.fixture
def october(settings: Any, celery_worker_process: Any) -> Iterator[Any]:
    """Let web, database session and worker live in the round's time; yields the worker."""
    offset = DURING - datetime.now(UTC)
    settings.CLOCK_OFFSET = offset
    celery_worker_process.stop()
    celery_worker_process.start(GREENPORTAL_CLOCK_OFFSET_SECONDS=str(int(offset.total_seconds())))
    yield celery_worker_process
    let_go(celery_worker_process)


def begin(desk: Desk, category: str, uscc: str, organisation: str, subject: str) -> Nomination:
    """The officer begins one nomination on the page."""
    desk.go("create")
    if category == "factory":
        desk.look("00-create")
    desk.page.select_option("#id_category", category)
    desk.page.fill("#id_uscc", uscc)
    desk.page.fill("#id_organisation", organisation)
    desk.page.fill("#id_subject", subject)
    desk.page.fill("#id_industry", "3451")
    desk.press("建立申报")
    desk.says("申报已建立")
    return Nomination.objects.latest("pk")


def invite(desk: Desk, nomination: Nomination) -> User:
    """The officer invites the applicant's handler, who makes an account by the link and signs in with it."""
    desk.go("invite", nomination.pk)
    desk.page.fill("#id_name", "赵演示")
    desk.page.fill("#id_email", "zhao@example.com")
    desk.look("00-invite")
    desk.press("发送邀请")
    desk.nobody(desk.link_told())
    desk.page.fill("#id_username", "zhao-yanshi")
    desk.page.fill("#id_password", OWN_PASSWORD)
    desk.page.fill("#id_again", OWN_PASSWORD)
    desk.look("00-invitation")
    desk.press("注册并接受")
    desk.says("注册完成，请登录")
    applicant = User.objects.get(username="zhao-yanshi")
    desk.sign_in(applicant, password=OWN_PASSWORD, look="-applicant")
    desk.says("瓦房店澄渊演示轴承制造有限公司")
    return applicant


def look(desk: Desk, nomination: Nomination, name: str) -> None:
    """Of the pages that all four categories share, the factory's are pictured and looked at."""
    if nomination.category == "factory":
        desk.look(name)


def type_everything(desk: Desk, nomination: Nomination) -> None:
    """Every sheet that handing in asks for, typed whole: basic sheet, conditions, energy, three-year statement."""
    pictured = nomination.category == "factory"
    for held_sheet in nomination.sheets.select_related("filing").order_by("position"):
        if may_be_left(held_sheet.sheet_key):
            continue
        filing = held_sheet.filing
        sheet = sheet_of(filing)
        answers = complete_answers(sheet, {k: v for k, v in filing.answers.items() if v})
        look = f"02-{sheet.key}" if pictured else ""
        assert type_sheet(desk, filing.pk, answers, look=look) > 3, sheet.key
        filing.refresh_from_db()
        assert [p for p in validate(sheet, filing.answers) if p.level != Level.SOFT] == [], sheet.key
        desk.page.goto(f"{desk.portal.url}{reverse('filings:sheet', args=[filing.pk])}")
        told = desk.page.locator("main").inner_text()
        assert ("已完成" in told, "未开始" in told, "填写中" in told) == (True, False, False), told
        if pictured:
            desk.look(f"02-{sheet.key}-done")
            desk.page.goto(f"{desk.portal.url}{reverse('filings:check', args=[filing.pk])}")
            desk.look(f"02-{sheet.key}-check")


def type_and_reload(desk: Desk, nomination: Nomination) -> None:
    """Typing is saved by itself and is still there after a reload."""
    filing = nomination.sheets.order_by("position")[0].filing
    field = next(f for f in sheet_of(filing).fields() if f.type == FieldType.LONGTEXT)
    desk.page.goto(_section_with(desk, filing.pk, field.key))
    desk.page.fill(f"[name='{field.key}']", "演示填写内容")
    expect(desk.page.locator("[data-save-text]")).to_contain_text("已保存", timeout=15_000)
    desk.look("02-autosave")
    desk.page.reload()
    assert desk.page.locator(f"[name='{field.key}']").input_value() == "演示填写内容"


def upload(desk: Desk, nomination: Nomination, slots: Iterable[str]) -> None:
    """Documents, each through the page of its slot."""
    desk.go("documents", nomination.pk)
    look(desk, nomination, "02-documents")
    for slot in slots:
        link = reverse("nominations:upload", args=[nomination.pk, slot])
        desk.page.click(f"a[href='{link}']")
        file = {"name": f"{slot}.pdf", "mimeType": "application/pdf", "buffer": make_pdf(f"{nomination.pk} {slot}")}
        desk.page.set_input_files("#id_file", file)
        desk.page.fill("#id_issued_on", "2022-09-20")
        desk.page.get_by_role("button", name=re.compile("^上传")).first.click()
        desk.says("已上传")
    look(desk, nomination, "02-uploaded")


def choose_evaluator(desk: Desk, nomination: Nomination, evaluator: Evaluator) -> None:
    """The evaluator that the applicant hired, and its word that the two are independent."""
    desk.go("evaluator", nomination.pk)
    desk.page.select_option("#id_evaluator", str(evaluator.pk))
    desk.page.check("input[name=independent][value=yes]")
    desk.page.fill("#id_authors", "赵演示")
    look(desk, nomination, "02-evaluator")
    desk.press("保存")
    desk.says("已保存评价机构")


def choose_standard(desk: Desk, nomination: Nomination, standard: str) -> None:
    """The standard that the evaluations follow."""
    desk.go("standard", nomination.pk)
    desk.page.fill("#id_standard", standard)
    look(desk, nomination, "02-standard")
    desk.press("保存")
    desk.says("已保存行业和评价标准")


def complete(desk: Desk, nomination: Nomination, evaluator: Evaluator) -> None:
    """Everything that handing in asks for, by whoever is signed in."""
    if nomination.category in STANDARDS:
        choose_standard(desk, nomination, STANDARDS[nomination.category])
    type_everything(desk, nomination)
    slots = ["self_report", "truth_statement"]
    if nomination.category != "product":
        choose_evaluator(desk, nomination, evaluator)
        slots.insert(1, "third_party_report")
    upload(desk, nomination, slots)
    nomination.refresh_from_db()
    rulebook, _ = rulebook_at(nomination.round_id)
    assert gaps(nomination, contents([nomination.pk])[nomination.pk], rulebook).hard == ()


def establish_key_energy(desk: Desk, nomination: Nomination) -> None:
    """The officer finds whether it is a key energy user, with the reason."""
    desk.go("key_energy", nomination.pk)
    desk.page.check("input[name=value][value=no]")
    desk.page.fill("#id_reason", "年综合能源消费量不足五千吨标准煤，不在重点用能单位名单内（演示）。")
    look(desk, nomination, "03-key-energy")
    desk.press("保存")
    desk.says("已保存认定结果")


def vouch_by_link(desk: Desk, nomination: Nomination) -> None:
    """The applicant makes a link; the legal representative, without an account, reads and confirms."""
    desk.go("confirm", nomination.pk)
    desk.press("生成确认链接")
    desk.look("03-confirm-link-made")
    desk.nobody(desk.link_told())
    desk.says("请法定代表人本人核对")
    desk.page.fill("#id_name", "张三试")
    desk.page.check("#id_agreed")
    desk.look("03-legal-representative")
    desk.press("确认以上内容属实")
    desk.look("03-confirmed")


def vouch_on_paper(desk: Desk, nomination: Nomination) -> None:
    """The officer records the legal representative's signature on paper."""
    desk.go("confirm", nomination.pk)
    desk.page.fill("#id_name", "张三试")
    desk.page.fill("#id_basis", "局档案柜三号")
    desk.page.check("#id_agreed")
    desk.press("确认以上内容属实")
    desk.says("已记录法定代表人确认")


def hand_in(desk: Desk, nomination: Nomination, *, look: str = "") -> None:
    """Check answers, then hand in."""
    desk.go("hand_in", nomination.pk)
    if look:
        desk.look(look)
    desk.press("确认并提交")
    desk.says("已提交主管部门")


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


def finalise(desk: Desk, row: RecommendationList, worker: Any) -> bytes:
    """定稿; the bar waits, moves with the job, and without a reload gives way to the packet, which is downloaded."""
    desk.go("finalise", row.pk)
    desk.page.fill("#id_contact", "李四试")
    desk.page.fill("#id_phone", "0411-85550100")
    desk.look("06-finalise")
    started = Job.objects.filter(kind=JOB_PACKET)
    # Between two jobs, so that it holds no lock while it stands.
    held(worker, lambda: not Job.objects.filter(state__in=["due", "running"], due_at__lte=clock.now()).exists())
    desk.press("确认定稿")
    desk.says("已定稿")
    bar = desk.page.locator("#packet-bar")
    assert (bar.get_attribute("value"), started.get().state) == ("0", "due")
    desk.says("排队中")
    seen = []
    for least in (1, 4):
        at = held(worker, lambda least=least: started.filter(progress_done__gte=least).first())
        expect(bar).to_have_attribute("value", str(at.progress_done), timeout=10_000)
        desk.says(f"{at.progress_done}/{at.progress_total}　{at.stage}")
        seen.append(at.progress_done)
    assert 0 < seen[0] < seen[1] < at.progress_total
    desk.look("07-packet-in-progress")
    let_go(worker)
    ready = desk.page.get_by_role("link", name="下载申报材料（ZIP）")
    expect(ready).to_be_visible(timeout=120_000)
    assert not bar.count()
    desk.look("08-packet-ready")
    with desk.page.expect_download() as download:
        ready.click()
    return Path(download.value.path()).read_bytes()


def return_at_a_field(desk: Desk, target: Nomination) -> str:
    """The city returns one nomination with a comment at a field; answers the field's place."""
    desk.go("return", target.pk)
    desk.page.fill("#id_reason", "请核对单位简介。")
    option = desk.page.locator("#id_c-0-path option").filter(has_text="简介").first.get_attribute("value")
    desk.page.select_option("#id_c-0-path", option)
    desk.page.fill("#id_c-0-text", "补充主要产品产能。")
    desk.look("12-return")
    desk.press("确认退回")
    desk.says("已退回")
    return str(option)


def correct(desk: Desk, target: Nomination, option: str) -> None:
    """The applicant changes the field, answers the comment, confirms again and sends the correction."""
    desk.go("detail", target.pk)
    desk.says("补充主要产品产能。")
    desk.look("13-returned")
    filing_id = next(s.filing_id for s in target.sheets.all() if option.startswith(f"{s.sheet_key}."))
    field = option.partition(".")[2]
    desk.page.goto(_section_with(desk, filing_id, field))
    desk.page.fill(f"[name='{field}']", "主要生产滚动轴承，年产能一百万套（演示）。")
    desk.look("13-comment-at-field")
    desk.press("保存并继续")
    desk.go("detail", target.pk)
    desk.page.get_by_role("link", name=re.compile("^答复")).first.click()
    desk.page.check("input[value=changed]")
    desk.look("13-answer")
    desk.press("保存答复")
    desk.go("confirm", target.pk)
    desk.page.fill("#id_name", "张三试")
    desk.page.check("#id_agreed")
    desk.press("确认以上内容属实")
    desk.go("correct", target.pk)
    desk.look("13-correct")
    desk.press("确认并提交补正")
    desk.says("补正已提交市局")


def accept(desk: Desk, row: RecommendationList, made: list[Nomination]) -> None:
    """The city reads the difference first, accepts each nomination and the list, counts the papers."""
    desk.go("city_nomination", made[0].pk)
    desk.says("与上一版的差异")
    desk.says("主要生产滚动轴承")
    desk.look("14-difference")
    for nomination in made:
        desk.go("city_nomination", nomination.pk)
        desk.press("接收")
        desk.says("已接收")
    desk.go("city_list", row.pk)
    desk.look("14-city-list")
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
    desk.go("submissions")
    desk.look("17-submissions")
    printed = pypdfium2.PdfDocument(desk.page.pdf(format="A4"))
    text = "".join("".join(page.get_textpage().get_text_bounded().split()) for page in printed)
    assert f"{Submission.objects.get(list=row).receipt_no}瓦房店市" in text
    assert "+08:00" in text
    # The head and the ways to other pages are no part of the paper.
    assert (len(printed), "退出登录" in text, "收到的申报" in text) == (1, False, False)
    printed[0].render(scale=1.3).to_pil().save(SCREENSHOTS / "journey-17-submissions-paper.png")


def fill_in_and_hand_in(desk: Desk, district: District, officer: User, made: list[Nomination]) -> User:
    """The factory by its applicant's own hand, the others by the officer; all handed in and checked."""
    evaluator = good_evaluator(district.round)
    applicant = invite(desk, made[0])
    complete(desk, made[0], evaluator)
    type_and_reload(desk, made[0])
    desk.sign_in(officer)
    for nomination in made[1:]:
        complete(desk, nomination, evaluator)
    for nomination in made:
        establish_key_energy(desk, nomination)
    for nomination in made[1:]:
        vouch_on_paper(desk, nomination)
        hand_in(desk, nomination)
    desk.sign_in(applicant)
    desk.go("detail", made[0].pk)
    desk.look("03-detail-applicant")
    vouch_by_link(desk, made[0])
    desk.sign_in(applicant)
    hand_in(desk, made[0], look="03-check-answers")
    desk.sign_in(officer)
    for nomination in made:
        desk.go("detail", nomination.pk)
        desk.press("核对通过")
        desk.says("已核对通过")
    desk.look("03-detail-officer")
    return applicant


def wait_for_checks(made: list[Nomination]) -> None:
    """The worker checks each nomination that was handed in."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        for nomination in made:
            nomination.refresh_from_db()
        if all(nomination.last_check_id for nomination in made):
            return
        time.sleep(0.2)
    raise AssertionError([nomination.last_check_id for nomination in made])


def test_a_districts_nominations_go_from_the_browser_to_a_sealed_packet_in_the_citys_hands(
    october: Any, live_portal: Any, browser_context: Any, screenshot: Any, tmp_path: Path
) -> None:
    desk = Desk(live_portal, browser_context, screenshot)
    district = make_district("瓦房店市")
    officer, lead = User.objects.get(pk=district.officer.user_id), User.objects.get(pk=district.lead.user_id)
    reviewer = make_user(Role.CITY_REVIEWER)
    make_industry()

    # The officer begins one nomination of each category; they are filled in and handed in.
    desk.page.goto(f"{live_portal.url}{reverse('account_login')}")
    desk.look("00-sign-in")
    desk.sign_in(officer, look="-officer")
    made = [begin(desk, *candidate) for candidate in CANDIDATES]
    desk.look("01-created")
    applicant = fill_in_and_hand_in(desk, district, officer, made)

    # Every verdict with its clause, by the worker's check; departments; decisions.
    wait_for_checks(made)
    desk.go("findings", made[0].pk)
    desk.says("通知 一")
    desk.look("04-findings")
    ask_departments(desk, officer, made[1])
    desk.go("board")
    desk.look("05-board")
    decide_objection(desk, made[1])
    decide_the_rest(desk, made)

    # The list: order, 定稿, packet while the bar moves, seal.
    row = RecommendationList.objects.get(round=district.round, authority=district.authority)
    desk.go("list", row.pk)
    desk.look("06-list")
    packet = finalise(desk, row, october)
    desk.go("seal", row.pk)
    desk.page.set_input_files("#id_file", sealed_photo(packet, tmp_path))
    desk.look("08-seal")
    desk.press("上传并核对")
    desk.says("二维码核对一致")

    # The lead submits and gets a receipt.
    desk.sign_in(lead, look="-lead")
    desk.go("submit", row.pk)
    desk.look("09-submit")
    desk.press("确认并报送市局")
    number = Submission.objects.get(list=row).receipt_no
    desk.says(number)
    desk.says("+08:00")
    desk.look("10-receipt")

    # The city returns one nomination with a comment at a field, gets it back corrected, and accepts.
    desk.sign_in(reviewer, look="-reviewer")
    desk.go("inbox")
    desk.says(number)
    desk.look("11-inbox")
    option = return_at_a_field(desk, made[0])
    desk.sign_in(applicant)
    desk.look("12-home-of-a-returned-one")
    correct(desk, made[0], option)
    desk.sign_in(reviewer)
    accept(desk, row, made)
    row.refresh_from_db()
    assert row.state == "accepted"
    assert desk.violations == {}


def _section_with(desk: Desk, filing_id: int, field: str) -> str:
    """The address of the section that holds a field."""
    section = sheet_of(Filing.objects.get(pk=filing_id)).section_of(field)
    return section_url(desk, filing_id, section.key)
