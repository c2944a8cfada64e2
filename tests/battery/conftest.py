"""Keeps what the battery's tests measured and writes the report when the run ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from greenportal import clock
from tests.battery import results, seeding
from tests.factories.rounds import DURING

_rows: list[dict[str, Any]] = []
_counts = {"passed": 0, "failed": 0}
Keep = Callable[..., None]


@pytest.fixture(autouse=True)
def _during_the_round(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand inside all clocks of the 2022 round; a request takes its time from `running`, a server has its own."""
    if not request.node.get_closest_marker("services"):
        monkeypatch.setattr(clock, "running", lambda: DURING)
    with clock.fixed(DURING):
        yield


@pytest.fixture
def keep() -> Keep:
    """A function `(part, case, outcome, **figures)` that adds a row to the report."""
    # Captured, so that it stands beside the test that fails.
    sys.stdout.write(f"BATTERY_SEED={seeding.seed()}\n")

    def add(part: str, case: str, outcome: str, **figures: Any) -> None:
        if part not in results.PARTS:
            raise KeyError(f"{part} has no heading in tests/battery/results.py: its rows would be left out")
        _rows.append({"part": part, "case": case, "outcome": outcome, "figures": figures})

    return add


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if item.get_closest_marker("battery") and (report.when == "call" or report.failed):
        _counts["failed" if report.failed else "passed"] += 1
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the seed, so that a run can be repeated."""
    cases = "all cases" if seeding.FULL else "sample"
    terminalreporter.write_line(f"battery ({cases}): repeat with BATTERY_SEED={seeding.seed()}")


def pytest_sessionfinish() -> None:
    """Write the report of a full run. A sample that runs among the other tests leaves the last one alone."""
    if _rows and seeding.FULL:
        results.write(_rows, passed=_counts["passed"], failed=_counts["failed"])
