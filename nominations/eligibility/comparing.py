"""Where a nominee stands among listed local factories of its industry, per main indicator (通知 一、（一）第2段). Pure.

The rulebook's rule PEERS names the indicators, how each follows from the self-evaluation's figures, and what 本地区
means. Peers' figures are for officers: nothing here words them for applicants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.rounds.booktypes import RuleSpec
from greenportal.sheets import Answers, Sheet, expressions
from greenportal.sheets.computing import compute, lookup
from nominations.eligibility.answers import unit_key
from nominations.eligibility.facts import PeerFigure

LOWER, HIGHER = "lower_is_better", "higher_is_better"
RULE = "PEERS"
#: What applicants and evaluators read instead of the verdict: neither figure, nor count, nor which way it went.
WITHHELD = "主要指标与本地区同行业已有绿色工厂的比较，由区市县和市工信局核对，不需要申报单位填写。"
#: What 本地区 may mean, with its words.
AREAS = {"district": "本区市县", "city": "本市", "everywhere": "全部地区"}
DIGITS = {"4": "同一小类", "3": "同一中类", "2": "同一大类"}
LEVELS = {"": "全部级别", "national": "国家级", "provincial": "省级", "city": "市级"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a nominee is compared with: area, how many digits of the industry are the same, level of the list."""

    area: str = "city"
    digits: str = "4"
    level: str = ""

    @classmethod
    def of(cls, spec: RuleSpec) -> Scope:
        """Return what the rulebook says; what it does not say is as above."""
        start = cls()
        given = {key: str(spec.params.get(f"peer_{key}", "")) for key in ("area", "digits", "level")}
        return start.asked(given)

    def asked(self, wanted: Mapping[str, str]) -> Scope:
        """Return the scope with what was asked, where it is one of the known words."""
        known = {"area": AREAS, "digits": DIGITS, "level": LEVELS}
        chosen = {key: wanted[key] for key, words in known.items() if key in wanted and wanted[key] in words}
        return replace(self, **{key: value for key, value in chosen.items() if value or key == "level"})

    @property
    def words(self) -> str:
        """The scope in words, as the page says it."""
        return f"{AREAS[self.area]}、{DIGITS[self.digits]}、{LEVELS[self.level]}"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A main indicator: key in the register, label, unit of measure (产品单位 stands for the product's), direction."""

    key: str
    label: str
    unit: str
    direction: str

    @property
    def lower_is_better(self) -> bool:
        """True when less is better."""
        return self.direction == LOWER


@dataclass(frozen=True, slots=True)
class Peer:
    """One listed unit's newest value, known on the day of comparison."""

    unit_id: int
    name: str
    data_year: int
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Position:
    """One indicator: the nominee's value (None: not filled in) among its peers, smallest first."""

    indicator: Indicator
    unit: str
    own: Decimal | None
    peers: tuple[Peer, ...]
    others: int = 0

    @property
    def count(self) -> int:
        """How many peers have a figure in the same unit of measure; `others` have one in another."""
        return len(self.peers)

    @property
    def values(self) -> tuple[Decimal, ...]:
        """The peers' values, smallest first."""
        return tuple(peer.value for peer in self.peers)

    @property
    def best(self) -> Decimal | None:
        """The best peer's value."""
        if not self.peers:
            return None
        return self.values[0] if self.indicator.lower_is_better else self.values[-1]

    @property
    def middle(self) -> Decimal | None:
        """The median of the peers' values."""
        return median(self.values) if self.peers else None

    @property
    def rank(self) -> int | None:
        """The place the nominee takes among peers and itself, 1 for strictly or jointly best."""
        if self.own is None or not self.peers:
            return None
        own = self.own
        return 1 + sum(v < own if self.indicator.lower_is_better else v > own for v in self.values)

    @property
    def ahead(self) -> bool | None:
        """Whether it is strictly better than every peer (应优于); None where that cannot be said."""
        if self.own is None or self.best is None:
            return None
        return self.own < self.best if self.indicator.lower_is_better else self.own > self.best


def wanted(spec: RuleSpec) -> dict[str, str]:
    """Return indicator key → expression over the self-evaluation's figures, from `key = expression` lines."""
    pairs = (str(line).partition("=") for line in spec.params.get("indicators", ()))
    return {key.strip(): source.strip() for key, _, source in pairs}


def own_values(sheet: Sheet, answers: Answers, sources: Mapping[str, str]) -> dict[str, Decimal]:
    """Return the nominee's values by indicator; what cannot be computed from its answers is left out."""
    full = compute(sheet, answers)
    known = {field.key for field in sheet.fields()} | {table.key for table in sheet.tables()}
    found = {}
    for key, source in sources.items():
        if {name.partition(".")[0] for name in expressions.names(source)} <= known:
            value = expressions.evaluate(source, lookup(sheet, full))
            if isinstance(value, Decimal) and value.is_finite():
                found[key] = value
    return found


def unit_of(indicator: Indicator, product_unit: str) -> str:
    """Return the unit of measure with the nominee's own product unit in it."""
    return indicator.unit.replace("产品单位", product_unit) if product_unit else indicator.unit


def position(
    indicator: Indicator, own: Decimal | None, *, product_unit: str, groups: Mapping[str, Sequence[Peer]]
) -> Position:
    """Return the position among the peers whose figure is in the same unit of measure; others are only counted."""
    unit = unit_of(indicator, product_unit)
    same = [peer for measure, peers in groups.items() if unit_key(measure) == unit_key(unit) for peer in peers]
    others = sum(len(peers) for measure, peers in groups.items() if unit_key(measure) != unit_key(unit))
    return Position(indicator, unit, own, tuple(sorted(same, key=lambda p: (p.value, p.unit_id))), others)


def as_figures(positions: Sequence[Position]) -> tuple[PeerFigure, ...]:
    """Return the positions as facts of the rule; indicators without a peer are left out."""
    return tuple(
        PeerFigure(
            indicator=row.indicator.label,
            unit=row.unit,
            value=row.own,
            peer=row.best,
            higher_is_better=not row.indicator.lower_is_better,
            count=row.count,
            rank=row.rank,
        )
        for row in positions
        if row.peers
    )


def withheld(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings for whoever is no officer: the comparison says the same whatever it came to."""
    return [
        Finding(RULE, Outcome.MANUAL, Severity.INFO, f.clause, WITHHELD, f.title) if f.rule == RULE else f
        for f in findings
    ]
