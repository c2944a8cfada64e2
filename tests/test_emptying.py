"""The database is as empty after a test that commits as Django's own way leaves it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, TimeoutError

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase

from greenportal.audit.models import AuditEntry
from greenportal.rounds.models import Round
from tests import emptying
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.django_db(transaction=True)


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in emptying.tables()))
        return {name: number for name, number in cursor.fetchall() if number}


def test_all_rows_go_also_those_of_the_audit_trail_that_nobody_may_delete():
    kept = set(ContentType.objects.values_list("pk", flat=True))
    open_round_2022()
    assert {Round._meta.db_table, AuditEntry._meta.db_table} <= {name.strip('"') for name in counts()}

    emptying.empty()

    assert counts() == {}
    assert set(ContentType.objects.values_list("pk", flat=True)) == kept


def test_the_guards_of_the_database_stand_again_afterwards():
    emptying.empty()
    open_round_2022()
    with pytest.raises(Exception, match="audit"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_every_table_but_the_kept_ones_is_looked_at():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        there = {name for (name,) in cursor.fetchall()}
    assert there - {name.strip('"') for name in emptying.tables()} == emptying.KEPT | {"django_migrations"}


def test_tests_that_commit_end_with_it():
    assert TransactionTestCase._fixture_teardown is emptying.teardown


def test_it_waits_for_a_session_that_still_works():
    def other() -> None:
        try:
            emptying.empty()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            open_round_2022()
            waiting = threads.submit(other)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=20)
    assert counts() == {}
