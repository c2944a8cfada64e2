"""Affiliates: said by a person, counted as one, undone when wrong."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.constants import FILE_RELATION
from evaluators.models import AffiliateMember, AffiliateRelation, Engagement
from evaluators.selectors.groups import effect_of
from evaluators.services import (
    RelationFields,
    claim,
    confirm_relation,
    counting,
    end_relation,
    propose_relation,
    register_evaluator,
    registering,
    reject_relation,
)
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Stale
from greenportal.jobs.models import Job
from greenportal.rounds import services as rounds
from greenportal.rounds.models import Round
from tests.factories.accounts import make_actor
from tests.factories.directory import make_organisation, make_subject
from tests.factories.evaluators import group_of, join, make_engagement, make_evaluator, make_relation, make_upload
from tests.factories.nominations import make_file
from tests.factories.rounds import make_lead

pytestmark = pytest.mark.django_db


def merge(actor, one, other):
    join(one, other, actor)
    return group_of(one)


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
    assert job.payload == {"engagement_ids": sorted(r.pk for r in rows), "cause": "evaluators.relation_confirm"}


def revised(lead, year, cap):
    """The year with another cap, revised while it is open; nothing recounted yet."""
    year.refresh_from_db()
    letter = {"document_id": str(make_file(lead, kind="rounds.document").pk), "document_title": "补充通知"}
    changes = {"cap_rule|limit": cap}
    rounds.revise(actor=lead, round_id=year.pk, seen_version=year.version, changes=changes, reason="补充通知", **letter)


@pytest.mark.parametrize(("cap", "flags"), [(12, [13, 14, 15, 16, 17]), (20, []), (15, [16, 17])])
def test_a_revised_cap_moves_the_flags_of_every_group_of_the_round(cap, flags, round_2022):
    lead, body, other = make_lead(), make_evaluator(), make_evaluator()
    rows = claims(body, round_2022, 17)
    claims(other, round_2022, 2)
    if cap != 15:
        revised(lead, round_2022, cap)
    # Control: without the recount the flags are those of the former cap.
    assert [n for n, over in ordinals(body, round_2022) if over] == [16, 17]
    changed = counting.recount_round(round_2022.pk)
    assert [n for n, over in ordinals(body, round_2022) if over] == flags
    assert changed == [row.pk for n, row in enumerate(rows, 1) if (n > cap) != (n > 15)]
    assert counting.recount_round(round_2022.pk) == []
    kept = [entry.data["engagements"] for entry in AuditEntry.objects.filter(action="evaluators.recount")]
    assert kept == ([changed] if changed else [])


def test_a_closed_round_keeps_its_flags_under_another_cap(round_2022):
    body = make_evaluator()
    claims(body, round_2022, 13)
    revised(make_lead(), round_2022, 12)
    Round.objects.filter(pk=round_2022.pk).update(state="closed")
    assert counting.recount_round(round_2022.pk) == []
    assert not any(over for _, over in ordinals(body, round_2022))
    Round.objects.filter(pk=round_2022.pk).update(state="open")
    assert len(counting.recount_round(round_2022.pk)) == 1


def test_a_relation_never_takes_flags_back(round_2022, reviewer):
    """The cap was raised and the job that recounts has not run: what is newly beyond it is none, not less than none."""
    one, other = make_evaluator(), make_evaluator()
    claims(one, round_2022, 17)
    relation = make_relation(one.organisation, other.organisation, reviewer)
    revised(make_lead(), round_2022, 20)
    assert effect_of(relation, round_2022).fresh == 0


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
    entry = AuditEntry.objects.get(action="evaluators.regroup")
    assert entry.data == {"evaluators": [second.pk], "from": [old.pk]}


def test_another_relation_of_the_same_two_changes_no_group(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    kept = merge(reviewer, first, second)
    told = make_relation(first.organisation, second.organisation, reviewer, kind="control")
    confirm_relation(actor=reviewer, relation_id=told.pk)
    assert group_of(second) == kept
    assert AuditEntry.objects.filter(action="evaluators.regroup").count() == 1


def test_what_is_only_told_counts_nothing_together(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    make_relation(first.organisation, second.organisation, reviewer)
    assert group_of(first) != group_of(second)


def test_a_holding_company_that_evaluates_nothing_joins_two_agencies(round_2022, reviewer):
    first, second, holding = make_evaluator(), make_evaluator(), make_organisation()
    for body in (first, second):
        told = make_relation(holding, body.organisation, reviewer, kind="control")
        confirm_relation(actor=reviewer, relation_id=told.pk)
    assert group_of(first) == group_of(second)


def test_a_related_person_that_becomes_an_evaluator_counts_with_its_group(round_2022, reviewer):
    first, later = make_evaluator(), make_organisation()
    told = make_relation(later, first.organisation, reviewer, kind="subsidiary")
    confirm_relation(actor=reviewer, relation_id=told.pk)
    body = register_evaluator(actor=reviewer, uscc=later.uscc, name=later.name)
    assert group_of(body) == group_of(first)


def test_a_related_person_that_registers_itself_counts_with_its_group(round_2022, reviewer):
    """The body's own door: begun apart, its evaluations would not count with those of its relatives."""
    first, later = make_evaluator(), make_organisation()
    told = make_relation(later, first.organisation, reviewer, kind="subsidiary")
    confirm_relation(actor=reviewer, relation_id=told.pk)
    admin = make_actor(Role.EVALUATOR_ADMIN, organisation=later)
    case = registering.begin(actor=admin, round_id=round_2022.pk)
    assert group_of(case.evaluator) == group_of(first)


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


def test_an_ended_relation_counts_each_apart_again(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    claims(first, round_2022, 10)
    claims(second, round_2022, 6)
    relation = join(first, second, reviewer)
    end_relation(actor=reviewer, relation_id=relation.pk, reason="股权已转让")
    assert ordinals(first, round_2022) == [(n, False) for n in range(1, 11)]
    assert ordinals(second, round_2022) == [(n, False) for n in range(1, 7)]
    relation.refresh_from_db()
    assert (relation.state, relation.reason, relation.ended_by_id) == ("ended", "股权已转让", reviewer.user_id)
    assert AffiliateMember.objects.filter(evaluator=second).count() == 3


def test_a_relation_that_ended_may_be_found_again(round_2022, reviewer):
    first, second = make_evaluator(), make_evaluator()
    relation = join(first, second, reviewer)
    with pytest.raises(Invalid, match="已有同类的关联关系"):
        make_relation(first.organisation, second.organisation, reviewer)
    end_relation(actor=reviewer, relation_id=relation.pk, reason="股权已转让")
    join(first, second, reviewer)
    assert group_of(first) == group_of(second)
    assert AffiliateRelation.objects.count() == 2


def test_missing_words_same_and_absent_persons_are_told_at_their_field(reviewer):
    body = make_evaluator()
    evidence = make_upload(reviewer, FILE_RELATION).pk
    values = {"actor": reviewer, "organisation_id": body.organisation_id, "evidence_id": evidence}
    with pytest.raises(Invalid) as caught:
        propose_relation(other_id=body.organisation_id, told=RelationFields(kind="other", basis=" "), **values)
    assert set(caught.value.errors) == {"other", "text", "basis"}
    with pytest.raises(NotVisible):
        propose_relation(other_id=0, told=RelationFields(kind="control", basis="章程"), **values)
    with pytest.raises(Invalid, match="至少有一个是评价机构"):
        make_relation(make_organisation(), make_organisation(), reviewer)


def test_evidence_of_somebody_else_is_no_evidence(reviewer, second):
    one, other = make_evaluator(), make_evaluator()
    with pytest.raises(Invalid, match="上传证明文件"):
        propose_relation(
            actor=reviewer,
            organisation_id=one.organisation_id,
            other_id=other.organisation_id,
            told=RelationFields(kind="control", basis="章程"),
            evidence_id=make_upload(second, FILE_RELATION).pk,
        )


RELATION_VERBS = {
    "confirm": lambda actor, pk, reason, seen=None: confirm_relation(actor=actor, relation_id=pk, seen_version=seen),
    "reject": lambda actor, pk, reason, seen=None: reject_relation(
        actor=actor, relation_id=pk, reason=reason, seen_version=seen
    ),
    "end": lambda actor, pk, reason, seen=None: end_relation(
        actor=actor, relation_id=pk, reason=reason, seen_version=seen
    ),
}


def test_a_relation_judged_meanwhile_is_stale(reviewer):
    relation = make_relation(make_evaluator().organisation, make_evaluator().organisation, reviewer)
    AffiliateRelation.objects.filter(pk=relation.pk).update(version=2)
    for verb in RELATION_VERBS.values():
        if verb is not RELATION_VERBS["end"]:
            with pytest.raises(Stale):
                verb(reviewer, relation.pk, "理由", 1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=12))
def test_groups_are_the_components_and_counts_dense_after_any_sequence(steps, reviewer, round_2022):
    """Nodes 0–3 are agencies with 5, 6, 7, 8 evaluations, 4 and 5 legal persons that evaluate nothing."""
    with transaction.atomic():
        bodies = [make_evaluator() for _ in range(4)]
        persons = [*(body.organisation for body in bodies), make_organisation(), make_organisation()]
        for number, body in enumerate(bodies):
            for _ in range(5 + number):
                make_engagement(body, round_2022)
        open_relations = {}
        for a, b, add in steps:
            pair = (min(a, b), max(a, b))
            if pair[0] == pair[1] or (pair[0] >= 4):
                continue
            if add and pair not in open_relations:
                told = make_relation(persons[a], persons[b], reviewer)
                open_relations[pair] = confirm_relation(actor=reviewer, relation_id=told.pk)
            elif not add and pair in open_relations:
                end_relation(actor=reviewer, relation_id=open_relations.pop(pair).pk, reason="结束")
        parts = [{n} for n in range(6)]
        for a, b in open_relations:
            joined = next(p for p in parts if a in p) | next(p for p in parts if b in p)
            parts = [p for p in parts if not p & joined] + [joined]
        wanted = sorted(sorted(n for n in part if n < 4) for part in parts if min(part) < 4)
        found = {}
        for n, body in enumerate(bodies):
            found.setdefault(group_of(body).pk, []).append(n)
        assert sorted(map(sorted, found.values())) == wanted
        for members in found.values():
            count = sum(5 + n for n in members)
            assert ordinals(bodies[members[0]], round_2022) == [(n, n > 15) for n in range(1, count + 1)]
        transaction.set_rollback(True)
