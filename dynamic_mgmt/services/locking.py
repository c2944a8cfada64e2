"""One lock for what changes many rows of the register: imports, results, renames."""

from __future__ import annotations

from django.db import connection

#: Advisory lock under which lists are brought in and names change, one at a time.
IMPORT_LOCK = 7_310_201


def lock_register() -> None:
    """Wait for and hold the lock until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
