"""`make run`: what is prepared again, which parts are started again, what a second run and `make stop` meet."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from greenportal.devtools import portal
from greenportal.devtools.places import is_free
from greenportal.devtools.portal import Service

OWN = {"DATABASE_URL": "postgresql://greenportal_app@/greenportal?host=/x&port=1"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A `.local` of this test."""
    monkeypatch.setattr(portal, "LOCAL", tmp_path)
    monkeypatch.setattr(portal, "LOGS", tmp_path / "log")
    monkeypatch.setattr(portal, "STATE", tmp_path / "run.json")
    (tmp_path / "servers").mkdir()
    monkeypatch.setattr(portal, "private_home", lambda local, account: tmp_path / "servers")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("MIGRATE_DATABASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def prepared(place, monkeypatch):
    """Counts preparations of a database that already has accounts."""
    done = []

    def prepare(env):
        done.append(env["DATABASE_URL"])
        (place / "static").mkdir(exist_ok=True)
        (place / "static" / "staticfiles.json").touch()

    monkeypatch.setattr(portal, "_migrate_and_collect", prepare)
    monkeypatch.setattr(portal, "_is_empty", lambda url: False)
    return done


def test_unchanged_sources_are_prepared_once(prepared):
    portal._prepare_database(OWN)
    portal._prepare_database(OWN)

    assert len(prepared) == 1


def test_changed_migration_is_prepared_again(prepared, monkeypatch, tmp_path):
    monkeypatch.setattr(portal, "ROOT", tmp_path)
    migrations = tmp_path / "app" / "migrations"
    migrations.mkdir(parents=True)
    portal._prepare_database(OWN)
    (migrations / "0002_more.py").write_text("x = 1\n", encoding="utf-8")
    portal._prepare_database(OWN)

    assert len(prepared) == 2


def test_removed_data_or_static_files_are_prepared_again(prepared, place):
    portal._prepare_database(OWN)
    (place / "static" / "staticfiles.json").unlink()
    portal._prepare_database(OWN)
    (place / "servers" / "prepared.json").unlink()
    portal._prepare_database(OWN)

    assert len(prepared) == 3


def test_server_of_somebody_else_is_prepared_each_time(prepared, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", OWN["DATABASE_URL"])
    portal._prepare_database(OWN)
    portal._prepare_database(OWN)

    assert len(prepared) == 2


def test_failed_preparation_is_not_remembered(prepared, monkeypatch):
    def fail(env):
        raise RuntimeError("migrate failed")

    working = portal._migrate_and_collect
    monkeypatch.setattr(portal, "_migrate_and_collect", fail)
    with pytest.raises(RuntimeError):
        portal._prepare_database(OWN)
    monkeypatch.setattr(portal, "_migrate_and_collect", working)
    portal._prepare_database(OWN)

    assert len(prepared) == 1


def test_broken_off_demonstration_is_taken_up_again_in_its_own_database_only(prepared, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(portal, "_is_empty", lambda url: not asked)

    def load(env, command, *arguments):
        asked.append(command)
        if len(asked) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(portal, "_manage", load)
    with pytest.raises(KeyboardInterrupt):
        portal._prepare_database(OWN)
    portal._prepare_database({"DATABASE_URL": "postgresql://somewhere/else"})
    assert asked == ["demo"]
    portal._prepare_database(OWN)
    portal._prepare_database(OWN)
    assert asked == ["demo", "demo"]


def test_a_further_stage_is_loaded_on_top_and_an_earlier_one_never(prepared, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(portal, "_is_empty", lambda url: not asked)
    monkeypatch.setattr(portal, "_manage", lambda env, *command: asked.append(command[-1]))
    for stage in ("opened", "", "submitted", "collecting", "submitted"):
        monkeypatch.setenv("STAGE", stage)
        portal._prepare_database(OWN)
    monkeypatch.setenv("STAGE", "corrected")
    portal._prepare_database({"DATABASE_URL": "postgresql://somewhere/else"})
    assert asked == ["opened", "submitted"]


def test_part_is_started_again_three_times_a_minute(monkeypatch):
    present = [1000.0]
    monkeypatch.setattr(portal.time, "monotonic", lambda: present[0])
    service = Service("web", ["true"])

    assert [service.may_restart() for _ in range(4)] == [True, True, True, False]
    present[0] += 61
    assert service.may_restart() is True


def test_part_that_keeps_dying_is_given_up_with_its_log(place, capsys):
    service = Service("worker-fast", [sys.executable, "-c", "print('no broker'); raise SystemExit(3)"])
    service.start(dict(os.environ))

    with pytest.raises(RuntimeError, match=r"no broker\n.*worker-fast keeps failing"):
        portal._watch([service], dict(os.environ))

    assert capsys.readouterr().out.count("worker-fast ended with status 3; starting it again") == 3


def test_a_ctrl_c_that_python_dropped_is_heeded_in_the_next_second(place, monkeypatch):
    """It came while a part was being started: what is raised in the hooks around a fork is printed and forgotten."""
    monkeypatch.setattr(portal, "_asked_to_stop", threading.Event())
    with contextlib.suppress(KeyboardInterrupt):
        portal._as_interrupt(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        portal._watch([], {})
    with pytest.raises(KeyboardInterrupt):
        portal._wait_until_ready(Service("web", ["true"]), {"PORT": "1"})


def test_web_that_cannot_start_is_told_with_its_log(place):
    service = Service("web", [sys.executable, "-c", "print('port taken'); raise SystemExit(1)"])
    service.start(dict(os.environ))
    service.process.wait()

    with pytest.raises(RuntimeError, match="port taken\nThe web server did not start"):
        portal._wait_until_ready(service, {"PORT": "1"})


def test_second_run_of_a_checkout_is_sent_to_the_first(place, capsys):
    portal._remember("http://127.0.0.1:8000/", {})
    with (place / "run.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(SystemExit), portal._only_one():
            pass

    assert "already runs: http://127.0.0.1:8000/\nStop it with: make stop" in capsys.readouterr().err


def test_note_of_the_run_is_private_for_it_holds_passwords(place):
    portal._remember("x", {"REDIS_URL": "redis://:secret@h/0"})

    assert (place / "run.json").stat().st_mode & 0o777 == 0o600


def test_stop_ends_the_run_and_waits(place):
    code = (
        "import signal, sys, time\n"
        "def bye(*a):\n    time.sleep(0.3); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, bye); print('up', flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, "greenportal.devtools"], stdout=subprocess.PIPE, text=True)
    run.stdout.readline()
    (place / "run.json").write_text(json.dumps({"pid": run.pid, "address": "x"}), encoding="utf-8")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # reap at once, as the shell that started it would
    try:
        portal.stop_running()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        run.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(run.pid, 0)
    run.returncode = 0
    assert not (place / "run.json").exists()


def test_stop_leaves_a_stranger_alone_that_got_the_number(place):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (place / "run.json").write_text(json.dumps({"pid": stranger.pid, "address": "x"}), encoding="utf-8")
        portal.stop_running()
        time.sleep(0.2)
        assert stranger.poll() is None
        assert not (place / "run.json").exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_without_a_run_does_nothing(place):
    assert portal.stop_running() is None


def test_port_asked_for_is_used_or_refused_with_another(monkeypatch):
    monkeypatch.setattr(portal, "is_free", lambda port: port != 21400)

    assert portal._web_port("21401") == 21401
    with pytest.raises(RuntimeError, match="make run PORT=21401"):
        portal._web_port("21400")


def test_usual_port_that_is_taken_is_replaced_by_one_of_the_checkout(monkeypatch):
    monkeypatch.setattr(portal, "is_free", lambda port: port != portal.WEB_PORT)

    port = portal._web_port("")

    assert 20_000 <= port < 32_768
    assert is_free(port)


def test_commands_are_found_without_django():
    assert portal.has_command("grant_app_role") is True
    assert portal.has_command("no_such_command") is False


def test_a_second_tool_sees_every_server_of_the_running_portal(place):
    servers = {
        "DATABASE_URL": "postgresql://a@/b",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STORAGE_URL": "s3://bucket?endpoint=http://127.0.0.1:1",
        "EMAIL_URL": "smtp://127.0.0.1:2525",
        "SITE_URL": "http://127.0.0.1:18000",
    }
    portal._announce({**servers, "PORT": "18000", "GREENPORTAL_CLOCK_OFFSET_SECONDS": "0", "HOME": "/nowhere"}, "")
    told = json.loads((place / "run.json").read_text(encoding="utf-8"))["environment"]
    assert told == {**servers, "GREENPORTAL_CLOCK_OFFSET_SECONDS": "0"}
