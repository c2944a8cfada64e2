"""Two connections at once. Each test has its control: with the guard off the same race goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dynamic_mgmt.models import DynamicTable, TableReceipt
from dynamic_mgmt.services import filing, table_moving
from greenportal import clock
from greenportal.findings.types import DomainError
from greenportal.rounds.selectors import WindowState
from tests.factories.rounds import DURING
from tests.factories.tables import Stage, fill, make_stage
from tests.nominations.test_races import meet_in, together

pytestmark = pytest.mark.django_db(transaction=True)
CLOSES = datetime(2022, 11, 15, 16, tzinfo=UTC)


@pytest.fixture
def during_the_round():
    """The races set the clock themselves: threads copy the context of the test."""


@pytest.fixture
def stage() -> Stage:
    with clock.fixed(DURING):
        stage = make_stage()
        fill(stage.unit_actor, stage.table())
        return stage


def file_twice(stage: Stage) -> list[object]:
    table = stage.table()

    def press() -> TableReceipt:
        with clock.fixed(DURING):
            return filing.file_table(actor=stage.unit_actor, table_id=table.pk)

    return together(press, press)


def test_two_presses_file_once(stage, monkeypatch):
    results = file_twice(stage)
    assert TableReceipt.objects.count() == 1
    assert sum(isinstance(r, DomainError) for r in results) == 1


def test_control_without_the_row_lock_two_presses_file_twice(stage, monkeypatch):
    def unlocked(actor, table_id, *, seen_version=None):
        return DynamicTable.objects.get(pk=table_id)

    monkeypatch.setattr(filing, "lock_table", unlocked)
    meet_in(monkeypatch, filing, "move_table")
    file_twice(stage)
    assert TableReceipt.objects.count() == 2


def late_press(stage: Stage) -> object:
    """A press whose service believes the clock still runs; the receipt is after it."""
    table = stage.table()

    def press() -> TableReceipt:
        with clock.fixed(CLOSES + timedelta(seconds=1)):
            return filing.file_table(actor=stage.unit_actor, table_id=table.pk)

    return together(press)[0]


def test_closing_beats_a_filing_that_the_service_let_through(stage, monkeypatch):
    """The service's gate is off; the database's still refuses, and nothing of the filing stays."""
    for module in (filing, table_moving):
        monkeypatch.setattr(module, "table_window", lambda table, at=None: WindowState(open=True, closes_at=CLOSES))
    assert "receipt gate" in str(late_press(stage))
    assert (TableReceipt.objects.count(), stage.table().state) == (0, "draft")


def test_control_in_time_the_same_press_is_taken(stage):
    table = stage.table()
    with clock.fixed(CLOSES - timedelta(seconds=1)):
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert TableReceipt.objects.count() == 1
