"""An evaluator's year in a browser: registers, is sent back, is acknowledged, keeps its roster, files its report.

A real Chromium; pictures of every step are kept in .local/screenshots.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from evaluators.models import AnnualReport, Evaluator, EvaluatorRegistration, RegistrationCase, StaffMember
from greenportal.accounts.actors import Role
from greenportal.directory.fictional import fictional_uscc
from tests.battery import corpus
from tests.e2e.test_journey import Desk
from tests.factories.accounts import actor_for, make_user
from tests.factories.directory import make_organisation, make_subject
from tests.factories.evaluators import make_engagement
from tests.factories.registering import complete as complete_case
from tests.factories.reporting import complete as complete_report
from tests.factories.roster import fictional_id
from tests.factories.rounds import DURING, open_round_2022

pytestmark = pytest.mark.e2e


@pytest.fixture
def october(settings: Any) -> Iterator[None]:
    """Let the portal live in the round's time."""
    settings.CLOCK_OFFSET = DURING - datetime.now(UTC)
    yield


class EvaluatorDesk(Desk):
    """A person at the pages of evaluators."""

    def go(self, name: str, *args: object) -> None:
        answer = self.page.goto(f"{self.portal.url}{reverse(f'evaluators:{name}', args=args)}")
        assert answer.status == 200, (name, answer.status)

    def follow(self, text: str) -> None:
        self.page.get_by_role("link", name=text).first.click()


def register(desk: EvaluatorDesk, admin: Any, paper: Path) -> RegistrationCase:
    """The administrator begins, types, proves, lists a person, files."""
    desk.become(admin)
    desk.go("mine")
    desk.look("evaluator-none")
    desk.press("开始机构登记")
    desk.says("五项基本条件")
    case = RegistrationCase.objects.get()
    desk.follow("机构基本情况")
    desk.page.fill("#id_contact", "钱演示")
    desk.look("evaluator-section")
    complete_case(case, actor_for(admin))
    desk.go("staff_add")
    desk.page.fill("#id_name", "赵演示")
    desk.page.select_option("#id_title", "senior")
    desk.page.select_option("#id_field", "energy")
    desk.page.select_option("#id_full_time", "yes")
    desk.page.fill("#id_id_number", fictional_id(1))
    desk.look("evaluator-staff-add")
    desk.press("保存")
    desk.says("赵**")
    desk.look("evaluator-roster")
    desk.page.fill("#id_reason", "核对职称证书")
    desk.press("查看完整信息")
    desk.says("赵演示")
    desk.go("evidence", case.pk)
    desk.page.select_option("#id_condition", "staff")
    desk.page.set_input_files("#id_file", paper)
    desk.press("上传")
    desk.says("含个人信息")
    desk.look("evaluator-case")
    desk.follow("核对并提交登记")
    desk.look("evaluator-case-file")
    desk.press("确认并提交登记")
    desk.says("已提交，待市局确认")
    return case


def returned_and_acknowledged(desk: EvaluatorDesk, admin: Any, city: Any, case: RegistrationCase) -> None:
    """The city sends it back at a field; the evaluator answers; the city acknowledges what it found proved."""
    desk.become(city)
    desk.go("cases")
    desk.look("city-cases")
    desk.follow("演示评价公司")
    desk.look("city-case")
    desk.follow("退回修改")
    desk.page.fill("#id_reason", "请补充办公地址。")
    desk.page.select_option("#id_c-0-path", "evaluator_registration.office_address")
    desk.page.fill("#id_c-0-text", "写明门牌号。")
    desk.look("city-case-return")
    desk.press("确认退回")
    desk.says("已退回")
    desk.become(admin)
    desk.go("case", case.pk)
    desk.says("写明门牌号")
    desk.look("evaluator-case-returned")
    desk.page.get_by_role("link", name="（二）办公场所、办公条件和财务管理制度", exact=True).click()
    desk.page.fill("#id_office_address", "大连市演示路2号3层")
    desk.page.wait_for_timeout(1500)
    desk.go("case_file", case.pk)
    desk.press("确认并提交登记")
    desk.says("已提交，待市局确认")
    desk.become(city)
    desk.go("case_acknowledge", case.pk)
    desk.look("city-case-acknowledge")
    desk.press("确认登记")
    desk.says("市局已确认")
    assert EvaluatorRegistration.objects.get().staff_senior == 1


def report(desk: EvaluatorDesk, admin: Any, city: Any, folder: Path) -> None:
    """The administrator files the year's report, brings back its sealed print; the city accepts it."""
    desk.become(admin)
    desk.go("mine")
    desk.look("evaluator-desk")
    desk.page.get_by_role("button", name="开始填写").first.click()
    desk.says("附件10")
    row = AnnualReport.objects.get()
    complete_report(row, actor_for(admin))
    desk.go("report", row.pk)
    desk.look("evaluator-report")
    desk.follow("核对并报送年度报告")
    desk.look("evaluator-report-file")
    desk.press("确认并报送")
    desk.says("已报送第1版")
    with desk.page.expect_download() as download:
        desk.follow("下载已报送版本（PDF）")
    printed = folder / "年度报告.pdf"
    download.value.save_as(printed)
    desk.go("report_seal", row.pk)
    desk.page.set_input_files("#id_file", printed)
    desk.press("上传并核对")
    desk.says("二维码核对一致")
    desk.become(city)
    desk.go("reports")
    desk.look("city-reports")
    desk.follow("演示评价公司")
    desk.look("city-report")
    desk.press("接收年度报告")
    desk.says("市局已接收")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_evaluators_year(live_portal, browser_context, screenshot, october, tmp_path) -> None:
    year = open_round_2022()
    organisation = make_organisation(uscc=fictional_uscc(41), name="演示评价公司")
    admin = make_user(Role.EVALUATOR_ADMIN, organisation=organisation)
    city = make_user(Role.CITY_REVIEWER)
    paper = tmp_path / "职称证书.pdf"
    paper.write_bytes(corpus.pdf())
    desk = EvaluatorDesk(live_portal, browser_context, screenshot)

    case = register(desk, admin, paper)
    make_engagement(Evaluator.objects.get(), year, make_subject(name="演示工厂"))
    returned_and_acknowledged(desk, admin, city, case)
    report(desk, admin, city, tmp_path)

    assert StaffMember.objects.get().id_tail == fictional_id(1)[-4:]
    assert desk.violations == {}
