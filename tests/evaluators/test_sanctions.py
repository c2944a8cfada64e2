"""不予采信: two people, dates, lifting."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from evaluators.models import Sanction
from evaluators.selectors import standing
from evaluators.services import confirm_lift, confirm_sanction, propose_lift, record_sanction
from evaluators.services.sanctions import years_after
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from greenportal.jobs.models import Job
from tests.evaluators.conftest import person
from tests.factories.evaluators import make_engagement, make_evaluator, make_sanction

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 1)


def written(actor, evaluator, **values):
    defaults = {
        "organisation_id": evaluator.organisation_id,
        "verified_on": DAY,
        "until": years_after(DAY, 3),
        "document_no": "试验文号〔2022〕1号",
        "facts": "试验事实",
    }
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
    propose_lift(actor=reviewer, sanction_id=sanction.pk, **values)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is True
    with pytest.raises(Refused):
        confirm_lift(actor=reviewer, sanction_id=sanction.pk)
    confirm_lift(actor=second, sanction_id=sanction.pk)
    assert in_force(evaluator, round_2022, date(2022, 10, 1)) is False
    with pytest.raises(WrongState):
        propose_lift(actor=reviewer, sanction_id=sanction.pk, **values)
    with pytest.raises(WrongState):
        confirm_lift(actor=second, sanction_id=sanction.pk)


def _user(actor):
    return User.objects.get(pk=actor.user_id)


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
        written(
            reviewer, make_evaluator(), verified_on=date(2022, 9, 21), until=date(2022, 9, 1), document_no="", facts=" "
        )
    assert caught.value.errors == {
        "verified_on": ["查实日期应不晚于今天，核对后填写。"],
        "until": ["截止日期应晚于查实日期，核对后填写。"],
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
        lambda: confirm_lift(actor=person(role, "另一人"), sanction_id=sanction.pk),
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
