"""Which cases run: all of them under `make battery`, else a sample that BATTERY_SEED names and repeats."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")
FULL = os.environ.get("BATTERY") == "full"
_DEFAULT = 20220930


@cache
def seed() -> int:
    """Return BATTERY_SEED, or the fixed default: two runs without it are the same run."""
    return int(os.environ.get("BATTERY_SEED") or _DEFAULT)


def chosen(cases: Sequence[T], sample: int, *, salt: str) -> list[T]:
    """Return all cases under `make battery`, else `sample` of them in a stable order."""
    if FULL or sample >= len(cases):
        return list(cases)
    # Cases are picked for tests, nothing secret hangs on it.
    places = random.Random(f"{seed()}:{salt}").sample(range(len(cases)), sample)
    return [cases[place] for place in sorted(places)]
