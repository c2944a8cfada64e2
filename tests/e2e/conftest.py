"""What the browser tests share: a portal that lives in the round's time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.rounds import DURING


@pytest.fixture
def october(settings: Any) -> Iterator[None]:
    """Let the portal live in the round's time."""
    settings.CLOCK_OFFSET = DURING - datetime.now(UTC)
    yield
