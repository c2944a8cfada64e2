"""The migrated database that each process of a test run copies: migrations run once, while the checks run.

Usage: `python -m greenportal.devtools.testbase` with DATABASE_URL and, as the tests will have it, TEST_DB_TEMPLATE.
"""

from __future__ import annotations

import os

import django
import psycopg2
from django.db import connection
from psycopg2 import sql


def make(name: str) -> None:
    """Create the test database `name` with all migrations; an older one of that name is dropped."""
    connection.settings_dict["TEST"] |= {"NAME": name, "TEMPLATE": None}
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    # A database can be copied only while nobody is connected to it.
    connection.close()


def drop(name: str, url: str) -> None:
    """Drop the database `name` on the server of `url` where it is there."""
    session = psycopg2.connect(url)
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    finally:
        session.close()


if __name__ == "__main__":
    django.setup()
    make(os.environ["TEST_DB_TEMPLATE"])
