"""Prints of people who left: kept until the city sets a period, then emptied with an audit entry per body."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from evaluators.models import StaffMember
from evaluators.services import forgetting
from greenportal import clock
from greenportal.accounts import identity
from greenportal.audit.models import AuditEntry
from greenportal.rounds import services
from tests.factories.evaluators import make_evaluator
from tests.factories.roster import fictional_id, make_staff
from tests.factories.rounds import DURING, make_lead, prepare_round_2022

pytestmark = pytest.mark.django_db
DAYS = 30


def member(evaluator, number, removed_days_ago=None, **values):
    """Return a person with a print; removed so many days before DURING, or still there."""
    removed = None if removed_days_ago is None else DURING - timedelta(days=removed_days_ago)
    full = fictional_id(number)
    return make_staff(
        evaluator,
        id_print=identity.print_of(full),
        id_tail=full[-4:],
        removed_at=removed,
        created_at=DURING - timedelta(days=900),
        **values,
    )


@pytest.fixture
def days_set(db):
    """Open a round whose city lead has set the days."""
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    changes = {"numbers|staff_print_days|value": Decimal(DAYS)}
    services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="规定保存期限")
    row.refresh_from_db()
    return services.open_round(actor=lead, round_id=row.pk, seen_version=row.version)


def kept():
    return set(StaffMember.objects.exclude(id_print="").values_list("pk", flat=True))


def test_nothing_is_forgotten_while_no_officer_has_set_the_days(round_2022):
    row = member(make_evaluator(), 1, removed_days_ago=5000)
    assert forgetting.keep_days() == 0
    assert forgetting.forget_prints() == 0
    assert kept() == {row.pk}


def test_without_any_round_nothing_is_forgotten():
    row = member(make_evaluator(), 1, removed_days_ago=5000)
    assert forgetting.forget_prints() == 0
    assert kept() == {row.pk}


def test_who_left_before_the_period_loses_print_and_last_four_and_nothing_else(days_set):
    body = make_evaluator()
    gone, last_day = member(body, 1, removed_days_ago=DAYS + 1), member(body, 2, removed_days_ago=DAYS)
    there = member(body, 3)
    assert forgetting.forget_prints() == 1
    assert kept() == {last_day.pk, there.pk}
    before = {f.attname: getattr(gone, f.attname) for f in StaffMember._meta.fields}
    gone.refresh_from_db()
    after = {f.attname: getattr(gone, f.attname) for f in StaffMember._meta.fields}
    assert {name for name in before if before[name] != after[name]} == {"id_print", "id_tail"}
    entry = AuditEntry.objects.get(action="evaluators.forget_prints")
    assert entry.target == f"evaluators.evaluator:{body.pk}"
    assert (entry.data["count"], entry.data["days"]) == (1, DAYS)
    assert forgetting.forget_prints() == 0
    assert AuditEntry.objects.filter(action="evaluators.forget_prints").count() == 1


@pytest.mark.parametrize("now", [None, DAYS - 1], ids=["still there", "left lately"])
def test_earlier_rows_of_a_person_who_has_not_left_keep_their_print(now, days_set):
    body = make_evaluator()
    old, new = member(body, 1, removed_days_ago=400), member(body, 1, removed_days_ago=now)
    elsewhere = member(make_evaluator(), 1, removed_days_ago=400)
    assert forgetting.forget_prints() == 1
    assert kept() == {old.pk, new.pk}
    assert elsewhere.pk not in kept()


def test_the_period_is_counted_from_the_running_clock(days_set):
    row = member(make_evaluator(), 1, removed_days_ago=0)
    assert forgetting.forget_prints() == 0
    with clock.fixed(DURING + timedelta(days=DAYS, seconds=1)):
        assert forgetting.forget_prints() == 1
    assert row.pk not in kept()
