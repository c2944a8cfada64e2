"""Self-evaluation beside third-party evaluation: what both state, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from nominations.scoring.types import Line


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of both reports. difference: third minus self; None when one of them is missing."""

    key: str
    label: str
    unit: str
    own: Decimal | None
    third: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """Third-party minus self-evaluation."""
        return None if self.own is None or self.third is None else self.third - self.own

    @property
    def differs(self) -> bool:
        """True when both are there and not equal: marked on the page."""
        return bool(self.difference)

    @property
    def empty(self) -> bool:
        """True when neither report has it."""
        return self.own is None and self.third is None


def pairs(own: Iterable[Line], third: Iterable[Line]) -> tuple[Pair, ...]:
    """Return the lines of both reports by key, in the order of the first that has each; empty ones are left out."""
    mine: Mapping[str, Line] = {line.key: line for line in own}
    theirs: Mapping[str, Line] = {line.key: line for line in third}
    found = []
    for key in dict.fromkeys([*mine, *theirs]):
        line = mine.get(key) or theirs[key]
        pair = Pair(key, line.label, line.unit, _value(mine, key), _value(theirs, key))
        if not pair.empty:
            found.append(pair)
    return tuple(found)


def _value(lines: Mapping[str, Line], key: str) -> Decimal | None:
    return lines[key].value if key in lines else None
