"""32 threads, two districts, three affiliated evaluators, starting from 14 (DESIGN §4)."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import DatabaseError, close_old_connections, connection

from evaluators.models import AffiliateGroup, AffiliateMember, AnnualReport, Engagement, ReportFiling
from evaluators.services import claim, confirm_relation, counting, end_relation, engagements, reporting, withdraw
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.findings.types import DomainError
from tests.evaluators.conftest import person
from tests.factories.directory import make_authority, make_subject
from tests.factories.evaluators import group_of, join, make_engagement, make_evaluator, make_relation
from tests.factories.reporting import complete, make_report
from tests.factories.rounds import DURING, open_round_2022

THREADS = 32


def stored_after_the_race() -> tuple[list[int | None], int, int]:
    """Run the race; return the ordinals in order of recording, how many are over the cap, how many threads broke."""
    round_ = open_round_2022()
    first = make_evaluator()
    agencies = [first, make_evaluator(group=group_of(first)), make_evaluator(group=group_of(first))]
    districts = [make_authority("瓦房店市"), make_authority("庄河市")]
    for _ in range(14):
        make_engagement(first, round_)
    work = [
        (agency.pk, make_subject(authority=district), district.pk)
        for agency, district, _ in zip(itertools.cycle(agencies), itertools.cycle(districts), range(THREADS))
    ]
    together = threading.Barrier(THREADS)

    def one(item) -> bool:
        evaluator_id, subject, district_id = item
        actor = Actor(role=Role.DISTRICT_OFFICER, authority_id=district_id)
        try:
            together.wait(30)
            with clock.fixed(DURING):
                claim(
                    actor=actor,
                    evaluator_id=evaluator_id,
                    round_id=round_.pk,
                    subject_id=subject.pk,
                    category="factory",
                    cap=15,
                )
        except DatabaseError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        stored = list(pool.map(one, work))
    close_old_connections()
    rows = Engagement.objects.filter(group=group_of(first), round=round_).order_by("id")
    return [r.ordinal for r in rows], sum(r.over_cap for r in rows), stored.count(False)


@pytest.mark.django_db(transaction=True)
def test_every_claim_is_stored_and_exactly_those_beyond_the_cap_are_flagged():
    ordinals, over_cap, broken = stored_after_the_race()
    assert broken == 0
    assert ordinals == list(range(1, 47))
    assert over_cap == 31


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_claims_are_lost(monkeypatch):
    def unlocked(evaluator_id: int) -> AffiliateGroup:
        return AffiliateMember.objects.select_related("group").get(evaluator_id=evaluator_id, ended_at=None).group

    monkeypatch.setattr(engagements, "lock_group", unlocked)
    ordinals, over_cap, broken = stored_after_the_race()
    assert (ordinals, over_cap, broken) != (list(range(1, 47)), 31, 0)
    assert broken > 0
    assert counting.lock_group is not unlocked


def side_by_side(*acts) -> list[str]:
    """Run each act in a thread of its own, all starting together; return what each said."""
    together = threading.Barrier(len(acts))

    def one(act) -> str:
        try:
            together.wait(30)
            with clock.fixed(DURING):
                act()
        except DomainError as error:
            return error.message
        except DatabaseError:
            return "broken"
        finally:
            connection.close()
        return "stored"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.mark.django_db(transaction=True)
def test_one_subject_claimed_from_two_evaluators_at_once_is_stored_once():
    round_, subject = open_round_2022(), make_subject()
    agencies = [make_evaluator() for _ in range(6)]
    said = side_by_side(
        *(
            partial(
                claim,
                actor=Actor.system(),
                evaluator_id=agency.pk,
                round_id=round_.pk,
                subject_id=subject.pk,
                category="factory",
                cap=15,
            )
            for agency in agencies
        )
    )
    assert sorted(set(said)) == ["stored", "这一申报已登记评价机构。需要更换的，先撤回原评价项目。"]
    assert said.count("stored") == 1
    assert Engagement.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_claims_while_groups_merge_all_count_in_the_merged_group():
    round_ = open_round_2022()
    officer = User.objects.create(username="市局审核员", name="市局审核员")
    city = Actor(role=Role.CITY_REVIEWER, user_id=officer.pk)
    agencies = [make_evaluator() for _ in range(3)]
    merges = [
        partial(confirm_relation, actor=city, relation_id=make_relation(a.organisation, b.organisation, city).pk)
        for a, b in itertools.pairwise(agencies)
    ]
    claims = [
        partial(
            claim,
            actor=Actor.system(),
            evaluator_id=agency.pk,
            round_id=round_.pk,
            subject_id=make_subject().pk,
            category="factory",
        )
        for agency in agencies
        for _ in range(6)
    ]
    assert set(side_by_side(*claims[:9], *merges, *claims[9:])) == {"stored"}
    rows = Engagement.objects.filter(group=group_of(agencies[0])).order_by("id")
    assert [(r.ordinal, r.over_cap) for r in rows] == [(n, n > 15) for n in range(1, 19)]
    assert {group_of(agency) for agency in agencies} == {group_of(agencies[0])}


@pytest.mark.django_db(transaction=True)
def test_withdrawals_and_claims_at_once_leave_no_gap():
    round_, agency = open_round_2022(), make_evaluator()
    old = [make_engagement(agency, round_) for _ in range(8)]
    withdrawals = [partial(withdraw, actor=Actor.system(), engagement_id=row.pk) for row in old[:5]]
    claims = [
        partial(
            claim,
            actor=Actor.system(),
            evaluator_id=agency.pk,
            round_id=round_.pk,
            subject_id=make_subject().pk,
            category="park",
        )
        for _ in range(5)
    ]
    assert set(side_by_side(*withdrawals, *claims)) == {"stored"}
    rows = Engagement.objects.filter(group=group_of(agency), ordinal__isnull=False).order_by("id")
    assert [row.ordinal for row in rows] == list(range(1, 9))


@pytest.mark.django_db(transaction=True)
def test_relations_ended_and_found_at_once_leave_the_components():
    """A chain a–b–c–d: its middle ends while a–d is found and everybody claims; nobody is lost between two groups."""
    round_ = open_round_2022()
    officer = User.objects.create(username="市局审核员", name="市局审核员")
    city = Actor(role=Role.CITY_REVIEWER, user_id=officer.pk)
    agencies = [make_evaluator() for _ in range(4)]
    chain = [join(a, b, city) for a, b in itertools.pairwise(agencies)]
    found = make_relation(agencies[0].organisation, agencies[3].organisation, city)
    acts = [
        partial(end_relation, actor=city, relation_id=chain[1].pk, reason="股权已转让"),
        partial(confirm_relation, actor=city, relation_id=found.pk),
        partial(end_relation, actor=city, relation_id=chain[0].pk, reason="股权已转让"),
    ]
    claims = [
        partial(
            claim,
            actor=Actor.system(),
            evaluator_id=agency.pk,
            round_id=round_.pk,
            subject_id=make_subject().pk,
            category="factory",
        )
        for agency in agencies
        for _ in range(5)
    ]
    assert set(side_by_side(*claims[:10], *acts, *claims[10:])) == {"stored"}
    groups = [group_of(agency).pk for agency in agencies]
    # Left are c–d and a–d.
    assert groups[0] == groups[2] == groups[3] != groups[1]
    for group_id, count in ((groups[0], 15), (groups[1], 5)):
        rows = Engagement.objects.filter(group_id=group_id).order_by("id")
        assert [row.ordinal for row in rows] == list(range(1, count + 1))
        assert not any(row.over_cap for row in rows)


def filed_twice_at_once() -> tuple[list[str], int]:
    """Press 报送 of one annual report from two pages at once; return what each was told and how many versions stand."""
    round_, agency = open_round_2022(), make_evaluator()
    admin = person(Role.EVALUATOR_ADMIN, "机构管理员", organisation_id=agency.organisation_id)
    with clock.fixed(DURING):
        report = make_report(admin, round_)
        complete(report, admin)
    press = partial(reporting.file, actor=admin, report_id=report.pk, seen_version=report.version)
    said = side_by_side(press, press)
    return sorted(said), ReportFiling.objects.filter(report=report).count()


@pytest.mark.django_db(transaction=True)
def test_a_report_filed_twice_at_once_has_one_version_and_the_second_is_told():
    assert filed_twice_at_once() == (["stored", "这份年度报告刚被他人处理，刷新后核对最新状态。"], 1)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_report_lock_it_is_filed_twice(monkeypatch):
    both_read = threading.Barrier(2)

    def unlocked(_actor, report_id, *, seen_version=None):
        report = AnnualReport.objects.select_related("evaluator__organisation", "round", "filing").get(pk=report_id)
        assert report.version == seen_version
        both_read.wait(30)
        return report

    monkeypatch.setattr(reporting, "lock_report", unlocked)
    assert filed_twice_at_once() == (["stored", "stored"], 2)
