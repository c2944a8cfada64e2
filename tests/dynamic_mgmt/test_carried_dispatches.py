"""Dispatches of the time before exports were kept become exports without a file (migration 0012)."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from dynamic_mgmt.models import Dispatch, TableExport, TableReceipt
from dynamic_mgmt.selectors import exports
from dynamic_mgmt.services import filing
from greenportal import clock
from greenportal.accounts.actors import Role
from tests.factories.rounds import DURING
from tests.factories.tables import actor, make_filed, make_stage

pytestmark = pytest.mark.django_db
carry = import_module("dynamic_mgmt.migrations.0012_exports_kept").carry


@pytest.fixture
def before():
    """The models as they were before 0013, and the table of which dispatch named which tables, that 0013 removes."""
    apps = MigrationLoader(connection).project_state(("dynamic_mgmt", "0012_exports_kept")).apps
    old = apps.get_model("dynamic_mgmt", "Dispatch")
    with connection.schema_editor() as editor:
        editor.create_model(old._meta.get_field("tables").remote_field.through)
    return apps


def dispatched(apps, stage, *tables):
    """Write a dispatch down as it was done then: now, with the tables that it sent."""
    lead = actor(Role.CITY_LEAD)
    row = apps.get_model("dynamic_mgmt", "Dispatch").objects.create(
        period_id=stage.period.pk,
        category="factory",
        sent_on=clock.today(),
        document_no="试验平台回执1",
        by_id=lead.user_id,
        at=clock.now(),
    )
    row.tables.set([table.pk for table in tables])
    return Dispatch.objects.get(pk=row.pk)


def test_a_former_dispatch_becomes_an_export_with_the_receipts_of_its_day(before):
    stage = make_stage()
    table = make_filed(stage)
    unfiled = make_stage(period=stage.period).table()
    sent = TableReceipt.objects.get()
    with clock.fixed(DURING + timedelta(days=1)):
        row = dispatched(before, stage, table, unfiled)
    with clock.fixed(DURING + timedelta(days=2)):
        table = filing.return_table(
            actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="虚构：更正能耗"
        )
        later = filing.file_table(actor=stage.officer, table_id=table.pk)
    carry(before, None)
    made = TableExport.objects.get()
    assert (made.dispatch, made.file, made.columns, made.at) == (row, None, [], row.at)
    assert (made.period_id, made.category, made.by_id) == (row.period_id, "factory", row.by_id)
    kept = dict(made.rows.values_list("table", "receipt"))
    assert kept == {table.pk: sent.pk, unfiled.pk: None}
    # control: without the day the correction would count as sent
    assert TableReceipt.objects.filter(table=table).first() == later


def test_each_former_dispatch_has_its_own_export_and_one_without_tables_too(before):
    stage = make_stage()
    table = make_filed(stage)
    rows = [dispatched(before, stage, table), dispatched(before, stage, table), dispatched(before, stage)]
    carry(before, None)
    assert list(TableExport.objects.order_by("pk").values_list("dispatch", flat=True)) == [row.pk for row in rows]
    assert [export.rows.count() for export in TableExport.objects.order_by("pk")] == [1, 1, 0]
    assert exports.waiting(stage.period) == [], "what was sent then does not wait to be written down again"
