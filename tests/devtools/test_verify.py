"""The steps of `make test`: each is run, those that fail are named and what they say is shown."""

from __future__ import annotations

import os
import sys

import pytest
from django.conf import settings

from greenportal.devtools import verify
from greenportal.devtools.verify import Step


def step(name: str, code: str) -> Step:
    return Step(name, (sys.executable, "-c", code))


def test_those_that_fail_are_named_in_their_order_with_what_they_said(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        step("slow and bad", "import time; time.sleep(0.3); print('first'); raise SystemExit(1)"),
        step("good", "print('nobody asked')"),
        step("bad", "print('second'); raise SystemExit(2)"),
    ]
    assert verify.run_steps(steps, dict(os.environ)) == ["slow and bad", "bad"]
    told = capsys.readouterr().out
    assert [word in told for word in ("first", "second", "nobody asked")] == [True, True, False]
    assert told.count("FAIL") == 2


def test_two_run_side_by_side(tmp_path) -> None:
    meets = "import pathlib, time\n{mine}.touch()\nwhile not {other}.exists(): time.sleep(0.02)"
    places = [f"pathlib.Path({str(tmp_path / name)!r})" for name in "ab"]
    pair = [
        step("a", meets.format(mine=places[0], other=places[1])),
        step("b", meets.format(mine=places[1], other=places[0])),
    ]
    assert verify.run_steps(pair, dict(os.environ)) == []


def test_nothing_to_run_is_no_failure() -> None:
    assert verify.run_steps([], {}) == []


def test_the_database_to_copy_is_told_to_the_tests_and_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[tuple[str, str]] = []
    monkeypatch.setattr(verify.testbase, "drop", lambda name, url: dropped.append((name, url)))
    with verify.one_migration({"DATABASE_URL": "address", "TEST_DB_SUFFIX": "_x"}) as env:
        assert env["TEST_DB_TEMPLATE"] == "test_greenportal_x_base"
        assert dropped == []
    assert dropped == [("test_greenportal_x_base", "address")]
    assert settings.DATABASES["default"]["TEST"]["TEMPLATE"] == (os.environ.get("TEST_DB_TEMPLATE") or None)
