"""Pages of evaluators: who reaches them, what the city and the evaluator do there."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement, Evaluator, EvaluatorRegistration, Sanction
from evaluators.selectors.detail import evaluator_page
from evaluators.services import dispute, record_appeal
from evaluators.services.importing import HEADINGS
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.directory.fictional import fictional_uscc
from greenportal.files.models import StoredFile
from greenportal.findings.types import Outcome
from tests.evaluators.conftest import person, with_two_people
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_subject
from tests.factories.evaluators import (
    group_of,
    join,
    make_engagement,
    make_evaluator,
    make_registration,
    make_relation,
    make_sanction,
)
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
HOLDERS = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
CITY = {Role.CITY_LEAD, Role.CITY_REVIEWER}
OWN = {Role.EVALUATOR, Role.EVALUATOR_ADMIN}


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


@pytest.mark.parametrize("role", HOLDERS)
def test_each_role_reaches_its_pages_only(role, round_2022, client_of):
    evaluator = make_evaluator()
    engagement, sanction = make_engagement(evaluator, round_2022), with_two_people(evaluator)
    city = person(Role.CITY_LEAD, "甲")
    relation = make_relation(evaluator.organisation, make_evaluator().organisation, city)
    appeal = record_appeal(actor=city, sanction_id=sanction.pk, on=sanction.verified_on, text="不服")
    values = {"organisation": evaluator.organisation} if role in OWN else {}
    client = client_of(role, **values)
    one = [evaluator.pk]
    pages = {
        reverse("evaluators:index"): CITY,
        reverse("evaluators:create"): CITY,
        reverse("evaluators:import"): CITY,
        reverse("evaluators:detail", args=one): CITY | OWN,
        reverse("evaluators:registration", args=one): CITY,
        reverse("evaluators:affiliates", args=one): CITY,
        reverse("evaluators:group", args=[group_of(evaluator).pk]): CITY,
        reverse("evaluators:relation", args=[relation.pk]): CITY | OWN,
        reverse("evaluators:sanction_detail", args=[sanction.pk]): CITY | OWN,
        reverse("evaluators:appeal", args=[sanction.pk]): CITY,
        reverse("evaluators:outcome", args=[appeal.pk]): CITY,
        reverse("evaluators:engagement", args=[engagement.pk]): CITY | OWN,
        # Of the own body, those who may act: a handler only on what it leads (test_desk.py).
        reverse("evaluators:work", args=[engagement.pk]): {Role.EVALUATOR_ADMIN},
        reverse("evaluators:sanction", args=one): CITY,
        reverse("evaluators:lift", args=[sanction.pk]): CITY,
        reverse("evaluators:decide", args=[engagement.pk]): CITY,
        reverse("evaluators:confirm", args=[engagement.pk]): {Role.EVALUATOR_ADMIN},
        reverse("evaluators:dispute", args=[engagement.pk]): {Role.EVALUATOR_ADMIN},
    }
    answers = {url: client.get(url).status_code for url in pages}
    assert answers == {url: 200 if role in allowed else 403 for url, allowed in pages.items()}


@pytest.mark.parametrize("role", sorted(OWN))
def test_foreign_evaluator_and_absent_rows_answer_alike(role, round_2022, client_of):
    mine, foreign = make_evaluator(), make_evaluator("不可见试验所")
    engagement = make_engagement(foreign, round_2022)
    client = client_of(role, organisation=mine.organisation)
    relation = make_relation(foreign.organisation, make_evaluator().organisation, person(Role.CITY_LEAD, "甲"))
    rows = {"detail": foreign, "relation": relation, "sanction_detail": with_two_people(foreign)}
    rows |= dict.fromkeys(("confirm", "dispute", "engagement", "work"), engagement)
    for name, pk in ((name, row.pk) for name, row in rows.items()):
        there, absent = (client.get(reverse(f"evaluators:{name}", args=[n])) for n in (pk, 10**9))
        assert (there.status_code, absent.status_code) == (404, 404)
        assert there.content == absent.content or "不可见试验所" not in there.content.decode()


def test_evaluator_sees_neither_facts_nor_waiting_sanctions_nor_city_links(round_2022, client_of):
    evaluator = make_evaluator()
    sanction = with_two_people(evaluator)
    waiting = make_sanction(
        evaluator.organisation, sanction.verified_by, sanction.second_by, confirmed_at=None, document_no="未生效1号"
    )
    page = (
        client_of(Role.EVALUATOR, organisation=evaluator.organisation)
        .get(reverse("evaluators:detail", args=[evaluator.pk]))
        .content.decode()
    )
    assert sanction.document_no in page
    assert waiting.document_no not in page
    assert "登记不予采信" not in page
    city = client_of(Role.CITY_REVIEWER).get(reverse("evaluators:detail", args=[evaluator.pk])).content.decode()
    assert waiting.document_no in city
    assert "登记不予采信" in city


def test_city_puts_a_body_on_file_then_registers_what_it_proved(round_2022, client_of):
    client = client_of(Role.CITY_REVIEWER)
    answer = client.post(reverse("evaluators:create"), {"uscc": fictional_uscc(5, prefix="12"), "name": "试验评价所"})
    evaluator = Evaluator.objects.get()
    url = reverse("evaluators:registration", args=[evaluator.pk])
    assert answer.headers["Location"] == url
    client.post(
        url,
        {
            "registered_in_china": "yes",
            "has_office": "no",
            "staff_intermediate": "12",
            "staff_senior": "6",
            "source": "材料",
            "seen_number": "0",
        },
    )
    row = EvaluatorRegistration.objects.get()
    assert (row.registered_in_china, row.has_office, row.knows_rules, row.staff_senior) == (True, False, None, 6)
    again = client.get(url).content.decode()
    assert '<option value="yes" selected>是</option>' in again
    assert 'value="12"' in again


def test_wrong_code_and_name_conflict_keep_what_was_typed(round_2022, client_of):
    client, url = client_of(Role.CITY_REVIEWER), reverse("evaluators:create")
    wrong = client.post(url, {"uscc": "91210202MA0TE5T16B", "name": "试验评价所"}).content.decode()
    assert "第18位校验码与前17位不一致" in wrong
    assert 'value="试验评价所"' in wrong
    known = make_evaluator("登记名评价所")
    conflict = client.post(url, {"uscc": known.organisation.uscc, "name": "别的名"}).content.decode()
    assert "已登记为“登记名评价所”" in conflict


def test_numbers_that_do_not_fit_are_shown_at_their_field(round_2022, client_of):
    evaluator = make_evaluator()
    page = (
        client_of(Role.CITY_LEAD)
        .post(
            reverse("evaluators:registration", args=[evaluator.pk]),
            {"staff_intermediate": "3", "staff_senior": "6", "source": "材料", "seen_number": "0"},
        )
        .content.decode()
    )
    assert 'id="id_staff_senior_error"' in page
    assert "高级职称人数包含在中级职称以上人数内" in page
    assert EvaluatorRegistration.objects.count() == 0


def test_a_record_in_the_doubtful_year_reads_to_be_verified_on_the_page(round_2022, client_of):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, latest_record_on=date(2017, 6, 1))
    actor = Actor(role=Role.CITY_REVIEWER)
    ability = {c.key: c.outcome for c in evaluator_page(actor, evaluator, round_2022).conditions}["ability"]
    assert ability == Outcome.MANUAL
    old = make_evaluator()
    make_registration(old, round_2022, latest_record_on=date(2016, 12, 31))
    ability = {c.key: c.outcome for c in evaluator_page(actor, old, round_2022).conditions}["ability"]
    assert ability == Outcome.NOT_MET


def test_second_press_of_confirm_is_told_not_an_error(round_2022, client_of):
    sanction = with_two_people(make_evaluator())
    client = client_of(Role.CITY_REVIEWER)
    page = client.post(reverse("evaluators:second", args=[sanction.pk]), follow=True)
    assert "这一登记已复核" in page.content.decode()


def test_evaluator_confirms_and_disputes_and_the_city_decides(round_2022, client_of):
    evaluator = make_evaluator()
    yes, no = (make_engagement(evaluator, round_2022) for _ in range(2))
    own, city = client_of(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation), client_of(Role.CITY_REVIEWER)
    own.post(
        reverse("evaluators:confirm", args=[yes.pk]), {"version": 1, "report_on": "2022-09-10", "independent": "yes"}
    )
    empty = own.post(reverse("evaluators:dispute", args=[no.pk]), {"version": 1, "reason": ""}).content.decode()
    assert "提出异议需要写明理由" in empty
    own.post(reverse("evaluators:dispute", args=[no.pk]), {"version": 1, "reason": "未受委托"})
    page = city.get(reverse("evaluators:decide", args=[no.pk])).content.decode()
    assert "机构的异议：未受委托" in page
    city.post(reverse("evaluators:decide", args=[no.pk]), {"version": 2, "reason": "没有合同", "void": "1"})
    assert dict(Engagement.objects.values_list("pk", "state")) == {yes.pk: "confirmed", no.pk: "void"}
    yes.refresh_from_db()
    assert str(yes.report_on) == "2022-09-10"


@pytest.mark.parametrize("page", ["decide", "dispute"])
def test_a_reason_that_the_service_asks_for_is_not_called_optional(round_2022, client_of, page):
    engagement = make_engagement(make_evaluator(), round_2022)
    who = {"organisation": engagement.evaluator.organisation} if page == "dispute" else {}
    client = client_of(Role.EVALUATOR_ADMIN if page == "dispute" else Role.CITY_REVIEWER, **who)
    text = client.get(reverse(f"evaluators:{page}", args=[engagement.pk])).content.decode()
    assert re.search(r">理由\s*</label>", text)
    assert "选填" not in text


def test_confirm_page_says_how_near_the_cap_is_and_that_a_sanction_runs(round_2022, client_of):
    evaluator = make_evaluator()
    rows = [make_engagement(evaluator, round_2022) for _ in range(12)]
    Engagement.objects.filter(pk=rows[0].pk).update(state="confirmed")
    own = client_of(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    url = reverse("evaluators:confirm", args=[rows[1].pk])
    page = own.get(url).content.decode()
    assert "本机构及关联单位本批次在本系统登记 12 项，其中已确认 1 项；上限 15 项。" in page
    assert "接近上限" in page
    assert "不予采信" not in page
    today = clock.today()
    users = [User.objects.get(pk=person(Role.CITY_LEAD, name).user_id) for name in ("甲", "乙")]
    make_sanction(evaluator.organisation, *users, verified_on=today, until=today + timedelta(days=1))
    assert "期内不能确认新的评价项目" in own.get(url).content.decode()
    told = own.post(url, {"version": 1, "report_on": "", "independent": "yes"}).content.decode()
    assert "期内不能确认新的评价项目。查实日期以前已出具评价报告的" in told
    rows[1].refresh_from_db()
    assert rows[1].state == "claimed"


def test_city_decides_a_dispute_on_its_page(round_2022, client_of):
    evaluator = make_evaluator()
    row = make_engagement(evaluator, round_2022)
    own, city = client_of(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation), client_of(Role.CITY_REVIEWER)
    url = reverse("evaluators:decide", args=[row.pk])
    early = city.post(url, {"version": 1, "reason": "合同齐备", "uphold": "1"}).content.decode()
    assert "当前状态为" in early
    own.post(reverse("evaluators:dispute", args=[row.pk]), {"version": 1, "reason": "未受委托"})
    for pressed in ({}, {"uphold": "1", "void": "1"}):
        page = city.post(url, {"version": 2, "reason": "合同齐备", **pressed}).content.decode()
        assert "按“认定有效，恢复计数”或“认定无效”提交。" in page
        assert "合同齐备" in page
    assert "写明理由" in city.post(url, {"version": 2, "reason": "", "void": "1"}).content.decode()
    stale = city.post(url, {"version": 1, "reason": "合同齐备", "uphold": "1"}).content.decode()
    assert "刚被他人处理" in stale
    assert "合同齐备" in stale
    row.refresh_from_db()
    assert (row.state, row.ordinal) == ("disputed", None)
    done = city.post(url, {"version": 2, "reason": "合同齐备", "uphold": "1"}, follow=True).content.decode()
    assert "已认定：" in done
    row.refresh_from_db()
    assert (row.state, row.ordinal, row.decision_reason) == ("upheld", 1, "合同齐备")
    assert "合同齐备" in own.get(reverse("evaluators:engagement", args=[row.pk])).content.decode()


def test_home_page_tells_each_what_waits(round_2022, client_of):
    evaluator = make_evaluator()
    subject = make_subject(name="待确认厂区")
    engagement = make_engagement(evaluator, round_2022, subject)
    own_user = make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    assert "确认评价项目：待确认厂区" in sign_in(Client(), own_user).get(reverse("home")).content.decode()
    dispute(actor=actor_for(own_user), engagement_id=engagement.pk, reason="未受委托")
    waiting = with_two_people(evaluator)
    Sanction.objects.create(
        organisation=evaluator.organisation,
        verified_on=waiting.verified_on,
        until=waiting.until,
        document_no="待复核号",
        verified_by=waiting.verified_by,
        created_at=waiting.created_at,
    )
    home = client_of(Role.CITY_REVIEWER).get(reverse("home")).content.decode()
    assert "认定评价项目异议" in home
    assert f"复核不予采信登记：{evaluator.organisation.name}" in home


def test_excel_is_looked_through_then_stored(round_2022, client_of, django_capture_on_commit_callbacks):
    client, url = client_of(Role.CITY_REVIEWER), reverse("evaluators:import")
    heads = [spellings[0] for spellings in HEADINGS.values()]
    line = [
        fictional_uscc(6, prefix="12"),
        "试验评价所",
        "是",
        "是",
        "是",
        "是",
        12,
        6,
        "是",
        "2021-06-01",
        "是",
        2,
        "",
    ]
    assert "确认导入1项" in client.post(url, {"file": workbook_upload(heads, line)}).content.decode()
    assert Evaluator.objects.count() == 0
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"file_id": StoredFile.objects.get().pk, "confirm": "1"})
    row = EvaluatorRegistration.objects.get()
    assert (row.staff_intermediate, str(row.latest_record_on), row.source) == (12, "2021-06-01", "名单.xlsx")


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number(count, round_2022, client_of, django_assert_num_queries):
    for _ in range(count):
        evaluator = make_evaluator()
        make_registration(evaluator, round_2022)
        make_engagement(evaluator, round_2022)
    client = client_of(Role.CITY_LEAD)
    client.get(reverse("evaluators:index"))
    with django_assert_num_queries(13):
        client.get(reverse("evaluators:index"))


def test_without_a_round_the_page_says_what_to_do(client_of):
    page = client_of(Role.CITY_LEAD).get(reverse("evaluators:index"))
    assert page.status_code == 409
    assert "目前没有进行中的年度批次" in page.content.decode()


def test_the_list_marks_the_total_that_comes_near_the_cap(round_2022, client_of):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, declared_elsewhere=14)
    for _ in range(3):
        make_engagement(evaluator, round_2022)
    page = client_of(Role.CITY_REVIEWER).get(reverse("evaluators:index"))
    [row] = page.context["rows"]
    cells = {cell["label"]: cell for cell in row["cells"]}
    assert (cells["合计"]["text"], cells["合计"]["colour"]) == ("17", "red")
    assert (cells["本系统项目"]["text"], cells["本系统项目"]["colour"]) == ("3", "")


def test_search_narrows_the_list(round_2022, client_of):
    make_evaluator("甲试验所")
    make_evaluator("乙试验所")
    page = client_of(Role.CITY_LEAD).get(reverse("evaluators:index"), {"q": "甲"}).content.decode()
    assert "甲试验所" in page
    assert "乙试验所" not in page


def test_evaluator_on_no_file_reads_what_to_do(round_2022, client_of):
    page = client_of(Role.EVALUATOR).get(reverse("evaluators:mine")).content.decode()
    assert "本机构尚未登记" in page


def test_evaluator_writes_on_its_page_and_the_city_reads(round_2022, client_of):
    engagement = make_engagement(make_evaluator(), round_2022, state="confirmed")
    client = client_of(Role.EVALUATOR_ADMIN, organisation=engagement.evaluator.organisation)
    url = reverse("evaluators:work", args=[engagement.pk])
    team = {"team_done_on": "2022-06-01", "team_people": "甲试"}
    review = {"technical_review_done_on": "2022-07-01", "technical_review_people": "甲试"}
    wrong = client.post(url, {"version": 1, "contract_no": "1号", **team, **review}).content.decode()
    assert "甲试已列入“组成评价组”" in wrong
    assert 'value="1号"' in wrong
    client.post(url, {"version": 1, "contract_no": "1号", "score": "88.5", "report_on": "2022-08-01"})
    shown = client_of(Role.CITY_REVIEWER).get(reverse("evaluators:engagement", args=[engagement.pk])).content.decode()
    assert "88.50分" in shown
    assert "还缺：合同日期" in shown


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_a_constant_number_of_queries(rows, round_2022, client_of, django_assert_num_queries):
    city = person(Role.CITY_LEAD, "甲")
    first = make_evaluator()
    sanction = with_two_people(first)
    for _ in range(rows):
        join(first, make_evaluator(), city)
        engagement = make_engagement(first, round_2022, state="confirmed")
        record_appeal(actor=city, sanction_id=sanction.pk, on=sanction.verified_on, text="不服")
    client = client_of(Role.CITY_REVIEWER)
    pages = {
        reverse("evaluators:engagement", args=[engagement.pk]): 6,
        reverse("evaluators:group", args=[group_of(first).pk]): 15,
        reverse("evaluators:sanction_detail", args=[sanction.pk]): 7,
    }
    for url, queries in pages.items():
        client.get(url)
        with django_assert_num_queries(queries):
            client.get(url)
