"""Widths of table columns from what stands in them: short and firm columns never break, long texts share the rest."""

from __future__ import annotations

from collections.abc import Sequence


def fitted(natural: Sequence[int], firm: Sequence[bool], *, room: int, least: int) -> list[int]:
    """Return the width of each column in half-width characters.

    A firm column keeps its natural width; the others share what is left of `room` in proportion, none below `least`.
    """
    left = room - sum(width for width, kept in zip(natural, firm, strict=True) if kept)
    asked = sum(width for width, kept in zip(natural, firm, strict=True) if not kept) or 1
    return [
        width if kept else max(least, round(width * left / asked)) for width, kept in zip(natural, firm, strict=True)
    ]


def shares(widths: Sequence[int], *, whole: float = 100) -> list[float]:
    """Return the widths as percent of the table, adding up to `whole`."""
    total = sum(widths) or 1
    return [round(whole * width / total, 2) for width in widths]
