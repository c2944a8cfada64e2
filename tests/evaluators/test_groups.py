"""Affiliates: said by a person, counted as one, undone when wrong."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.models import AffiliateMember, Engagement
from evaluators.services import affiliate, claim, leave_group
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused
from greenportal.jobs.models import Job
from greenportal.rounds.models import Round
from tests.evaluators.conftest import person
from tests.factories.directory import make_subject
from tests.factories.evaluators import group_of, make_engagement, make_evaluator

pytestmark = pytest.mark.django_db
WHY = {"reason": "同一法定代表人", "basis": "营业执照"}


def merge(actor, one, other):
    return affiliate(actor=actor, evaluator_id=one.pk, other_id=other.pk, **WHY)


def ordinals(evaluator, round_):
    rows = Engagement.objects.filter(group=group_of(evaluator), round=round_).order_by("id")
    return list(rows.values_list("ordinal", "over_cap"))


def claims(evaluator, round_, count):
    return [
        claim(
            actor=Actor.system("试验"),
            evaluator_id=evaluator.pk,
            round_id=round_.pk,
            subject_id=make_subject().pk,
            category="factory",
        )
        for _ in range(count)
    ]


def test_merging_counts_both_together_and_has_everything_checked_again(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    rows = claims(first, round_2022, 10) + claims(second, round_2022, 6)
    assert sum(over for _, over in ordinals(second, round_2022)) == 0
    merge(reviewer, first, second)
    assert group_of(first) == group_of(second)
    assert ordinals(first, round_2022) == [(n, n > 15) for n in range(1, 17)]
    job = Job.objects.get(kind="nominations.recheck")
    assert job.payload == {"engagement_ids": sorted(r.pk for r in rows), "cause": "evaluators.affiliate"}


def test_order_of_a_merged_group_is_that_of_recording(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    later = claims(second, round_2022, 8)
    claims(first, round_2022, 8)
    merge(reviewer, first, second)
    last = Engagement.objects.get(over_cap=True)
    assert last.evaluator == first
    assert [e.ordinal for e in Engagement.objects.filter(pk__in=[r.pk for r in later])] == list(range(1, 9))


def test_merging_keeps_history_of_membership(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    old = group_of(second)
    kept = merge(reviewer, first, second)
    old.refresh_from_db()
    assert old.merged_into == kept
    assert AffiliateMember.objects.filter(evaluator=second).count() == 2
    entry = AuditEntry.objects.get(action="evaluators.affiliate")
    assert entry.data == {"merged": old.pk, "evaluators": [second.pk], **WHY}


def test_merging_what_is_together_changes_nothing(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    kept = merge(reviewer, first, second)
    assert merge(reviewer, second, first) == kept
    assert AuditEntry.objects.filter(action="evaluators.affiliate").count() == 1


def test_closed_round_keeps_its_count(round_2022, reviewer):
    closed = Round.objects.create(
        year=2021, name="2021年度", rulebook_key="2022", state="closed", created_at=round_2022.created_at
    )
    first, second = make_evaluator(), make_evaluator()
    engagement = make_engagement(second, closed)
    before = engagement.group_id
    merge(reviewer, first, second)
    engagement.refresh_from_db()
    assert (engagement.group_id, engagement.ordinal) == (before, 1)


def test_leaving_counts_each_apart_again(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    claims(first, round_2022, 10)
    claims(second, round_2022, 6)
    merge(reviewer, first, second)
    leave_group(actor=reviewer, evaluator_id=second.pk, reason="关系认定有误")
    assert ordinals(first, round_2022) == [(n, False) for n in range(1, 11)]
    assert ordinals(second, round_2022) == [(n, False) for n in range(1, 7)]


def test_leaving_alone_keeps_the_group(reviewer):
    evaluator = make_evaluator()
    assert leave_group(actor=reviewer, evaluator_id=evaluator.pk, reason="无") == group_of(evaluator)


def test_same_evaluator_twice_absent_one_and_missing_words_are_refused(reviewer):
    evaluator = make_evaluator()
    with pytest.raises(Invalid, match="选择另一家评价机构"):
        merge(reviewer, evaluator, evaluator)
    with pytest.raises(NotVisible):
        affiliate(actor=reviewer, evaluator_id=evaluator.pk, other_id=0, **WHY)
    for missing in ({**WHY, "reason": " "}, {**WHY, "basis": ""}):
        with pytest.raises(ReasonRequired):
            affiliate(actor=reviewer, evaluator_id=evaluator.pk, other_id=make_evaluator().pk, **missing)
    with pytest.raises(ReasonRequired):
        leave_group(actor=reviewer, evaluator_id=evaluator.pk, reason="")
    with pytest.raises(NotVisible):
        leave_group(actor=reviewer, evaluator_id=0, reason="有")


@pytest.mark.parametrize("role", list(Role))
def test_only_named_city_officers_say_who_is_affiliated(role):
    actor = person(role, "某人")
    first, second = make_evaluator(), make_evaluator()
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD}:
        merge(actor, first, second)
        leave_group(actor=actor, evaluator_id=second.pk, reason="有误")
    else:
        with pytest.raises(Refused):
            merge(actor, first, second)
        with pytest.raises(Refused):
            leave_group(actor=actor, evaluator_id=second.pk, reason="有误")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_groups_are_the_connected_components_in_any_order(pairs, reviewer):
    bodies = [make_evaluator() for _ in range(6)]
    parts = [{n} for n in range(6)]
    for a, b in pairs:
        if a != b:
            merge(reviewer, bodies[a], bodies[b])
            joined = next(p for p in parts if a in p) | next(p for p in parts if b in p)
            parts = [p for p in parts if not p & joined] + [joined]
    found = {}
    for n, body in enumerate(bodies):
        found.setdefault(group_of(body).pk, set()).add(n)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, parts))
