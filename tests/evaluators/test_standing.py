"""Standing as of an instant, in bulk; who sees whom."""

from datetime import date, datetime, timedelta

import pytest

from evaluators.rules import conditions
from evaluators.selectors import engagements_visible_to, group_counts, standing, visible_to
from evaluators.selectors.lists import choosable_by, sanctions_visible_to
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.findings.types import Outcome
from tests.factories.directory import make_authority, make_subject
from tests.factories.evaluators import (
    group_of,
    make_engagement,
    make_evaluator,
    make_registration,
    make_sanction,
)
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
LIMITS = {"staff_min": 10, "senior_min": 5, "record_since": date(2017, 9, 8)}


def one(evaluator, round_, as_of: date | datetime = DURING):
    return standing([evaluator.pk], round_id=round_.pk, as_of=as_of)[evaluator.pk]


def users():
    return [User.objects.create(username=f"两人{n}", name=f"两人{n}") for n in range(2)]


def test_unregistered_evaluator_reads_unknown_and_never_fails(round_2022):
    found = one(make_evaluator(), round_2022)
    assert (found.registered, found.registered_in_china, found.staff_senior) == (False, None, None)
    assert {c.outcome for c in conditions(found, **LIMITS)} == {Outcome.MANUAL}


def test_registration_carries_what_was_proved(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022)
    found = one(evaluator, round_2022)
    assert (found.registered, found.staff_intermediate, found.staff_senior) == (True, 12, 6)
    assert (found.latest_record_on, found.declared_elsewhere) == (date(2021, 6, 1), 3)
    assert {c.outcome for c in conditions(found, **LIMITS)} == {Outcome.MET}


def test_standing_is_that_of_the_instant_asked(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, staff_senior=4, acknowledged_at=DURING - timedelta(days=2))
    make_registration(evaluator, round_2022, staff_senior=7, acknowledged_at=DURING)
    make_registration(evaluator, round_2022, staff_senior=9, acknowledged_at=None)
    asked = [DURING - timedelta(days=3), DURING - timedelta(days=1), DURING]
    assert [one(evaluator, round_2022, at).staff_senior for at in asked] == [None, 4, 7]


def test_plain_date_stands_for_the_end_of_that_day(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, acknowledged_at=DURING)
    days = [date(2022, 9, 19), date(2022, 9, 20)]
    assert [one(evaluator, round_2022, day).registered for day in days] == [False, True]


@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ({"registered_in_china": False}, "通知二（一）"),
        ({"has_experience": False}, "通知二（一）"),
        ({"has_office": False}, "通知二（二）"),
        ({"has_finance_system": False}, "通知二（二）"),
        ({"staff_intermediate": 9}, "通知二（三）"),
        ({"staff_senior": 4}, "通知二（三）"),
        ({"knows_rules": False}, "通知二（四）"),
        ({"covers_three_fields": False}, "通知二（五）"),
        ({"latest_record_on": date(2017, 9, 7)}, "通知二（五）"),
    ],
)
def test_one_fact_below_its_boundary_fails_its_condition_alone(values, clause, round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, **values)
    found = conditions(one(evaluator, round_2022), **LIMITS)
    assert {c.clause for c in found if c.outcome == Outcome.NOT_MET} == {clause}
    assert {c.clause for c in found if c.outcome == Outcome.MANUAL} == set()


def test_exact_boundary_meets(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, staff_intermediate=10, staff_senior=5, latest_record_on=date(2017, 9, 8))
    assert {c.outcome for c in conditions(one(evaluator, round_2022), **LIMITS)} == {Outcome.MET}


@pytest.mark.parametrize("missing", ["staff_senior", "staff_intermediate", "latest_record_on", "has_office"])
def test_missing_fact_asks_a_person(missing, round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, **{missing: None})
    assert [c.outcome for c in conditions(one(evaluator, round_2022), **LIMITS)].count(Outcome.MANUAL) == 1


def test_known_failure_beats_a_missing_fact(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, staff_intermediate=9, staff_senior=None)
    staff = conditions(one(evaluator, round_2022), **LIMITS)[2]
    assert (staff.outcome, staff.because) == (
        Outcome.NOT_MET,
        "中级职称以上专职人员9人（要求不少于10人），其中相关专业高级职称未登记（要求不少于5人）",
    )


def test_group_counts_what_counts_and_shows_disputes_and_elsewhere_apart(round_2022):
    first = make_evaluator("试验甲")
    second = make_evaluator("试验乙", group=group_of(first))
    for evaluator, elsewhere in ((first, 3), (second, 4)):
        make_registration(evaluator, round_2022, declared_elsewhere=elsewhere)
    for state in ("claimed", "confirmed", "upheld", "disputed", "void", "withdrawn"):
        make_engagement(second, round_2022, state=state)
    flagged = make_engagement(first, round_2022, over_cap=True)
    found = one(first, round_2022)
    assert (found.group_count, found.disputed_count, found.declared_elsewhere, found.union) == (4, 1, 7, 11)
    assert found.over_cap_ids == (flagged.pk,)
    assert found.group_evaluator_ids == (first.pk, second.pk)
    assert group_counts([group_of(first).pk, 0], round_id=round_2022.pk) == {group_of(first).pk: 4, 0: 0}


def test_nobody_declared_elsewhere_reads_unknown(round_2022):
    evaluator = make_evaluator()
    make_registration(evaluator, round_2022, declared_elsewhere=None)
    assert (one(evaluator, round_2022).declared_elsewhere, one(evaluator, round_2022).union) == (None, 0)


def test_sanction_of_an_affiliate_is_its_own(round_2022):
    first = make_evaluator()
    second = make_evaluator(group=group_of(first))
    make_sanction(second.organisation, *users())
    assert (one(first, round_2022).sanctioned, one(second, round_2022).sanctioned) == (False, True)


def test_sanction_confirmed_later_was_not_known_before(round_2022):
    evaluator = make_evaluator()
    make_sanction(evaluator.organisation, *users(), confirmed_at=DURING)
    assert one(evaluator, round_2022, DURING - timedelta(seconds=1)).sanctions == ()
    assert one(evaluator, round_2022, DURING).sanctioned is True


def test_unknown_ids_are_left_out(round_2022):
    evaluator = make_evaluator()
    assert set(standing([evaluator.pk, 0], round_id=round_2022.pk, as_of=DURING)) == {evaluator.pk}
    assert standing([], round_id=round_2022.pk, as_of=DURING) == {}


@pytest.mark.parametrize("count", [1, 3, 30])
def test_standing_takes_six_queries_for_any_number(count, round_2022, django_assert_num_queries):
    bodies = [make_evaluator() for _ in range(count)]
    for body in bodies:
        make_registration(body, round_2022)
        make_engagement(body, round_2022)
    with django_assert_num_queries(6):
        assert len(standing([b.pk for b in bodies], round_id=round_2022.pk, as_of=DURING)) == count


# --- who sees whom -----------------------------------------------------------------------------------------------


def test_each_actor_sees_its_own(round_2022):
    mine, foreign = make_evaluator(), make_evaluator()
    home, away = make_authority("瓦房店市"), make_authority("庄河市")
    near = make_engagement(mine, round_2022, make_subject(authority=home))
    far = make_engagement(foreign, round_2022, make_subject(authority=away))
    own = make_sanction(mine.organisation, *users())
    make_sanction(foreign.organisation, own.verified_by, own.second_by)
    waiting = make_sanction(mine.organisation, own.verified_by, own.second_by, confirmed_at=None)

    def seen(actor: Actor) -> tuple[int, int, int, int]:
        rows = (visible_to(actor), engagements_visible_to(actor), sanctions_visible_to(actor), choosable_by(actor))
        return tuple(len(row) for row in rows)

    assert seen(Actor(role=Role.CITY_REVIEWER)) == (2, 2, 3, 2)
    assert seen(Actor(role=Role.DISTRICT_OFFICER, authority_id=home.pk)) == (0, 1, 0, 2)
    assert seen(Actor(role=Role.APPLICANT, organisation_id=near.subject.organisation_id)) == (0, 1, 0, 2)
    assert seen(Actor(role=Role.EVALUATOR, organisation_id=mine.organisation_id)) == (1, 1, 1, 0)
    for role in (Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DEPARTMENT, Role.ANONYMOUS):
        assert seen(Actor(role=role, authority_id=home.pk, organisation_id=mine.organisation_id)) == (0, 0, 0, 0)
    evaluator = Actor(role=Role.EVALUATOR_ADMIN, organisation_id=mine.organisation_id)
    assert list(engagements_visible_to(evaluator)) == [near]
    assert waiting not in sanctions_visible_to(evaluator)
    assert list(engagements_visible_to(Actor(role=Role.DISTRICT_LEAD, authority_id=away.pk))) == [far]


def test_choice_is_in_order_of_sound_and_never_ranked(round_2022):
    for name in ("乙试验所", "甲试验所", "丙试验所"):
        make_evaluator(name)
    busy = make_evaluator("丁试验所")
    make_engagement(busy, round_2022)
    names = [e.organisation.name for e in choosable_by(Actor(role=Role.APPLICANT, organisation_id=1))]
    assert names == ["丙试验所", "丁试验所", "甲试验所", "乙试验所"]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_reads_in_one_query(rows, round_2022, django_assert_num_queries):
    for _ in range(rows):
        make_engagement(make_evaluator(), round_2022)
    city = Actor(role=Role.CITY_LEAD)
    with django_assert_num_queries(2):
        assert [e.organisation.name for e in visible_to(city)]
        assert [(e.evaluator.organisation.name, e.subject.name) for e in engagements_visible_to(city)]
