"""不予采信: two people, dates, lifting."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, InternalError, transaction

from evaluators.models import Sanction, SanctionStep
from evaluators.selectors import standing
from evaluators.services import (
    confirm,
    confirm_sanction,
    confirm_step,
    drop_step,
    propose_lift,
    propose_outcome,
    record_appeal,
    record_sanction,
)
from evaluators.services.sanctions import years_after
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from greenportal.jobs.models import Job
from greenportal.rounds.models import Round
from tests.evaluators.conftest import person
from tests.factories.evaluators import make_engagement, make_evaluator, make_sanction
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 1)


def written(actor, evaluator, **values):
    defaults = {
        "organisation_id": evaluator.organisation_id,
        "verified_on": DAY,
        "document_no": "试验文号〔2022〕1号",
        "facts": "试验事实",
    }
    defaults["round_id"] = (Round.objects.first() or open_round_2022()).pk
    return record_sanction(actor=actor, **{**defaults, **values})


def in_force(evaluator, round_, day):
    return standing([evaluator.pk], round_id=round_.pk, as_of=day)[evaluator.pk].sanctioned


@pytest.mark.parametrize(
    ("day", "years", "end"),
    [
        (date(2022, 9, 1), 3, date(2025, 9, 1)),
        (date(2020, 2, 29), 3, date(2023, 3, 1)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
    ],
)
def test_span_ends_on_the_same_day_years_later(day, years, end):
    assert years_after(day, years) == end


def test_it_bites_only_after_the_second_person(round_2022, reviewer, second):
    evaluator = make_evaluator()
    engagement = make_engagement(evaluator, round_2022)
    sanction = written(reviewer, evaluator)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is False
    confirm_sanction(actor=second, sanction_id=sanction.pk)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    job = Job.objects.get(kind="nominations.recheck")
    assert job.payload == {"engagement_ids": [engagement.pk], "cause": "evaluators.sanction"}


def test_same_person_cannot_be_both(reviewer):
    sanction = written(reviewer, make_evaluator())
    with pytest.raises(Refused, match="登记人不能复核自己登记的事项"):
        confirm_sanction(actor=reviewer, sanction_id=sanction.pk)


def test_database_refuses_one_person_as_both_and_one_alone(reviewer):
    sanction = written(reviewer, make_evaluator())
    with pytest.raises(IntegrityError, match="sanction_two_people"), transaction.atomic():
        Sanction.objects.filter(pk=sanction.pk).update(second_by=reviewer.user_id)
    with pytest.raises(IntegrityError, match="sanction_confirmed_by_two"), transaction.atomic():
        Sanction.objects.filter(pk=sanction.pk).update(confirmed_at=sanction.created_at)


def test_second_confirmation_is_told(reviewer, second):
    sanction = written(reviewer, make_evaluator())
    confirm_sanction(actor=second, sanction_id=sanction.pk)
    with pytest.raises(WrongState, match="已复核"):
        confirm_sanction(actor=second, sanction_id=sanction.pk)


def test_first_and_last_day(round_2022, reviewer, second):
    evaluator = make_evaluator()
    confirm_sanction(actor=second, sanction_id=written(reviewer, evaluator).pk)
    # The span is asked of a standing in the future: the confirmation is known by then.
    days = {day: in_force(evaluator, round_2022, day) for day in (date(2025, 8, 31), date(2025, 9, 1))}
    assert days == {date(2025, 8, 31): True, date(2025, 9, 1): False}
    facts = standing([evaluator.pk], round_id=round_2022.pk, as_of=date(2022, 10, 1))[evaluator.pk].sanctions[0]
    assert [facts.in_force_on(d) for d in (date(2022, 8, 31), DAY)] == [False, True]


def test_lifting_needs_two_people_and_ends_it_early(round_2022, reviewer, second):
    evaluator = make_evaluator()
    sanction = make_sanction(evaluator.organisation, _user(reviewer), _user(second))
    values = {"lift_on": date(2022, 9, 15), "reason": "复查撤销", "document_no": "试验〔2022〕9号"}
    step = propose_lift(actor=reviewer, sanction_id=sanction.pk, **values)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    with pytest.raises(Refused):
        confirm_step(actor=reviewer, step_id=step.pk)
    confirm_step(actor=second, step_id=step.pk)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is False
    with pytest.raises(WrongState):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, **values)
    with pytest.raises(WrongState):
        confirm_step(actor=second, step_id=step.pk)


def appealed(reviewer, second, evaluator):
    sanction = make_sanction(evaluator.organisation, _user(reviewer), _user(second))
    appeal = record_appeal(actor=reviewer, sanction_id=sanction.pk, on=date(2022, 8, 1), text="数据来自企业台账")
    return sanction, appeal


OUTCOME = {"on": date(2022, 9, 10), "text": "复核现场记录", "document_no": "试验〔2022〕8号"}


def test_an_appeal_suspends_nothing_and_revoking_ends_it_from_the_first_day(round_2022, reviewer, second):
    evaluator = make_evaluator()
    engagement = make_engagement(evaluator, round_2022)
    _, appeal = appealed(reviewer, second, evaluator)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    step = propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **OUTCOME)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    with pytest.raises(Refused):
        confirm_step(actor=reviewer, step_id=step.pk)
    confirm_step(actor=second, step_id=step.pk)
    days = [date(2021, 1, 10), date(2022, 10, 1), date(2023, 12, 31)]
    facts = standing([evaluator.pk], round_id=round_2022.pk, as_of=date(2022, 10, 1))[evaluator.pk].sanctions[0]
    assert [facts.in_force_on(day) for day in days] == [False, False, False]
    job = Job.objects.get(kind="nominations.recheck")
    assert job.payload == {"engagement_ids": [engagement.pk], "cause": "evaluators.lift"}


def test_keeping_leaves_it_in_force_and_closes_the_appeal(round_2022, reviewer, second):
    evaluator = make_evaluator()
    _, appeal = appealed(reviewer, second, evaluator)
    confirm_step(actor=second, step_id=propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=False, **OUTCOME).pk)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    with pytest.raises(WrongState, match="已有处理意见"):
        propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **OUTCOME)


def test_the_second_person_may_disagree_and_another_proposal_follows(round_2022, reviewer, second):
    sanction, appeal = appealed(reviewer, second, make_evaluator())
    step = propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **OUTCOME)
    with pytest.raises(WrongState, match="待复核的事项"):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, lift_on=DAY, reason="提前", document_no="9号")
    with pytest.raises(ReasonRequired):
        drop_step(actor=second, step_id=step.pk, reason=" ")
    with pytest.raises(Refused):
        drop_step(actor=reviewer, step_id=step.pk, reason="自己")
    drop_step(actor=second, step_id=step.pk, reason="事实未查清")
    propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=False, **OUTCOME)
    sanction.refresh_from_db()
    assert sanction.lifted_on is None


@pytest.mark.parametrize("on", [date(2021, 1, 9), date(2022, 9, 21)])
def test_an_appeal_is_dated_between_the_case_and_today(on, reviewer, second):
    sanction = make_sanction(make_evaluator().organisation, _user(reviewer), _user(second))
    with pytest.raises(Invalid, match="申诉日期应在"):
        record_appeal(actor=reviewer, sanction_id=sanction.pk, on=on, text="不服")


def test_a_lifted_sanction_is_kept_on_appeal_not_revoked(reviewer, second):
    """Said at the proposal, at its field: the second person could only refuse it. Control: 维持 closes the appeal."""
    sanction, appeal = appealed(reviewer, second, make_evaluator())
    lifted = {"lift_on": date(2022, 9, 1), "reason": "整改到位", "document_no": "试验解除1号"}
    confirm_step(actor=second, step_id=propose_lift(actor=reviewer, sanction_id=sanction.pk, **lifted).pk)
    with pytest.raises(Invalid, match="已提前解除，不能再撤销") as caught:
        propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **OUTCOME)
    assert set(caught.value.errors) == {"outcome"}
    step = propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=False, **OUTCOME)
    assert confirm_step(actor=second, step_id=step.pk).confirmed_at is not None


def test_outcomes_need_an_appeal_words_and_a_document(reviewer, second):
    _, appeal = appealed(reviewer, second, make_evaluator())
    with pytest.raises(NotVisible):
        propose_outcome(actor=reviewer, appeal_id=0, revoke=True, **OUTCOME)
    with pytest.raises(ReasonRequired):
        propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **{**OUTCOME, "text": ""})
    with pytest.raises(Invalid, match="文号"):
        propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **{**OUTCOME, "document_no": ""})
    with pytest.raises(Invalid, match="处理日期应在"):
        propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **{**OUTCOME, "on": date(2022, 7, 1)})


def test_database_wants_two_people_and_keeps_the_words(reviewer, second):
    _, appeal = appealed(reviewer, second, make_evaluator())
    step = propose_outcome(actor=reviewer, appeal_id=appeal.pk, revoke=True, **OUTCOME)
    rows = SanctionStep.objects.filter(pk=step.pk)
    with pytest.raises(IntegrityError, match="sanction_step_two_people"), transaction.atomic():
        rows.update(second_by=reviewer.user_id, confirmed_at=step.written_at)
    for act in (lambda: rows.update(text="另一理由"), rows.delete):
        with pytest.raises(InternalError), transaction.atomic():
            act()


def _user(actor):
    return User.objects.get(pk=actor.user_id)


# --- at the engagement: what a sanctioned body may still confirm, by date -----------------------------------------------

#: A sanction of three years from 2022-09-20, the local day of DURING.
FIRST, AFTER = date(2022, 9, 20), date(2025, 9, 20)


def confirm_on(evaluator, engagement, day, **values):
    """Confirm at noon of a local day."""
    actor = Actor(role=Role.EVALUATOR_ADMIN, organisation_id=evaluator.organisation_id)
    with clock.fixed(datetime.combine(day, time(12), tzinfo=ZoneInfo("Asia/Shanghai"))):
        return confirm(actor=actor, engagement_id=engagement.pk, **values)


@pytest.mark.parametrize(
    ("day", "lifted", "refused"),
    [
        (date(2022, 9, 19), None, False),
        (FIRST, None, True),
        (date(2025, 9, 19), None, True),
        (AFTER, None, False),
        (date(2022, 12, 31), date(2023, 1, 1), True),
        (date(2023, 1, 1), date(2023, 1, 1), False),
        (FIRST, FIRST, False),
    ],
    ids=["eve", "first-day", "last-day", "end", "eve-of-lifting", "lifted", "revoked"],
)
def test_confirming_without_a_report_is_refused_while_sanctioned(day, lifted, refused, round_2022, reviewer, second):
    evaluator = make_evaluator()
    values = {"verified_on": FIRST, "until": AFTER, "lifted_on": lifted, "document_no": "试验〔2022〕5号"}
    make_sanction(evaluator.organisation, _user(reviewer), _user(second), **values)
    engagement = make_engagement(evaluator, round_2022)
    if not refused:
        assert confirm_on(evaluator, engagement, day).state == "confirmed"
        return
    with pytest.raises(Invalid) as caught:
        confirm_on(evaluator, engagement, day)
    assert caught.value.message == (
        "本机构在不予采信期内（2022-09-20至2025-09-20，不含截止日，依据试验〔2022〕5号），期内不能确认新的评价项目。"
        "查实日期以前已出具评价报告的，填写评价报告日期，由人工判断是否采信；其他的，请提出异议说明。"
    )
    assert set(caught.value.errors) == {"report_on"}
    engagement.refresh_from_db()
    assert (engagement.state, engagement.version) == ("claimed", 1)


@pytest.mark.parametrize(
    ("report_on", "refused"),
    [(date(2022, 9, 19), False), (FIRST, True), (date(2025, 9, 19), True), (AFTER, False)],
)
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "typed"])
def test_a_report_counts_by_its_own_day(stored, report_on, refused, round_2022, reviewer, second):
    evaluator = make_evaluator()
    make_sanction(evaluator.organisation, _user(reviewer), _user(second), verified_on=FIRST, until=AFTER)
    engagement = make_engagement(evaluator, round_2022, report_on=report_on if stored else None)
    values = {} if stored else {"report_on": report_on}
    if refused:
        with pytest.raises(Invalid, match="报告日期在不予采信期内") as caught:
            confirm_on(evaluator, engagement, AFTER, **values)
        assert set(caught.value.errors) == {"report_on"}
    else:
        assert confirm_on(evaluator, engagement, AFTER, **values).report_on == report_on


@pytest.mark.parametrize("late", [True, False], ids=["tomorrow", "today"])
def test_a_report_of_a_day_to_come_does_not_switch_a_running_sanction_off(late, round_2022, reviewer, second):
    evaluator = make_evaluator()
    make_sanction(evaluator.organisation, _user(reviewer), _user(second), verified_on=FIRST, until=AFTER)
    engagement = make_engagement(evaluator, round_2022)
    if late:
        with pytest.raises(Invalid) as caught:
            confirm_on(evaluator, engagement, date(2022, 10, 1), report_on=AFTER)
        assert caught.value.errors == {"report_on": ["评价报告日期应不晚于今天，核对后填写。"]}
        engagement.refresh_from_db()
        assert (engagement.state, engagement.report_on) == ("claimed", None)
    else:
        assert confirm_on(evaluator, engagement, AFTER, report_on=AFTER).state == "confirmed"


def test_a_report_before_its_visit_is_refused_where_it_is_confirmed(round_2022):
    evaluator = make_evaluator()
    engagement = make_engagement(evaluator, round_2022, visit_to=date(2022, 9, 10), visit_from=date(2022, 9, 9))
    with pytest.raises(Invalid) as caught:
        confirm_on(evaluator, engagement, date(2022, 10, 1), report_on=date(2022, 9, 9))
    assert caught.value.errors == {"report_on": ["评价报告日期应不早于现场评价结束日期（2022-09-10），核对后填写。"]}
    assert confirm_on(evaluator, engagement, date(2022, 10, 1), report_on=date(2022, 9, 10)).state == "confirmed"


def test_unconfirmed_and_foreign_sanctions_refuse_nothing(round_2022, reviewer, second):
    evaluator, other = make_evaluator(), make_evaluator()
    written(reviewer, evaluator)
    make_sanction(other.organisation, _user(reviewer), _user(second))
    engagement = make_engagement(evaluator, round_2022)
    assert confirm_on(evaluator, engagement, date(2022, 10, 1)).state == "confirmed"


def test_lifting_needs_words_a_confirmed_case_and_a_day_inside(reviewer, second):
    evaluator = make_evaluator()
    sanction = written(reviewer, evaluator)
    good = {"lift_on": date(2023, 1, 1), "reason": "撤销", "document_no": "1号"}
    with pytest.raises(WrongState):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, **good)
    confirm_sanction(actor=second, sanction_id=sanction.pk)
    with pytest.raises(ReasonRequired):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, **{**good, "reason": ""})
    with pytest.raises(Invalid, match="解除日期应在"):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, **{**good, "lift_on": date(2022, 8, 31)})


def test_wrong_fields_are_named(reviewer):
    with pytest.raises(Invalid) as caught:
        written(reviewer, make_evaluator(), verified_on=date(2022, 9, 21), document_no="", facts=" ")
    assert caught.value.errors == {
        "verified_on": ["查实日期应不晚于今天，核对后填写。"],
        "document_no": ["填写依据文号。"],
        "facts": ["填写查实的事实。"],
    }


def test_same_document_twice_is_told_and_absent_rows_are_not_visible(reviewer):
    evaluator = make_evaluator()
    written(reviewer, evaluator)
    with pytest.raises(Invalid, match="这一文号已为该单位登记过"):
        written(reviewer, evaluator)
    with pytest.raises(NotVisible):
        written(reviewer, evaluator, organisation_id=0)
    with pytest.raises(NotVisible):
        confirm_sanction(actor=reviewer, sanction_id=0)


@pytest.mark.parametrize("role", list(Role))
def test_only_named_city_officers_sanction(role, reviewer):
    actor = person(role, "某人")
    mine = make_evaluator()
    sanction = written(reviewer, mine)
    acts = [
        lambda: written(actor, make_evaluator(), document_no="2号"),
        lambda: confirm_sanction(actor=actor, sanction_id=sanction.pk),
        lambda: propose_lift(
            actor=actor, sanction_id=sanction.pk, lift_on=date(2023, 1, 1), reason="撤销", document_no="3号"
        ),
        lambda: confirm_step(
            actor=person(role, "另一人"), step_id=sanction.steps.get().pk if sanction.steps.exists() else 0
        ),
    ]
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD}:
        for act in acts:
            act()
        sanction.refresh_from_db()
        assert sanction.lifted_on == date(2023, 1, 1)
    else:
        for act in acts:
            with pytest.raises(Refused):
                act()


def test_system_cannot_be_one_of_two_people(reviewer):
    with pytest.raises(Refused):
        confirm_sanction(actor=Actor.system(), sanction_id=written(reviewer, make_evaluator()).pk)
