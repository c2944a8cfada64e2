"""How an evaluation was done: fields, the procedure, the statement, and the word about the cap before the fifteenth."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from evaluators.constants import FILE_STATEMENT
from evaluators.forms.working import WorkForm
from evaluators.models import Engagement, EngagementStep, ProjectLead
from evaluators.rules import cap_level
from evaluators.selectors.detail import evaluator_page
from evaluators.selectors.groups import group_page
from evaluators.selectors.working import cap_line
from evaluators.services import EngagementFields, StepFields, confirm, record_work
from evaluators.services.working import names, step_problems
from evaluators.states import EngagementState
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from greenportal.rounds.rulebook import load
from tests.evaluators.conftest import person
from tests.factories.evaluators import (
    group_of,
    make_engagement,
    make_evaluator,
    make_registration,
    make_sanction,
    make_upload,
)
from tests.factories.roster import fictional_id

pytestmark = pytest.mark.django_db
GOOD = EngagementFields(
    contract_no="演〔2022〕1号",
    contract_on=date(2022, 6, 1),
    visit_from=date(2022, 7, 4),
    visit_to=date(2022, 7, 5),
    report_on=date(2022, 8, 1),
    score=Decimal("91.25"),
)


def own(evaluator, role=Role.EVALUATOR_ADMIN) -> Actor:
    return person(role, "评价员", organisation_id=evaluator.organisation_id)


def told(engagement, fields=GOOD, steps=None, **values):
    defaults = {"actor": own(engagement.evaluator), "seen_version": engagement.version}
    return record_work(engagement_id=engagement.pk, told=fields, steps=steps or {}, **{**defaults, **values})


@pytest.fixture
def confirmed(round_2022) -> Engagement:
    return make_engagement(make_evaluator(), round_2022, state="confirmed")


def test_what_is_reported_is_stored_audited_and_checked_again(confirmed):
    steps = {
        "team": StepFields(done_on=date(2022, 6, 10), people="甲试，乙试\n乙试"),
        "technical_review": StepFields(done_on=date(2022, 7, 30), people="丙试", note="无异议"),
    }
    statement = make_upload(own(confirmed.evaluator), FILE_STATEMENT)
    row = told(confirmed, steps=steps, statement_id=statement.pk)
    row.refresh_from_db()
    assert (row.score, row.contract_no, row.statement, row.version) == (Decimal("91.25"), "演〔2022〕1号", statement, 2)
    assert dict(EngagementStep.objects.values_list("step", "people")) == {
        "team": "甲试\n乙试",
        "technical_review": "丙试",
    }
    entry = AuditEntry.objects.get(action="evaluators.record_work")
    assert "甲试" not in str(entry.data)
    assert Job.objects.get(kind="nominations.recheck").payload["engagement_ids"] == [row.pk]


def test_the_same_report_day_asks_for_no_check(confirmed):
    told(confirmed)
    Job.objects.all().delete()
    confirmed.refresh_from_db()
    told(confirmed)
    assert not Job.objects.filter(kind="nominations.recheck").exists()


def test_incomplete_work_is_stored_as_it_is(confirmed):
    row = told(confirmed, EngagementFields(contract_no="1号"), {"team": StepFields()})
    assert (row.contract_no, row.report_on) == ("1号", None)


def test_the_internal_review_is_by_people_outside_the_team(confirmed):
    steps = {
        "team": StepFields(done_on=date(2022, 6, 10), people="甲试\n乙试"),
        "technical_review": StepFields(done_on=date(2022, 7, 30), people="乙试"),
    }
    with pytest.raises(Invalid) as caught:
        told(confirmed, steps=steps)
    assert caught.value.errors == {
        "technical_review_people": ["乙试已列入“组成评价组”，“内部技术复核”须由评价组以外的人员进行。"]
    }
    assert not EngagementStep.objects.exists()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (EngagementFields(contract_on=date(2022, 9, 21)), "contract_on"),
        (EngagementFields(contract_on=date(2022, 7, 1), visit_from=date(2022, 6, 30)), "visit_from"),
        (EngagementFields(visit_from=date(2022, 7, 2), visit_to=date(2022, 7, 1)), "visit_to"),
        (EngagementFields(visit_from=date(2022, 7, 2), report_on=date(2022, 7, 1)), "report_on"),
        (EngagementFields(score=Decimal("100.01")), "score"),
        (EngagementFields(score=Decimal("-1")), "score"),
    ],
)
def test_days_out_of_order_and_figures_out_of_range_are_told_at_their_field(fields, place, round_2022):
    assert list(fields.problems()) == [place]


def test_equal_days_and_full_marks_are_fine(round_2022):
    day = date(2022, 9, 20)
    fields = EngagementFields(contract_on=day, visit_from=day, visit_to=day, report_on=day, score=Decimal(100))
    assert fields.problems() == {}


def test_steps_are_those_of_the_rulebook(round_2022):
    book = load("2022")
    assert list(book.procedure) == [
        "contract_review",
        "team",
        "document_review",
        "site_visit",
        "report",
        "technical_review",
    ]
    assert set(step_problems({"other": StepFields()}, book)) == {"other_done_on"}
    assert set(step_problems({"team": StepFields(done_on=date(2022, 9, 1))}, book)) == {"team_people"}
    assert set(step_problems({"report": StepFields(done_on=date(2023, 9, 1), people="甲试")}, book)) == {
        "report_done_on"
    }


@pytest.mark.parametrize(("reviewer", "refused"), [("甲 试", True), ("甲\u3000试", True), ("甲试二", False)])
def test_a_blank_inside_a_name_does_not_make_another_person(reviewer, refused):
    steps = {"team": StepFields(people="甲试"), "technical_review": StepFields(people=reviewer)}
    found = step_problems(steps, load("2022"))
    assert ("technical_review_people" in found) is refused


def test_names_are_parted_by_any_of_the_usual_marks():
    assert names(" 甲试、乙试，丙试\n丙试;丁  试 ") == ("甲试", "乙试", "丙试", "丁 试")


@pytest.mark.parametrize("state", [s for s in EngagementState.values if s not in {"confirmed", "upheld"}])
def test_only_a_confirmed_evaluation_is_written_on(state, round_2022):
    engagement = make_engagement(make_evaluator(), round_2022, state=state)
    with pytest.raises(WrongState, match="确认评价项目后再填写"):
        told(engagement)


@pytest.mark.parametrize("role", list(Role))
def test_only_its_evaluator_writes(role, confirmed):
    actor = person(role, "某人", organisation_id=confirmed.evaluator.organisation_id)
    if role == Role.EVALUATOR:
        # A handler writes only on what he leads.
        with pytest.raises(Refused, match="没有分派给您"):
            told(confirmed, actor=actor)
        ProjectLead.objects.create(engagement=confirmed, user_id=actor.user_id, assigned_at=confirmed.claimed_at)
    if role in {Role.EVALUATOR, Role.EVALUATOR_ADMIN}:
        told(confirmed, actor=actor)
    else:
        with pytest.raises(Refused):
            told(confirmed, actor=actor)
    with pytest.raises(NotVisible):
        told(confirmed, actor=own(make_evaluator()))


def test_a_row_changed_meanwhile_is_stale_and_foreign_files_are_not_taken(confirmed):
    with pytest.raises(Stale):
        told(confirmed, seen_version=7)
    foreign = make_upload(person(Role.EVALUATOR, "别人"), FILE_STATEMENT)
    with pytest.raises(NotVisible):
        told(confirmed, statement_id=foreign.pk)


def test_database_keeps_score_and_visit_in_range(confirmed):
    rows = Engagement.objects.filter(pk=confirmed.pk)
    for values in ({"score": 101}, {"visit_from": date(2022, 7, 2), "visit_to": date(2022, 7, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)


# --- a report within a sanction ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report_on", "refused"),
    [
        (date(2022, 2, 28), False),
        (date(2022, 3, 1), True),
        (date(2022, 9, 20), True),
    ],
)
def test_a_report_dated_within_a_sanction_is_refused_one_before_is_for_a_person(report_on, refused, confirmed):
    first, second = (person(Role.CITY_LEAD, name) for name in "甲乙")
    make_sanction(
        confirmed.evaluator.organisation,
        None,
        None,
        verified_by_id=first.user_id,
        second_by_id=second.user_id,
        verified_on=date(2022, 3, 1),
        until=date(2025, 3, 1),
    )
    claimed = make_engagement(confirmed.evaluator, confirmed.round)
    for act in (
        lambda: told(confirmed, EngagementFields(report_on=report_on)),
        lambda: confirm(actor=own(claimed.evaluator), engagement_id=claimed.pk, report_on=report_on),
    ):
        if refused:
            with pytest.raises(Invalid, match="报告日期在不予采信期内") as caught:
                act()
            assert set(caught.value.errors) == {"report_on"}
        else:
            act()


def test_a_lifted_sanction_refuses_only_what_lies_before_its_end(confirmed):
    first, second = (person(Role.CITY_LEAD, name) for name in "甲乙")
    make_sanction(
        confirmed.evaluator.organisation,
        None,
        None,
        verified_by_id=first.user_id,
        second_by_id=second.user_id,
        lifted_on=date(2022, 7, 1),
    )
    with pytest.raises(Invalid):
        told(confirmed, EngagementFields(report_on=date(2022, 6, 30)))
    told(confirmed, EngagementFields(report_on=date(2022, 7, 1)))


# --- near the cap -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "level"), [(11, ""), (12, "near"), (14, "near"), (15, "full"), (16, "over")])
def test_nearness_to_the_cap(count, level):
    assert cap_level(count, warn_from=12, limit=15) == level


def test_without_a_number_nobody_is_warned_early():
    assert cap_level(14, warn_from=None, limit=15) == ""


def test_thresholds_are_our_own_and_say_so():
    book = load("2022")
    for key, value in (("cap_warning", 12), ("cap_acknowledge", 15)):
        assert (int(book.numbers[key].value), book.numbers[key].confidence) == (value, "low")
        assert "通知没有规定" in book.numbers[key].source


def test_the_fifteenth_is_confirmed_only_by_somebody_who_read_it(round_2022):
    evaluator = make_evaluator()
    for _ in range(13):
        make_engagement(evaluator, round_2022, state="confirmed")
    affiliate = make_evaluator(group=group_of(evaluator))
    fourteenth, fifteenth = make_engagement(affiliate, round_2022), make_engagement(evaluator, round_2022)
    confirm(actor=own(affiliate), engagement_id=fourteenth.pk)
    with pytest.raises(Invalid) as caught:
        confirm(actor=own(evaluator), engagement_id=fifteenth.pk)
    assert set(caught.value.errors) == {"cap_seen"}
    assert "已确认14项" in caught.value.message
    row = confirm(actor=own(evaluator), engagement_id=fifteenth.pk, cap_seen=True, independent=True)
    assert (row.state, row.independent, row.cap_seen_by_id) == ("confirmed", True, own(evaluator).user_id)


@pytest.mark.parametrize(("elsewhere", "level", "asked"), [(8, "", False), (9, "near", False), (14, "over", True)])
def test_what_is_declared_elsewhere_counts_towards_the_cap_that_is_warned_of(elsewhere, level, asked, round_2022):
    evaluator = make_evaluator()
    affiliate = make_evaluator(group=group_of(evaluator))
    make_registration(affiliate, round_2022, declared_elsewhere=99)
    make_registration(affiliate, round_2022, declared_elsewhere=elsewhere)
    rows = [make_engagement(evaluator, round_2022) for _ in range(3)]
    line = cap_line(rows[0])
    assert (line.counted, line.elsewhere, line.union, line.level) == (3, elsewhere, 3 + elsewhere, level)
    city = person(Role.CITY_REVIEWER, "市局")
    assert evaluator_page(city, evaluator, round_2022).level == level
    assert group_page(city, group_of(evaluator).pk, round_2022).level == level
    if not asked:
        assert confirm(actor=own(evaluator), engagement_id=rows[0].pk).state == "confirmed"
        return
    with pytest.raises(Invalid) as caught:
        confirm(actor=own(evaluator), engagement_id=rows[0].pk)
    assert "已确认0项，申报的系统外项目14项，确认本项后累计15项，上限15项" in caught.value.message
    assert confirm(actor=own(evaluator), engagement_id=rows[0].pk, cap_seen=True).cap_seen_by_id is not None


def test_identity_numbers_are_refused_where_people_and_remarks_are_typed(confirmed):
    number = fictional_id(72)
    steps = {key: StepFields(people=f"甲试{number}", note=f"见{number}") for key in ("document_review",)}
    with pytest.raises(Invalid) as caught:
        told(confirmed, fields=EngagementFields(contract_no=number), steps=steps)
    assert set(caught.value.errors) == {"contract_no", "document_review_people", "document_review_note"}
    assert caught.value.errors["contract_no"] == [
        "“合同编号”含有身份证件号码。系统不保存身份证件号码，请改填不含号码的内容。"
    ]
    assert number not in str(caught.value.errors)
    assert not EngagementStep.objects.exists()


def test_the_form_shows_every_field_once_under_its_heading(confirmed):
    book = load("2022")
    form = WorkForm.started(None, confirmed, book)
    groups = form.groups()
    assert [title for title, _ in groups[1:]] == [f"程序：{spec.label}" for spec in book.procedure.values()]
    shown = [field.name for _, fields in groups for field in fields]
    assert sorted(shown) == sorted(field.name for field in form.visible_fields())
    first = ["contract_no", "contract_on", "visit_from", "visit_to", "report_on", "score", "statement"]
    assert [field.name for field in groups[0][1]] == first
