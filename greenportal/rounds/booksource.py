"""The base of every value of a rulebook: where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from greenportal.findings.types import Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """Where a value comes from: the clause as printed, where it was read, how sure we are."""

    clause: str
    source: str
    confidence: Confidence
    note: str = ""
