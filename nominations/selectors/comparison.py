"""The comparison with listed factories of the same industry: what the pure part is given. For officers only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dynamic_mgmt.constants import HOME_CITY
from dynamic_mgmt.selectors import catalogue
from dynamic_mgmt.selectors.figures import PeerRow, peer_rows, peer_units
from greenportal.accounts.actors import Actor
from greenportal.findings.types import NotVisible, Refused
from greenportal.rounds.booktypes import Rulebook, RuleSpec
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet
from nominations.constants import SELF_MARK, Category
from nominations.eligibility import comparing
from nominations.eligibility.comparing import RULE, Indicator, Peer, Position, Scope
from nominations.models import Nomination
from nominations.selectors.content import Content, contents, sheets_by_sha
from nominations.selectors.nominations import get_visible, versions_visible_to

ONLY_FACTORIES = "同行业对标只适用于绿色工厂。"


@dataclass(frozen=True, slots=True)
class Asked:
    """A nominee to compare: who it is, and the self-evaluation it goes by (None: it has none)."""

    key: int
    industry_code: str
    authority_id: int
    applicant_id: int
    sheet: Sheet | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """Positions per indicator, and how many listed local factories of the industry there are, with figures or not."""

    scope: Scope
    positions: tuple[Position, ...]
    units: int

    @property
    def comparable(self) -> bool:
        """True when at least one indicator has a value of the nominee and of a peer."""
        return any(row.rank is not None for row in self.positions)


def compare(
    rows: Sequence[Asked], *, spec: RuleSpec, as_of: datetime, scope: Scope | None = None
) -> dict[int, Compared]:
    """Return the comparison of each nominee. Two queries for any number of them, none for nobody."""
    where = scope or Scope.of(spec)
    sources = comparing.wanted(spec)
    prefixes = {row.industry_code[: int(where.digits)] for row in rows if row.industry_code}
    if not rows or not sources or not prefixes:
        return {row.key: Compared(where, (), 0) for row in rows}
    category, level = str(Category.FACTORY), where.level
    figures = peer_rows(category=category, industries=prefixes, level=level, as_of=as_of, indicators=sources)
    units = peer_units(category=category, industries=prefixes, level=level, as_of=as_of)
    known = catalogue.indicators(Category.FACTORY)
    indicators = [Indicator(k, known[k].label, known[k].unit, known[k].direction) for k in sources if k in known]
    return {
        row.key: Compared(
            where,
            _positions(row, [f for f in figures if _near(f, row, where)], indicators, sources),
            len({u.body for u in units if _near(u, row, where)}),
        )
        for row in rows
    }


def _near(unit: Any, row: Asked, scope: Scope) -> bool:
    """Whether a listed unit is a peer: same industry, same area, not the nominee itself."""
    digits = int(scope.digits)
    if not row.industry_code or unit.industry_code[:digits] != row.industry_code[:digits]:
        return False
    if unit.organisation_id == row.applicant_id:
        return False
    if scope.area == "district":
        return bool(unit.authority_id == row.authority_id)
    return scope.area == "everywhere" or unit.city == HOME_CITY


def _positions(
    row: Asked, figures: Sequence[PeerRow], indicators: Sequence[Indicator], sources: Mapping[str, str]
) -> tuple[Position, ...]:
    own = comparing.own_values(row.sheet, row.answers, sources) if row.sheet else {}
    product = str(row.answers.get("product_unit") or "")
    newest: dict[tuple[str, str, str], PeerRow] = {}
    for figure in figures:
        # A firm listed at two levels is one peer, with its newest year.
        place = (figure.indicator, figure.unit_of_measure, figure.body)
        if place not in newest or newest[place].data_year < figure.data_year:
            newest[place] = figure
    groups: dict[str, dict[str, list[Peer]]] = defaultdict(lambda: defaultdict(list))
    for (key, measure, _), f in newest.items():
        groups[key][measure].append(Peer(f.unit_id, f.name, f.data_year, f.value, f.source))
    return tuple(
        comparing.position(item, own.get(item.key), product_unit=product, groups=groups[item.key])
        for item in indicators
    )


def asked_of(nomination: Nomination, content: Content) -> Asked:
    """Return what is compared of a nomination's living answers."""
    part = next((s for s in content.own if s.key.endswith(SELF_MARK)), None)
    return Asked(
        nomination.pk,
        nomination.industry_id or "",
        nomination.authority_id,
        nomination.applicant_id,
        part.sheet if part else None,
        part.answers if part else {},
    )


def comparison(
    *, actor: Actor, nomination_id: int, as_of: datetime, wanted: Mapping[str, str]
) -> tuple[Nomination, Compared, Rulebook]:
    """Return one nomination compared, for an officer of its district or the city; the city by the version it sees.

    Raises NotVisible for everybody else, applicant and evaluator included, and Refused for other categories.
    """
    if not (actor.is_district or actor.is_city):
        raise NotVisible
    nomination = get_visible(actor, nomination_id)
    if nomination.category != Category.FACTORY:
        raise Refused(ONLY_FACTORIES)
    rulebook, _ = rulebook_at(nomination.round_id)
    row = (
        _version_asked(actor, nomination)
        if actor.is_city
        else asked_of(nomination, contents([nomination.pk])[nomination.pk])
    )
    spec = rulebook.rules[RULE]
    found = compare([row], spec=spec, as_of=as_of, scope=Scope.of(spec).asked(wanted))
    return nomination, found[row.key], rulebook


def _version_asked(actor: Actor, nomination: Nomination) -> Asked:
    version = versions_visible_to(actor).filter(nomination=nomination).order_by("-number").first()
    if version is None:
        raise NotVisible
    part = next((p for p in version.payload["sheets"] if p["key"].endswith(SELF_MARK)), None)
    industry = version.payload["nomination"]["industry"] or {"code": ""}
    sheet = sheets_by_sha([part["definition_sha256"]])[part["definition_sha256"]] if part else None
    answers = part["answers"] if part else {}
    return Asked(nomination.pk, industry["code"], nomination.authority_id, nomination.applicant_id, sheet, answers)
