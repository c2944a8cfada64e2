"""Empties the database after tests that commit: rows are deleted from those tables only that hold some.

Django truncates all of the hundred tables each time, which gives each of them and its indexes new files, and makes
content types and permissions anew: half a second of the server after every such test.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

#: The same after every migration, and known by their numbers to this process: they stay.
KEPT = {"auth_permission", "django_content_type"}
_truncate = TransactionTestCase._fixture_teardown


@cache
def tables() -> tuple[str, ...]:
    """Return the quoted names of all tables that a test may fill, read from the database once."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(connection.ops.quote_name(name) for name in sorted(set(names) - KEPT))


@cache
def may_delete() -> bool:
    """Whether the role may pass by triggers and foreign keys, as the audit trail's own forbid to delete."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        row = cursor.fetchone()
    return bool(row and row[0])


def empty() -> None:
    """Delete every row. Waits like TRUNCATE for whoever still works in another session, and shuts others out meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables())} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables()))
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f"DELETE FROM {name}" for name in filled))


def teardown(case: Any) -> None:
    """What replaces Django's own at the end of a transactional test; its own remains where the role may not do this."""
    if may_delete() and not case.available_apps and not case.serialized_rollback:
        empty()
    else:
        _truncate(case)
