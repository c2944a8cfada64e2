"""The registry of rule code: each rule of a rulebook has exactly one function, found by its id.

Business apps register theirs with `@rule("EX2")` in `<app>/eligibility/rules/`, which the app config
imports at start; `orphans` says what has no counterpart, and a system check refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from greenportal.findings.types import Finding

RuleFunction = Callable[[Any, Any, Any], Finding]
F = TypeVar("F", bound=RuleFunction)
_registry: dict[str, RuleFunction] = {}


class RegisteredTwice(Exception):
    """Two functions claim the same rule id: a programming error found at import."""


def rule(rule_id: str) -> Callable[[F], F]:
    """Register the decorated pure function `(facts, rulebook, spec) -> Finding` as the code of `rule_id`."""

    def keep(function: F) -> F:
        if _registry.get(rule_id, function) is not function:
            raise RegisteredTwice(rule_id)
        _registry[rule_id] = function
        return function

    return keep


def registered() -> Mapping[str, RuleFunction]:
    """Return rule functions by id (read-only view of the live registry)."""
    return MappingProxyType(_registry)


def orphans(entries: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return (rulebook entries without code, code without entry), each sorted."""
    wanted, have = set(entries), set(_registry)
    return sorted(wanted - have), sorted(have - wanted)
