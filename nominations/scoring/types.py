"""What a score is made of. Frozen; quantities are exact Decimals, rounded only where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from greenportal.sheets.numerals import rounded

NOT_ENTERED = "分值未录入"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One indicator's share in a score. value: what was entered; part: what it adds; note: why it adds nothing."""

    key: str
    label: str
    unit: str = ""
    value: Decimal | None = None
    most: Decimal | None = None
    part: Decimal | None = None
    arithmetic: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A total: computed where everything is there (`value`), and what the report states (`stated`).

    because: why nothing was computed, or a remark; formula and arithmetic: how this figure came about;
    other: the second reading of an index, with its name; reading: which one counts here, and who set it.
    """

    title: str
    formula: str = ""
    arithmetic: str = ""
    lines: tuple[Line, ...] = ()
    value: Decimal | None = None
    stated: Decimal | None = None
    because: str = ""
    other: tuple[str, Decimal] | None = None
    reading: str = ""
    level: str = ""
    source: str = ""
    confidence: str = ""

    @property
    def contradicts(self) -> bool:
        """True when the stated total is not the computed one, to the digits that are stated."""
        if self.value is None or self.stated is None:
            return False
        places = max(2, -int(self.stated.normalize().as_tuple().exponent))
        return rounded(self.value, places, ROUND_HALF_UP) != self.stated


def shown(value: Decimal | None, places: int = 2) -> str:
    """Return a figure as people read it, rounded half up, without trailing zeros; empty for None."""
    if value is None:
        return ""
    text = f"{rounded(value, places, ROUND_HALF_UP):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text
