"""Under which account servers run, and where their data lies when that account cannot enter the checkout."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from greenportal.devtools import account
from greenportal.devtools.account import Account, private_home, service_account, socket_directory

ME = Account("me", os.geteuid(), os.getegid(), switch=False)


def test_ordinary_user_runs_servers_as_himself(monkeypatch):
    monkeypatch.setattr(account.os, "geteuid", lambda: 65534)

    assert service_account().switch is False
    assert service_account().popen_arguments() == {}


def test_root_takes_the_first_unprivileged_account_that_exists(monkeypatch):
    monkeypatch.setattr(account.os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "CANDIDATES", ("no-such-account", "nobody"))

    found = service_account()

    assert (found.name, found.switch) == ("nobody", True)
    assert found.popen_arguments() == {"user": found.uid, "group": found.gid, "extra_groups": []}


def test_root_without_such_an_account_is_told(monkeypatch):
    monkeypatch.setattr(account.os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "CANDIDATES", ("no-such-account",))

    with pytest.raises(RuntimeError, match="no-such-account"):
        service_account()


def test_home_is_private_and_below_local(tmp_path):
    home = private_home(tmp_path / "local", ME)

    assert home == tmp_path / "local" / "servers"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_home_out_of_reach_moves_to_a_remembered_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(account, "reaches", lambda who, folder: False)
    rights = stat.S_IMODE(tmp_path.stat().st_mode)

    home = private_home(tmp_path / "local", ME)

    try:
        assert home.parent != tmp_path / "local"
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert private_home(tmp_path / "local", ME) == home
        assert stat.S_IMODE(tmp_path.stat().st_mode) == rights
    finally:
        shutil.rmtree(home)


def test_forgotten_temporary_folder_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(account, "reaches", lambda who, folder: False)
    first = private_home(tmp_path / "local", ME)
    first.rmdir()

    second = private_home(tmp_path / "local", ME)

    assert second.is_dir()
    assert second != first
    second.rmdir()


def test_reach_needs_every_parent(tmp_path):
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    nobody = Account("nobody", 65534, 65534, switch=os.geteuid() == 0)

    assert account.reaches(nobody, Path("/")) is True
    inner.parent.chmod(0)
    try:
        assert account.reaches(nobody, inner) is False
    finally:
        inner.parent.chmod(0o700)


def test_sockets_of_a_deep_checkout_get_a_short_path(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()

    folder = socket_directory(deep, ME)

    assert len(str(folder)) <= account.LONGEST_SOCKET_DIRECTORY
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


def test_copy_is_made_once(tmp_path):
    source = tmp_path / "program"
    source.write_text("1", encoding="utf-8")
    target = account.own_copy(source, tmp_path / "copy", ME)
    source.write_text("2", encoding="utf-8")

    assert account.own_copy(source, tmp_path / "copy", ME) == target
    assert target.read_text(encoding="utf-8") == "1"
