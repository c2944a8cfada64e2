"""`make run` as a whole: a copy of the sources starts, every part works, Ctrl-C leaves nothing running, data stays."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from greenportal.devtools.places import ROOT

pytestmark = [pytest.mark.services, pytest.mark.slow]

#: What a start needs of the sources; `.local` of the checkout is not among it.
SOURCES = ("greenportal", "nominations", "evaluators", "dynamic_mgmt", "static", "templates")
#: Names of servers and settings that would lead the copy to somebody else's data.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "EMAIL_URL", "SITE_URL", "DJANGO_", "GREENPORTAL_", "TEST_")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of the sources with the environment of this checkout; its data go away with it."""
    folder = tmp_path / "copy"
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "requirements.txt"):
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    yield folder
    note = folder / ".local" / "servers.json"
    if note.is_file():  # the service account cannot reach this folder: its data lie in one of their own
        shutil.rmtree(json.loads(note.read_text(encoding="utf-8"))["home"])


class Start:
    """One `make run` of a checkout, from its first line to its end."""

    def __init__(self, checkout: Path) -> None:
        self.local = checkout / ".local"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {k: v for k, v in os.environ.items() if not any(name in k for name in FOREIGN)}
        self.told = checkout / f"told-{self.port}.txt"
        with self.told.open("wb") as output:
            self.process = subprocess.Popen(
                [checkout / ".venv" / "bin" / "python", "-m", "greenportal.devtools", "run"],
                cwd=checkout,
                env={**kept, "PORT": str(self.port), "STAGE": "opened"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.told.read_text(encoding="utf-8")

    def wait_for(self, what: str, reached: Any, seconds: float) -> Any:
        """Ask again and again until there is an answer; the log of the start tells why there was none."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                if found := reached():
                    return found
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError(f"{what}\n{self.text}")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def children(self) -> set[int]:
        """Every process below this start, by Linux's own list."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
        found, new = set(), {self.process.pid}
        while new:
            new = {pid for pid, parent in parents.items() if parent in new} - found
            found |= new
        return found

    def interrupt(self) -> int:
        """Ctrl-C; returns the status with which it ended."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def begin(checkout: Path) -> Iterator[Any]:
    """A function that starts the copy; whatever still runs at the end of the test is stopped."""
    starts: list[Start] = []

    def start() -> Start:
        starts.append(Start(checkout))
        return starts[-1]

    yield start
    for one in starts:
        if one.process.poll() is None:
            one.interrupt()


def queues_taken(local: Path) -> set[str]:
    """The queues that some worker takes work from, asked of the workers themselves through the start's broker."""
    url = json.loads((local / "run.json").read_text(encoding="utf-8"))["environment"]["REDIS_URL"]
    with Celery(broker=url) as app:
        told = app.control.inspect(timeout=2).active_queues() or {}
    return {queue["name"] for queues in told.values() for queue in queues}


def accounts_of(text: str) -> list[str]:
    """The lines of the printed accounts without their codes, which differ from moment to moment."""
    return [re.sub(r"\d{6}$", "", line) for line in text.splitlines() if "示例·" in line]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_start_works_in_every_part_ends_by_ctrl_c_and_the_next_one_finds_its_data(begin: Any) -> None:
    first = begin()
    first.wait_for("no address was told", lambda: "打开 Open" in first.text, 600)

    assert f"打开 Open   http://127.0.0.1:{first.port}/\n" in first.text
    people = accounts_of(first.text)
    assert [line.split()[0] for line in people if line.startswith(("dl-lead", "wfd-officer"))] == [
        "dl-lead",
        "wfd-officer",
    ]
    assert "演示时间 2022年10月10日" in first.text
    assert json.loads(first.get("/readyz"))["status"] == "ok"
    assert 'name="login"' in first.get("/accounts/login/")
    taken = first.wait_for(
        "no worker answered", lambda: (found := queues_taken(first.local)) >= {"fast", "packet"} and found, 60
    )
    assert taken == {"fast", "packet"}
    # Beat rings, a worker of `fast` answers by a row: the age of that row shows in the health page.
    first.wait_for("beat does not ring", lambda: ticked(first), 90)
    below = first.children()
    assert len(below) > 8

    assert first.interrupt() == 0
    assert "Stopped; the data stays in .local" in first.text
    assert [pid for pid in below if alive(pid)] == []
    assert not (first.local / "run.json").exists()

    second = begin()
    second.wait_for("no address was told", lambda: "打开 Open" in second.text, 180)
    assert "Loading the demonstration" in first.text
    assert "Loading the demonstration" not in second.text
    assert accounts_of(second.text) == people
    assert second.interrupt() == 0


def ticked(start: Start) -> bool:
    """Whether a planned run has come through beat, broker and worker; the health page is 503 until it is well."""
    try:
        body = start.get("/healthz")
    except urllib.error.HTTPError as error:
        body = error.read().decode()
    return json.loads(body)["readings"]["jobs"]["last_tick_seconds"] is not None
