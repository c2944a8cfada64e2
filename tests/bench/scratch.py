"""A database and a storage folder of the bench's own: made, migrated, filled, dropped."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from tests.bench import harness


@contextmanager
def scratch() -> Iterator[None]:
    """Point this process's environment at a new migrated database and an empty storage for the block.

    The server is that of DATABASE_URL, whose role must be allowed to create databases.
    """
    server = os.environ["DATABASE_URL"]
    name = f"greenportal_bench_{os.getpid()}"
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="greenportal-bench-") as folder:
        _command(server, "CREATE DATABASE {}", name)
        try:
            os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            os.environ["TEST_STORAGE"] = f"{folder}/storage"
            os.environ["BENCH_FOLDER"] = folder
            os.environ.pop("MIGRATE_DATABASE_URL", None)
            _migrate()
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            _command(server, "DROP DATABASE {} WITH (FORCE)", name)


def _command(server: str, text: str, name: str) -> None:
    connection = psycopg2.connect(server)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(text).format(sql.Identifier(name)))
    finally:
        connection.close()


def _migrate() -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": harness.SETTINGS}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=harness.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"migrate failed:\n{done.stdout}\n{done.stderr}")
