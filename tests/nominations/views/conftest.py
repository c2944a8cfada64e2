"""Every page test of nominations plays inside the round's window."""

from __future__ import annotations

import pytest

from greenportal import clock
from tests.factories.rounds import DURING


@pytest.fixture(autouse=True)
def _open_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
