"""The annual reports of a round as the city reads them: filed, late, missing, unlike; and who is reminded."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluators.models import ReportMark
from evaluators.packets.report import report_pdf
from evaluators.selectors.groups import relations_of
from evaluators.selectors.papers import owing, paper_lines, report_label, totals
from evaluators.selectors.reporting import differences, reports_visible_to
from evaluators.services import end_relation, report_clock, reporting
from evaluators.services import withdraw as withdraw_engagement
from evaluators.validators import parse_code, report_code
from evaluators.views.reporting import paper_of
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.directory.fictional import fictional_uscc
from greenportal.filings.services import save
from greenportal.mail.models import OutboxMail
from greenportal.rounds.models import Deadline
from tests.evaluators.conftest import person
from tests.factories.accounts import make_user
from tests.factories.directory import make_subject
from tests.factories.dumping import printed
from tests.factories.evaluators import join, make_engagement, make_evaluator
from tests.factories.reporting import complete, make_filed_report, make_report
from tests.factories.roster import make_roster
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
#: 2022年10月20日前, printed in the notice: the end of that day in Dalian.
CLOSES = datetime(2022, 10, 21, tzinfo=ZoneInfo("Asia/Shanghai"))
SECOND = timedelta(seconds=1)


def file(report, admin):
    report.refresh_from_db()
    return reporting.file(actor=admin, report_id=report.pk, seen_version=report.version)


# --- who filed, what does not agree -----------------------------------------------------------------------------------


def test_city_reads_filed_late_and_missing(body, report, admin, reviewer, round_2022):
    complete(report, admin)
    file(report, admin)
    make_engagement(make_evaluator("乙试验评价所"), round_2022)
    make_evaluator("丙试验评价所")

    def labels(at):
        lines = paper_lines(reviewer, round_id=round_2022.pk, closes_at=CLOSES, now=at)
        return {line.name: report_label(line) for line in lines}, totals(lines)

    names, sums = labels(DURING)
    assert (names["甲试验评价所"], names["乙试验评价所"]) == ("已报送，待市局核对", "未报送")
    assert (names["丙试验评价所"], sums["open"]) == ("本批次没有登记和评价项目", 1)
    names, sums = labels(CLOSES)
    assert names["丙试验评价所"] == "本批次没有登记和评价项目"
    assert {row.organisation.name for row in owing(round_2022.pk)} == {
        name for name, told in names.items() if told == "逾期未报"
    }
    assert names["乙试验评价所"] == "逾期未报"
    assert (sums["filed"], sums["missing"], sums["late"], sums["open"]) == (1, 1, 0, 0)
    assert paper_lines(admin, round_id=round_2022.pk, closes_at=CLOSES, now=CLOSES) == []


def test_differences_name_each_disagreement_for_the_city_alone(body, admin, reviewer, round_2022):
    denied, gone = make_engagement(body, round_2022), make_engagement(body, round_2022)
    mine = make_subject()
    report = make_report(admin, round_2022)
    here = {"subject": mine.name, "uscc": mine.organisation.uscc, "province": "辽宁省", "category": mine.kind}
    complete(report, admin, elsewhere=[{**here, "level": "national"}])
    save(
        filing_id=report.filing_id,
        seen_version=99,
        changes={f"projects[e{denied.pk}].ours": "no"},
        actor=admin,
    )
    file(report, admin)
    withdraw_engagement(actor=reviewer, engagement_id=gone.pk)
    late = make_engagement(body, round_2022)
    found = {(item.subject, item.text.split("，")[0]) for item in differences(reviewer, round_id=round_2022.pk)}
    assert found == {
        (denied.subject.name, "申报单位登记由该机构评价"),
        (gone.subject.name, "报送之后撤回或认定无效"),
        (late.subject.name, "报送之后新登记"),
        (mine.name, "机构填在本系统以外"),
    }
    assert differences(admin, round_id=round_2022.pk) == []


def test_a_row_of_d2_that_repeats_another_evaluation_is_told(body, admin, reviewer, round_2022):
    row = make_engagement(body, round_2022)
    code = row.subject.organisation.uscc
    own = {"subject": row.subject.name, "uscc": code, "province": "辽宁省", "category": row.category}
    far = {"subject": "外省试验厂", "uscc": fictional_uscc(77), "province": "试验省", "category": "factory"}
    report = make_report(admin, round_2022)
    elsewhere = [
        {**own, "level": "national"},
        {**own, "level": "provincial"},
        {**far, "level": "national"},
        {**far, "subject": "外省 试验厂", "level": "national"},
        {**far, "subject": "外省试验二厂", "level": "national"},
        {**far, "level": "provincial"},
    ]
    complete(report, admin, elsewhere=elsewhere)
    file(report, admin)
    assert [(item.subject, item.text) for item in differences(reviewer, round_id=round_2022.pk)] == [
        (row.subject.name, "本系统内已登记的评价项目又填在本系统以外，可能重复计数"),
        ("外省 试验厂", "本系统以外的评价项目重复填写，可能重复计数"),
    ]


@pytest.mark.parametrize("size", [1, 3])
def test_overview_takes_constant_queries(size, admin, report, reviewer, round_2022, django_assert_num_queries):
    complete(report, admin)
    file(report, admin)
    for number in range(size - 1):
        other = make_evaluator()
        make_filed_report(
            person(Role.EVALUATOR_ADMIN, f"别家{number}", organisation_id=other.organisation_id), round_2022
        )
    with django_assert_num_queries(2):
        differences(reviewer, round_id=round_2022.pk)
    with django_assert_num_queries(6):
        paper_lines(reviewer, round_id=round_2022.pk, closes_at=CLOSES, now=DURING)


# --- reminders --------------------------------------------------------------------------------------------------------


def test_marks_are_reached_in_order():
    days = [20, 14, 10, 7, 3, 1]
    found = [report_clock.due_mark(CLOSES, CLOSES - timedelta(days=day)) for day in days]
    assert found == ["", "T-14d", "T-14d", "T-7d", "T-3d", "T-1d"]
    assert report_clock.due_mark(CLOSES, CLOSES) == "closed"
    assert report_clock.due_mark(CLOSES, CLOSES + timedelta(days=3)) == ""


def test_who_owes_is_reminded_once_per_mark_and_who_filed_is_not(body, admin, report, round_2022):
    make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation)
    late = make_evaluator("乙试验评价所")
    reader = make_user(Role.EVALUATOR, organisation=late.organisation)
    make_engagement(late, round_2022)
    idle = make_evaluator("丙试验评价所")
    make_user(Role.EVALUATOR, organisation=idle.organisation)
    complete(report, admin)
    file(report, admin)
    for at in (CLOSES - timedelta(days=7), CLOSES - timedelta(days=6), CLOSES - timedelta(days=3)):
        with clock.fixed(at):
            report_clock.keep_time()
            report_clock.keep_time()
    sent = OutboxMail.objects.filter(template="report_reminder")
    assert [mail.recipient for mail in sent] == [reader.email] * 2
    assert list(ReportMark.objects.order_by("pk").values_list("mark", "told")) == [("T-7d", 1), ("T-3d", 1)]


def test_after_the_clock_the_city_reads_who_is_missing(body, round_2022, reviewer):
    lead = make_user(Role.CITY_LEAD)
    make_engagement(body, round_2022)
    with clock.fixed(CLOSES + timedelta(minutes=5)):
        report_clock.keep_time()
        report_clock.keep_time()
    mails = OutboxMail.objects.filter(template="report_missing")
    assert lead.email in {mail.recipient for mail in mails}
    assert len({mail.recipient for mail in mails}) == mails.count()


def test_moved_clock_starts_its_own_marks(body, round_2022, reviewer):
    make_user(Role.EVALUATOR, organisation=body.organisation)
    make_engagement(body, round_2022)
    with clock.fixed(CLOSES - timedelta(days=1)):
        report_clock.keep_time()
        Deadline.objects.filter(round=round_2022, key="evaluators.report").update(closes_at=CLOSES + timedelta(days=9))
        assert report_clock.keep_time() == 1
    assert ReportMark.objects.count() == 2


# --- block A, the statement, the copy with starred names --------------------------------------------------------------


def test_block_a_names_the_kind_of_each_relation(body, admin, reviewer, round_2022):
    direct, told, far = (make_evaluator(f"{name}试验评价所") for name in "乙丙丁")
    join(body, direct, reviewer, kind="shareholding")
    join(body, told, reviewer, kind="other", text="共用检测实验室")
    join(direct, far, reviewer, kind="control")
    answers = reporting.first_answers(body, round_2022.pk)
    assert {row["name"]: row["relation"] for row in answers["affiliates"]} == {
        "乙试验评价所": "持股关系",
        "丙试验评价所": "共用检测实验室",
        "丁试验评价所": "经其他关联单位间接关联",
    }


def test_a_relation_that_ended_is_no_kind_any_more(body, admin, reviewer, round_2022):
    other = make_evaluator("乙试验评价所")
    row = join(body, other, reviewer, kind="control")
    assert relations_of(body.organisation_id) == {other.organisation_id: "控制关系"}
    end_relation(actor=reviewer, relation_id=row.pk, reason="股权已转让")
    assert relations_of(body.organisation_id) == {}


def test_the_masked_copy_has_a_code_and_a_hash_of_its_own(body, report, admin, reviewer):
    make_roster(body, senior=1, intermediate=0)
    complete(report, admin)
    version = file(report, admin)
    row = reports_visible_to(reviewer).get()
    full, copy = paper_of(row, masked=False), paper_of(row, masked=True)
    assert parse_code(full.code) == report_code(filing_id=version.pk, number=version.number, sha256=version.sha256)
    assert parse_code(copy.code) is None
    assert full.caption[1] != copy.caption[1]
    assert (full.copy_of, copy.copy_of) == ("", full.caption[1])
    text = printed(report_pdf(copy))
    assert "不作为盖章件" in text
    assert copy.copy_of in text
    assert "不作为盖章件" not in printed(report_pdf(full))
