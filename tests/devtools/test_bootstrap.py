"""What the bootstrap installs, and what it says where it may not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from greenportal.devtools import bootstrap
from greenportal.devtools.bootstrap import Need
from greenportal.devtools.places import ROOT


class Recorder:
    """Stands for subprocess.run: keeps commands, answers with given statuses (default 0)."""

    def __init__(self, **statuses):
        self.commands = []
        self.statuses = statuses

    def __call__(self, command, **options):
        self.commands.append([str(part) for part in command])
        status = next((code for name, code in self.statuses.items() if any(name in str(part) for part in command)), 0)
        return subprocess.CompletedProcess(command, status, stdout="", stderr="refused")


@pytest.fixture
def missing(monkeypatch):
    """Two packages are missing until apt-get ran."""
    here = set()
    monkeypatch.setattr(
        bootstrap, "needs", lambda purpose: [Need(name, lambda n=name: n in here) for name in ("liba", "libb")]
    )
    return here


def recorder(monkeypatch, here, **statuses):
    run = Recorder(**statuses)

    def install(command, **options):
        if "install" in command and not statuses:
            here.update(("liba", "libb"))
        return run(command, **options)

    monkeypatch.setattr(bootstrap.subprocess, "run", install)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    return run


def test_root_installs_only_what_is_missing(monkeypatch, missing):
    run = recorder(monkeypatch, missing)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    missing.add("liba")

    bootstrap.install_system_packages("run")

    assert run.commands == [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libb"],
    ]


def test_nothing_missing_runs_nothing(monkeypatch, missing):
    run = recorder(monkeypatch, missing)
    missing.update(("liba", "libb"))

    bootstrap.install_system_packages("run")

    assert run.commands == []


def test_without_rights_the_exact_command_is_printed(monkeypatch, missing, capsys):
    recorder(monkeypatch, missing, sudo=1)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.sys.stdin, "isatty", lambda: False, raising=False)

    with pytest.raises(SystemExit) as ended:
        bootstrap.install_system_packages("run")

    assert ended.value.code == 1
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends liba libb" in capsys.readouterr().err


def test_sudo_without_a_password_is_used(monkeypatch, missing):
    run = recorder(monkeypatch, missing)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)

    bootstrap.install_system_packages("run")

    assert run.commands[0] == ["sudo", "-n", "true"]
    assert [command[:3] for command in run.commands[1:]] == [["sudo", "-n", "apt-get"]] * 2


def test_failing_package_manager_shows_what_it_said(monkeypatch, missing, capsys):
    recorder(monkeypatch, missing, update=100)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)

    with pytest.raises(SystemExit):
        bootstrap.install_system_packages("run")

    assert "refused\nThis command failed: apt-get update -qq" in capsys.readouterr().err


def test_other_systems_are_told_the_names(monkeypatch, missing, capsys):
    recorder(monkeypatch, missing)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)

    with pytest.raises(SystemExit):
        bootstrap.install_system_packages("run")

    assert "missing (Debian names): liba libb" in capsys.readouterr().err


def test_tests_need_a_browser_and_running_does_not():
    names = {purpose: {need.package for need in bootstrap.needs(purpose)} for purpose in ("run", "test")}

    assert names["test"] - names["run"] == {"chromium", "poppler-utils", "git", "libatomic1"}
    assert "libharfbuzz-subset0" in names["run"]


def test_thin_font_is_not_enough(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "FONT_DIRECTORIES", (str(tmp_path),))
    (tmp_path / "NotoSerifCJK-Regular.ttc").touch()
    assert bootstrap.has_bold_font() is False

    (tmp_path / "NotoSerifCJK-Bold.ttc").touch()
    assert bootstrap.has_bold_font() is True


def test_changed_requirements_change_the_fingerprint(monkeypatch, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("a==1\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", (file,))
    before = bootstrap.fingerprint()
    file.write_text("a==2\n", encoding="utf-8")

    assert bootstrap.fingerprint() != before


def test_pip_is_the_fallback_where_uv_fails_and_hashes_are_always_checked(monkeypatch, tmp_path):
    run = Recorder(uv=1)
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "INSTALLER", tmp_path / "installer")
    (tmp_path / "installer" / "bin").mkdir(parents=True)
    (tmp_path / "installer" / "bin" / "uv").touch()

    bootstrap.install_dependencies()

    installs = [command for command in run.commands if "install" in command or "sync" in command]
    assert [command[1] for command in installs] == ["pip", "-m"]
    assert ["--require-hashes" in command for command in installs] == [True, True]
    assert (tmp_path / "stamp").read_text(encoding="ascii") == bootstrap.fingerprint()


def test_matching_stamp_installs_nothing(monkeypatch, tmp_path):
    run = Recorder()
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    (tmp_path / "stamp").write_text(bootstrap.fingerprint(), encoding="ascii")

    bootstrap.install_dependencies()

    assert run.commands == []


def test_mirror_of_pip_is_handed_to_uv_unless_uv_has_its_own(monkeypatch):
    listed = "global.index-url='https://mirror.example/simple'\n:env:.cert='/etc/ssl/x.pem'\n"
    monkeypatch.setattr(
        bootstrap.subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, stdout=listed, stderr="")
    )
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert bootstrap.pip_settings() == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "SSL_CERT_FILE": "/etc/ssl/x.pem",
    }

    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert bootstrap.pip_settings() == {"SSL_CERT_FILE": "/etc/ssl/x.pem"}


def test_old_python_is_told_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py", "run"])

    with pytest.raises(SystemExit):
        bootstrap.main()

    assert "make run PYTHON=python3.11" in capsys.readouterr().err


def test_bootstrap_imports_the_standard_library_only():
    spec = importlib.util.spec_from_file_location("lonely", ROOT / "greenportal" / "devtools" / "bootstrap.py")
    done = subprocess.run(
        [sys.executable, "-S", "-I", spec.origin, "report"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert '"chromium"' in done.stdout
