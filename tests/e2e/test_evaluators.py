"""An evaluator's year in a browser: registers, is sent back, is acknowledged, keeps its roster, files its report.

A real Chromium; pictures of every step are kept in .local/screenshots.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from evaluators.models import (
    AnnualReport,
    Engagement,
    Evaluator,
    EvaluatorRegistration,
    RegistrationCase,
    Sanction,
    StaffMember,
)
from greenportal.accounts.actors import Role
from greenportal.directory.fictional import fictional_uscc
from tests.battery import corpus
from tests.e2e.desk import Desk
from tests.factories.accounts import actor_for, make_user
from tests.factories.directory import make_organisation, make_subject
from tests.factories.evaluators import group_of, make_engagement, make_evaluator
from tests.factories.registering import complete as complete_case
from tests.factories.reporting import complete as complete_report
from tests.factories.roster import fictional_id
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.e2e


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


def confirm_dispute_and_work(desk: EvaluatorDesk, admin: Any, city: Any, mine: Engagement, other: Engagement) -> None:
    """One evaluation is confirmed and its steps reported, the other is disputed and found void by the city."""
    desk.become(admin)
    desk.go("mine")
    desk.look("evaluator-desk-claimed")
    desk.go("confirm", mine.pk)
    desk.says("上限 15 项")
    desk.page.get_by_label("没有参与自评价报告编写").check()
    desk.look("evaluator-confirm")
    desk.press("确认")
    desk.says("还缺")
    desk.follow("填写评价过程")
    for name, text in {
        "contract_no": "演〔2022〕1号",
        "contract_on": "2022-06-01",
        "visit_from": "2022-07-04",
        "visit_to": "2022-07-05",
        "report_on": "2022-08-01",
        "score": "91.25",
        "team_done_on": "2022-06-10",
        "team_people": "甲演示",
        "technical_review_done_on": "2022-07-30",
        "technical_review_people": "甲演示",
    }.items():
        desk.page.fill(f"#id_{name}", text)
    desk.press("保存")
    desk.says("须由评价组以外的人员进行")
    desk.look("evaluator-work-refused")
    desk.page.fill("#id_technical_review_people", "乙演示")
    desk.press("保存")
    desk.says("91.25分")
    desk.look("evaluator-work")
    desk.go("dispute", other.pk)
    desk.page.fill("#id_reason", "没有签订合同。")
    desk.look("evaluator-dispute")
    desk.press("提出异议")
    desk.become(city)
    desk.go("decide", other.pk)
    desk.says("没有签订合同")
    desk.page.fill("#id_reason", "申报单位不能提供合同。")
    desk.look("city-decide")
    desk.press("认定无效")
    desk.says("申报单位不能提供合同")


def affiliate(desk: EvaluatorDesk, city: Any, one: Evaluator, two: Evaluator, paper: Path) -> None:
    """The city tells a relation with its proof, sees what would be counted together, and confirms it."""
    desk.become(city)
    desk.go("affiliates", one.pk)
    desk.page.select_option("#id_other", str(two.organisation_id))
    desk.page.select_option("#id_kind", "representative")
    desk.page.fill("#id_basis", "营业执照载明的法定代表人为同一人")
    desk.page.set_input_files("#id_evidence", paper)
    desk.look("city-relation-form")
    desk.page.get_by_role("button", name="登记并核对影响").click()
    desk.look("city-relation")
    desk.press("认定，合并计数")
    desk.says("已认定")
    desk.go("group", group_of(one).pk)
    desk.says(two.organisation.name)
    desk.look("city-group")


def sanctioned(desk: EvaluatorDesk, admin: Any, first: Any, second: Any, body: Evaluator, left: Engagement) -> None:
    """One officer records, he may not confirm it himself; another does; then nothing new is confirmed."""
    desk.become(first)
    desk.go("sanction", body.pk)
    desk.page.fill("#id_verified_on", "2022-09-01")
    desk.page.fill("#id_document_no", "演示文号〔2022〕1号")
    desk.page.fill("#id_facts", "演示：现场评价记录与事实不符。")
    desk.look("city-sanction-form")
    desk.page.locator("main form button").first.click()
    desk.says("待复核，未生效")
    desk.look("city-sanction-waiting")
    desk.become(second)
    desk.go("sanction_detail", Sanction.objects.get().pk)
    desk.press("复核同意")
    desk.says("不予采信期内")
    desk.look("city-sanction")
    desk.become(admin)
    desk.go("confirm", left.pk)
    desk.page.get_by_label("没有参与自评价报告编写").check()
    desk.press("确认")
    desk.says("期内不能确认新的评价项目")
    desk.look("evaluator-confirm-sanctioned")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_evaluations_affiliates_and_a_sanction(live_portal, browser_context, screenshot, october, tmp_path) -> None:
    year = open_round_2022()
    one, two = make_evaluator("演示评价公司"), make_evaluator("演示认证中心")
    admin = make_user(Role.EVALUATOR_ADMIN, organisation=one.organisation)
    first, second = make_user(Role.CITY_REVIEWER), make_user(Role.CITY_LEAD)
    paper = tmp_path / "营业执照.pdf"
    paper.write_bytes(corpus.pdf())
    mine, other, left = (make_engagement(one, year, make_subject(name=f"演示{n}厂")) for n in "甲乙丙")
    for number in range(9):
        make_engagement(two, year, make_subject(name=f"演示园区{number}"), category="park", state="confirmed")
    desk = EvaluatorDesk(live_portal, browser_context, screenshot)

    confirm_dispute_and_work(desk, admin, first, mine, other)
    affiliate(desk, first, one, two, paper)
    sanctioned(desk, admin, first, second, one, left)

    states = dict(Engagement.objects.filter(evaluator=one).values_list("pk", "state"))
    assert states == {mine.pk: "confirmed", other.pk: "void", left.pk: "claimed"}
    assert Sanction.objects.get().second_by_id == second.pk
    assert desk.violations == {}
