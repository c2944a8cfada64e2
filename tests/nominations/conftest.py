"""Every test of nominations stands at an instant inside all clocks of the 2022 round."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from greenportal import clock
from tests.factories.rounds import DURING


@pytest.fixture(autouse=True)
def _during_the_round() -> Iterator[None]:
    with clock.fixed(DURING):
        yield
