"""One pure function per clause, registered by its id in the rulebook."""

from nominations.eligibility.rules import (
    documents,
    energy,
    engagement,
    evaluator,
    exclusions,
    figures,
    parks,
    requirements,
    signs,
    standards,
    supply,
    surroundings,
)

__all__ = [
    "documents",
    "energy",
    "engagement",
    "evaluator",
    "exclusions",
    "figures",
    "parks",
    "requirements",
    "signs",
    "standards",
    "supply",
    "surroundings",
]
