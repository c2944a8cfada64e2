"""Ask every rule of a rulebook about a nomination. Pure: facts and rulebook in, findings out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from greenportal.findings.engine import registered
from greenportal.findings.types import Finding, Outcome
from greenportal.rounds.bookcodec import canonical, canonical_decimal
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility import rules
from nominations.eligibility.answers import not_applicable
from nominations.eligibility.facts import NominationFacts

#: Importing the package registers its functions.
RULES_PACKAGE = rules.__name__


class UnknownCategory(ValueError):
    """The facts name a category that the rulebook does not have."""


def evaluate(facts: NominationFacts, rulebook: Rulebook) -> list[Finding]:
    """Return one finding per rule of `rulebook`, in its order; rules of other categories answer 不适用.

    Raises `UnknownCategory` for a category the round does not have. No database, no clock: every
    date is compared with `facts.as_of` and the rulebook's windows.
    """
    if facts.category not in rulebook.categories:
        raise UnknownCategory(facts.category)
    code = registered()
    return [constant or code[spec.id](facts, rulebook, spec) for spec, constant in _plan(rulebook, facts.category)]


_plans: dict[tuple[str, str], tuple[tuple[RuleSpec, Finding | None], ...]] = {}
_PLANS_KEPT = 64


def _plan(rulebook: Rulebook, category: str) -> tuple[tuple[RuleSpec, Finding | None], ...]:
    """Return the rules in order, each with its constant answer where it does not concern the category.

    More than a third of the answers are such constants; findings are immutable, so they are shared.
    """
    key = (rulebook.sha256, category)
    plan = _plans.get(key)
    if plan is None:
        plan = tuple((spec, _foreign(spec, category)) for spec in rulebook.rules.values())
        if len(_plans) >= _PLANS_KEPT:
            _plans.clear()
        _plans[key] = plan
    return plan


def _foreign(spec: RuleSpec, category: str) -> Finding | None:
    return None if spec.applies_to(category) else not_applicable(spec, "本类别不适用。")


def check_one(rule_id: str, facts: NominationFacts, rulebook: Rulebook) -> Finding:
    """Return the finding of one rule: for the live check of the section just saved."""
    spec = rulebook.rules[rule_id]
    return _foreign(spec, facts.category) or registered()[rule_id](facts, rulebook, spec)


def facts_hash(facts: NominationFacts) -> str:
    """Return the SHA-256 of the facts in canonical JSON, `as_of` left out.

    Equal hashes mean equal facts. A later `as_of` may still change an answer (a sanction ends), which
    is why a kept run compares its findings too.
    """
    plain = as_json(facts)
    plain.pop("as_of")
    return hashlib.sha256(canonical(plain)).hexdigest()


def as_json(value: Any) -> Any:
    """Return facts as JSON-safe data, the form of docs/reference/facts.schema.json; unknown is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Decimal):
        return canonical_decimal(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    return value


def summary(findings: Iterable[Finding]) -> dict[str, int]:
    """Return counts: blockers, decisions, manual and met."""
    rows = list(findings)
    return {
        "blockers": sum(row.blocks for row in rows),
        "decisions": sum(row.needs_decision for row in rows),
        "manual": sum(row.outcome == Outcome.MANUAL for row in rows),
        "met": sum(row.outcome == Outcome.MET for row in rows),
    }
