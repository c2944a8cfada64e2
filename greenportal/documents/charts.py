"""Small charts drawn on the server: numbers in, coordinates out; a template draws them as SVG on page and paper alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT, SIDE = 560, 64, 24


@dataclass(frozen=True, slots=True)
class Strip:
    """Values as dots on one line, the middle of them as a stroke, the own value as a rhombus. Coordinates in px."""

    dots: tuple[float, ...]
    middle: float
    own: float | None
    low: str
    high: str
    better_left: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = SIDE
    right: int = WIDTH - SIDE


def strip(values: Sequence[Decimal], own: Decimal | None, *, middle: Decimal, lower_is_better: bool) -> Strip:
    """Return the drawing of `values` (at least one) and `own` on one scale. Equal values lie on each other."""
    every = [*values, *([own] if own is not None else [])]
    low, high = min(every), max(every)

    def place(value: Decimal) -> float:
        share = (value - low) / (high - low) if high > low else Decimal("0.5")
        return round(SIDE + float(share) * (WIDTH - 2 * SIDE), 1)

    return Strip(
        dots=tuple(place(value) for value in values),
        middle=place(middle),
        own=None if own is None else place(own),
        low=f"{low.normalize():f}",
        high=f"{high.normalize():f}",
        better_left=lower_is_better,
    )
