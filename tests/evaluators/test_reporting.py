"""The annual report: filled in by the portal, filed by the clock in three gates, sealed, accepted; reminded once."""

import subprocess
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from evaluators.models import AnnualReport, Engagement, EvaluatorRegistration, LateAllowance, ReportFiling
from evaluators.packets.report import report_pdf, report_workbook
from evaluators.selectors.reporting import differences, gate, reports_visible_to
from evaluators.services import report_seal, reporting
from evaluators.services import withdraw as withdraw_engagement
from evaluators.services.moving import Remark
from evaluators.validators import parse_code, report_code
from evaluators.views.reporting import paper_of
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.documents import qr
from greenportal.files.jail import read_workbook
from greenportal.filings.models import FieldComment
from greenportal.filings.selectors import filing_for
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WindowClosed, WrongState
from tests.evaluators.conftest import person
from tests.factories.evaluators import group_of, make_engagement, make_evaluator, make_registration
from tests.factories.files import make_stored
from tests.factories.reporting import complete, make_report, make_sealed
from tests.factories.roster import make_roster
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
#: 2022年10月20日前, printed in the notice: the end of that day in Dalian.
CLOSES = datetime(2022, 10, 21, tzinfo=ZoneInfo("Asia/Shanghai"))
SECOND = timedelta(seconds=1)


def file(report, admin):
    report.refresh_from_db()
    return reporting.file(actor=admin, report_id=report.pk, seen_version=report.version)


def send_back(report, reviewer, **values):
    report.refresh_from_db()
    defaults = {"reason": "请补充", "due_at": clock.now() + timedelta(days=3), "remarks": []}
    return reporting.return_report(
        actor=reviewer, report_id=report.pk, seen_version=report.version, **{**defaults, **values}
    )


# --- what the portal fills in -----------------------------------------------------------------------------------------


def test_draft_is_filled_from_engagements_roster_and_affiliates(body, admin, round_2022):
    make_roster(body, senior=5, intermediate=6)
    partner = make_evaluator("乙试验评价所", group=group_of(body))
    row = make_engagement(body, round_2022, report_on=DURING.date())
    report = make_report(admin, round_2022)
    answers = report.filing.answers
    assert (answers["org_name"], answers["staff_intermediate"], answers["staff_senior"]) == ("甲试验评价所", "11", "5")
    assert [a["uscc"] for a in answers["affiliates"]] == [partner.organisation.uscc]
    [project] = answers["projects"]
    assert (project["_id"], project["subject"]) == (f"e{row.pk}", row.subject.name)
    assert (project["category"], project["report_on"]) == ("factory", "2022-09-20")


DONE = {
    "contract_no": "试验合同1号",
    "contract_on": date(2022, 8, 1),
    "visit_from": date(2022, 8, 20),
    "visit_to": date(2022, 8, 21),
    "report_on": date(2022, 9, 10),
    "score": Decimal("88.50"),
}


def d1_of(report):
    report.filing.refresh_from_db()
    [project] = report.filing.answers["projects"]
    return {key: project.get(key, "") for key in ("contract_on", "visit_on", "report_on", "score")}


TAKEN = {"contract_on": "2022-08-01", "visit_on": "2022-08-20", "report_on": "2022-09-10", "score": "88.5"}


def test_d1_takes_contract_visit_report_and_score_from_the_engagement(body, admin, round_2022):
    make_engagement(body, round_2022, state="confirmed", **DONE)
    assert d1_of(make_report(admin, round_2022)) == TAKEN


def test_d1_fills_what_is_empty_and_leaves_what_the_body_typed(body, admin, round_2022):
    row = make_engagement(body, round_2022, state="confirmed")
    report = make_report(admin, round_2022)
    assert set(d1_of(report).values()) == {""}
    typed = {f"projects[e{row.pk}].score": "90", f"projects[e{row.pk}].contract_on": "2022-08-02"}
    save(filing_id=report.filing_id, seen_version=99, changes=typed, actor=admin)
    Engagement.objects.filter(pk=row.pk).update(**DONE)
    assert reporting.take_in(actor=admin, report_id=report.pk) == 2
    assert d1_of(report) == {**TAKEN, "score": "90", "contract_on": "2022-08-02"}
    assert reporting.take_in(actor=admin, report_id=report.pk) == 0


def test_days_and_score_unlike_the_engagements_are_told_to_the_city(body, admin, reviewer, round_2022):
    row = make_engagement(body, round_2022, state="confirmed", **DONE)
    report = make_report(admin, round_2022)
    typed = {f"projects[e{row.pk}].score": "90", f"projects[e{row.pk}].visit_on": "2022-08-25"}
    complete(report, admin, **typed)
    file(report, admin)
    here = [item.text for item in differences(reviewer, round_id=round_2022.pk) if item.subject == row.subject.name]
    assert here == [
        "现场评价日期不一致：机构报告为2022-08-25，评价项目登记为2022-08-20",
        "得分不一致：机构报告为90，评价项目登记为88.5",
    ]


def test_portal_columns_are_nobodys_to_type(body, admin, round_2022):
    row = make_engagement(body, round_2022)
    report = make_report(admin, round_2022)
    saved = save(
        filing_id=report.filing_id,
        seen_version=99,
        changes={f"projects[e{row.pk}].subject": "改名厂", "staff_senior": "99", f"projects[e{row.pk}].score": "88"},
        actor=admin,
    )
    [project] = saved.filing.answers["projects"]
    assert (project["subject"], project["score"]) == (row.subject.name, "88")
    assert saved.filing.answers["staff_senior"] == "0"
    taken = save(filing_id=report.filing_id, seen_version=99, changes={f"projects[e{row.pk}]": None}, actor=admin)
    assert len(taken.filing.answers["projects"]) == 1


def test_take_in_follows_what_changed_and_keeps_what_was_typed(body, admin, round_2022, reviewer):
    gone, stays = make_engagement(body, round_2022), make_engagement(body, round_2022)
    report = make_report(admin, round_2022)
    complete(report, admin)
    withdraw_engagement(actor=reviewer, engagement_id=gone.pk)
    new = make_engagement(body, round_2022)
    reporting.take_in(actor=admin, report_id=report.pk)
    report.filing.refresh_from_db()
    rows = {row["_id"]: row for row in report.filing.answers["projects"]}
    assert set(rows) == {f"e{stays.pk}", f"e{new.pk}"}
    assert rows[f"e{stays.pk}"]["ours"] == "yes"
    assert reporting.take_in(actor=admin, report_id=report.pk) == 0


def test_totals_set_group_elsewhere_and_union_against_the_cap(body, admin, round_2022):
    make_engagement(make_evaluator(group=group_of(body)), round_2022)
    make_engagement(body, round_2022)
    make_engagement(body, round_2022, state="disputed")
    report = make_report(admin, round_2022)
    complete(report, admin)
    report.filing.refresh_from_db()
    found = reporting.totals_of(report, report.filing.answers)
    assert (found.portal, found.own, found.elsewhere, found.counted_elsewhere, found.union) == (2, 1, 2, 1, 3)
    assert (found.cap, found.over) == (15, 0)
    assert dict(found.by_category) == {"绿色工厂": 2, "绿色工业园区": 1, "绿色供应链管理企业": 0}
    assert dict(found.by_province)["吉林省"] == 2


def test_what_affiliates_declare_elsewhere_counts_with_the_body(body, admin, round_2022):
    """Two affiliates with ten each outside the portal are twenty, over the cap of fifteen."""
    other = make_evaluator(group=group_of(body))
    make_registration(other, round_2022, declared_elsewhere=10)
    report = make_report(admin, round_2022)
    found = reporting.totals_of(report, {"elsewhere": [{"level": "national", "category": "factory"}] * 10})
    assert (found.counted_elsewhere, found.union, found.over) == (10, 20, 5)


# --- the gate: view asks it, the service refuses, the database refuses ------------------------------------------------


@pytest.mark.parametrize(
    ("at", "open_now", "late"),
    [(DURING, True, False), (CLOSES - SECOND, True, False), (CLOSES, False, True), (CLOSES + SECOND, False, True)],
)
def test_gate_closes_at_the_end_of_the_printed_day(at, open_now, late, report):
    found = gate(report, at=at)
    assert (found.open, found.late, found.closes_at) == (open_now, late, CLOSES)


def test_service_refuses_after_the_clock_and_nothing_is_lost(report, admin):
    complete(report, admin)
    with clock.fixed(CLOSES), pytest.raises(WindowClosed):
        file(report, admin)
    report.refresh_from_db()
    report.filing.refresh_from_db()
    assert (report.state, report.filing.locked, report.filing.answers["procedure"][:2]) == ("draft", False, "试验")
    with clock.fixed(CLOSES - SECOND):
        assert file(report, admin).late is False


def test_database_refuses_a_receipt_outside_the_window(report, admin):
    """Control: the same insert inside the window passes, so it is the gate that refuses."""
    complete(report, admin)
    first = file(report, admin)

    def insert(number, received_at):
        with transaction.atomic():
            return ReportFiling.objects.create(
                report=report,
                number=number,
                frozen=first.frozen,
                payload={},
                sha256="0" * 64,
                received_at=received_at,
                late=False,
                filed_by_id=admin.user_id,
            )

    for wrong in (CLOSES, CLOSES + timedelta(days=9), datetime(2021, 12, 31, tzinfo=ZoneInfo("Asia/Shanghai"))):
        with pytest.raises(DatabaseError, match="report gate"):
            insert(2, wrong)
    assert insert(2, CLOSES - SECOND).number == 2


def test_leave_to_file_late_opens_all_gates_and_marks_the_report(body, report, admin, reviewer, round_2022):
    complete(report, admin)
    with clock.fixed(CLOSES + timedelta(days=1)):
        reporting.allow_late(
            actor=reviewer,
            evaluator_id=body.pk,
            round_id=round_2022.pk,
            until=CLOSES + timedelta(days=3),
            reason="机构名称变更",
        )
    with clock.fixed(CLOSES + timedelta(days=2)):
        assert file(report, admin).late is True
    other = make_evaluator()
    theirs = person(Role.EVALUATOR_ADMIN, "别家管理员", organisation_id=other.organisation_id)
    second = make_report(theirs, round_2022)
    complete(second, theirs)
    with clock.fixed(CLOSES + timedelta(days=2)), pytest.raises(WindowClosed):
        file(second, theirs)
    with clock.fixed(CLOSES + timedelta(days=4)), pytest.raises(WrongState):
        file(report, admin)


@pytest.mark.parametrize("role", [Role.EVALUATOR_ADMIN, Role.DISTRICT_LEAD, Role.SYSTEM])
def test_only_the_city_gives_leave(role, body, round_2022):
    with pytest.raises(Refused):
        reporting.allow_late(
            actor=person(role, f"旁{role}"),
            evaluator_id=body.pk,
            round_id=round_2022.pk,
            until=CLOSES + timedelta(days=3),
            reason="因故",
        )
    assert not LateAllowance.objects.exists()


# --- filing, return, acceptance ---------------------------------------------------------------------------------------


def test_file_freezes_answers_roster_and_totals(body, report, admin):
    make_roster(body, senior=1, intermediate=0)
    complete(report, admin)
    row = file(report, admin)
    assert (row.number, row.received_at, len(row.payload["staff"])) == (1, DURING, 1)
    assert row.frozen.answers["staff_senior"] == "1"
    assert row.payload["totals"]["union"] == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportFiling.objects.filter(pk=row.pk).update(late=True)


def test_missing_answers_are_named(report, admin):
    with pytest.raises(Invalid) as caught:
        file(report, admin)
    assert "evaluator_report.no_self_report" in caught.value.errors
    assert not ReportFiling.objects.exists()


def test_return_after_the_clock_has_its_own_due_day(report, admin, reviewer):
    complete(report, admin)
    file(report, admin)
    with clock.fixed(CLOSES + timedelta(days=1)):
        send_back(
            report, reviewer, remarks=[Remark("evaluator_report.procedure", "评价程序", "incomplete", "写明复核人")]
        )
    with clock.fixed(CLOSES + timedelta(days=2)):
        with pytest.raises(Invalid, match="评价程序"):
            file(report, admin)
        save(filing_id=report.filing_id, seen_version=99, changes={"procedure": "已写明复核人"}, actor=admin)
        second = file(report, admin)
    assert (second.number, second.late, FieldComment.objects.get().answer) == (2, False, "changed")


def test_returned_report_is_refused_after_its_due_day(report, admin, reviewer):
    complete(report, admin)
    file(report, admin)
    with clock.fixed(CLOSES + timedelta(days=1)):
        send_back(report, reviewer)
    with clock.fixed(CLOSES + timedelta(days=5)), pytest.raises(WindowClosed):
        file(report, admin)


def test_accept_wants_the_sealed_scan_of_the_current_version(report, admin, reviewer):
    complete(report, admin)
    file(report, admin)
    report.refresh_from_db()
    with pytest.raises(Invalid, match="盖章扫描件"):
        reporting.accept(actor=reviewer, report_id=report.pk, seen_version=report.version)
    make_sealed(report, admin)
    assert reporting.accept(actor=reviewer, report_id=report.pk, seen_version=report.version).state == "accepted"


def test_accepted_count_elsewhere_becomes_the_standing(body, report, admin, reviewer, round_2022):
    make_registration(body, round_2022, declared_elsewhere=9)
    complete(report, admin)
    file(report, admin)
    report.refresh_from_db()
    make_sealed(report, admin)
    reporting.accept(actor=reviewer, report_id=report.pk, seen_version=report.version)
    rows = EvaluatorRegistration.objects.order_by("number")
    assert [row.declared_elsewhere for row in rows] == [9, 1]
    assert rows[1].staff_senior == rows[0].staff_senior


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.CITY_LEAD, Role.CITY_REVIEWER}])
def test_only_the_city_accepts_and_returns(role, report, admin):
    complete(report, admin)
    file(report, admin)
    report.refresh_from_db()
    actor = person(role, f"旁{role}", organisation_id=admin.organisation_id)
    with pytest.raises((Refused, NotVisible)):
        reporting.accept(actor=actor, report_id=report.pk, seen_version=report.version)
    with pytest.raises((Refused, NotVisible)):
        send_back(report, actor)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EVALUATOR_ADMIN])
def test_only_the_own_administrator_begins_and_files(role, body, report, admin, round_2022):
    complete(report, admin)
    actor = person(role, f"旁{role}", organisation_id=body.organisation_id)
    with pytest.raises((Refused, NotVisible)):
        reporting.begin(actor=actor, round_id=round_2022.pk)
    with pytest.raises((Refused, NotVisible)):
        file(report, actor)


def test_city_sees_nothing_of_a_draft_nor_living_answers(report, admin, reviewer):
    assert not reports_visible_to(reviewer).exists()
    complete(report, admin)
    file(report, admin)
    assert reports_visible_to(reviewer).get() == report
    with pytest.raises(NotVisible):
        filing_for(reviewer, report.filing_id)


# --- paper, seal, workbook --------------------------------------------------------------------------------------------


def test_code_of_a_report_reads_back():
    code = report_code(filing_id=7, number=2, sha256="ab" * 32)
    assert parse_code(code.text) == code
    assert [parse_code(t) for t in ("GP1:L:7:2:abab", "GP1:R:x:2:ab", "GP1:R:7:2", "")] == [None] * 4


def test_printed_version_bears_its_code_and_the_sealed_scan_is_matched(body, report, admin, tmp_path):
    make_roster(body, senior=1, intermediate=1)
    complete(report, admin)
    row = file(report, admin)
    report.refresh_from_db()
    content = report_pdf(paper_of(reports_visible_to(admin).get(), masked=False))
    path = tmp_path / "报告.pdf"
    path.write_bytes(content)
    expected = report_code(filing_id=row.pk, number=1, sha256=row.sha256)
    assert set(qr.read(path)) == {expected.text}
    told = "".join(subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout.split())
    words = (
        "非官方样式",
        "甲试验评价所",
        "外省试验厂",
        "独立性声明",
        "人员名单",
        "合计（与上限比较）",
        "法定代表人（签字）",
    )
    assert [word for word in words if word not in told] == []
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    pages = ["".join(page.split()) for page in text.split("\f")]
    # People stand beside what they did, totals before the signature: no page holds a few rows alone.
    for one, other in (("近五年业绩", "人员名单"), ("评价项目汇总", "E质量控制")):
        assert any(one in page and other in page for page in pages), (one, pages)
    assert told.index("合计（与上限比较）") < told.index("法定代表人（签字）")
    scan = make_stored("evaluators.report_scan", content, owner_organisation_id=admin.organisation_id)
    sealed = report_seal.seal(actor=admin, report_id=report.pk, file_id=scan.pk)
    assert (sealed.method, sealed.filing) == ("code", row)


def test_scan_of_another_version_or_body_is_refused_and_an_unreadable_one_asks_for_a_word(
    report, admin, reviewer, monkeypatch, round_2022
):
    complete(report, admin)
    first = file(report, admin)
    send_back(report, reviewer)
    file(report, admin)
    scan = make_stored("evaluators.report_scan", owner_organisation_id=admin.organisation_id)
    old = report_code(filing_id=first.pk, number=1, sha256=first.sha256)
    foreign = report_code(filing_id=10**6, number=1, sha256="0" * 64)
    for codes, told in (([old], "扫描件是第1版，当前是第2版"), ([foreign], "不属于这份年度报告")):
        monkeypatch.setattr(report_seal, "read_codes", lambda _file, found=codes: found)
        with pytest.raises(Invalid, match=told):
            report_seal.seal(actor=admin, report_id=report.pk, file_id=scan.pk)
    monkeypatch.setattr(report_seal, "read_codes", lambda _file: [])
    with pytest.raises(ReasonRequired):
        report_seal.seal(actor=admin, report_id=report.pk, file_id=scan.pk)
    assert (
        report_seal.seal(actor=admin, report_id=report.pk, file_id=scan.pk, declared="已逐页核对").method == "declared"
    )


def test_workbook_has_every_block_and_the_totals(body, report, admin, tmp_path):
    make_roster(body, senior=1, intermediate=0)
    make_engagement(body, report.round)
    complete(report, admin)
    path = tmp_path / "报告.xlsx"
    path.write_bytes(report_workbook(paper_of(reports_visible_to(admin).get(), masked=False)))
    sheets = read_workbook(path)
    cells = {str(cell) for sheet in sheets for row in sheet.rows for cell in row}
    assert {"人员", "汇总"} <= {sheet.name for sheet in sheets}
    assert {"外省试验厂", "合计（与上限比较）"} <= cells


def test_citys_copy_has_masked_names(body, report, admin, reviewer):
    [member] = make_roster(body, senior=1, intermediate=0)
    complete(report, admin)
    file(report, admin)
    shown = paper_of(reports_visible_to(reviewer).get(), masked=True)
    assert [row.name for row in shown.staff] != [member.name]
    assert [row.certificate_no for row in shown.staff] == [""]


def test_begin_returns_the_one_that_is_there(report, admin, round_2022):
    assert reporting.begin(actor=admin, round_id=round_2022.pk) == report
    assert AnnualReport.objects.count() == 1
    assert isinstance(reporting.PORTAL, Actor)
