"""System checks: every shipped rulebook loads, and rules and code know each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error

from greenportal.findings import engine
from greenportal.rounds import rulebook
from greenportal.rounds.rulebook import RulebookError


def rulebooks_load(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """rounds.E001: a rulebook is malformed; E002: a rule without code; E003: code without a rule."""
    return examine()


def examine(*, folder: Path | None = None) -> list[CheckMessage]:
    """Return what is wrong with the rulebooks of `folder` (the shipped ones by default)."""
    found: list[CheckMessage] = []
    entries: set[str] = set()
    for key in rulebook.keys(folder=folder):
        try:
            entries |= set(rulebook.load(key, folder=folder).rules)
        except RulebookError as error:
            found.append(Error(str(error), hint="Mend the named line of the rulebook.", id="rounds.E001"))
    without_code, without_entry = engine.orphans(entries)
    found += [
        Error(f"Rule {rule_id} stands in a rulebook but has no code.", hint="Write @rule(…).", id="rounds.E002")
        for rule_id in without_code
    ]
    found += [
        Error(
            f"Rule code {rule_id} stands in no rulebook.", hint="Add it to rules.toml or delete it.", id="rounds.E003"
        )
        for rule_id in without_entry
    ]
    return found
