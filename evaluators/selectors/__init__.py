"""Reads of evaluators."""

from evaluators.selectors.lists import engagements_visible_to, group_counts, visible_to
from evaluators.selectors.registering import FiledBody, filed_bodies
from evaluators.selectors.roster import roster_names
from evaluators.selectors.standing import EvaluatorStanding, SanctionFact, standing

__all__ = [
    "EvaluatorStanding",
    "FiledBody",
    "SanctionFact",
    "engagements_visible_to",
    "filed_bodies",
    "group_counts",
    "roster_names",
    "standing",
    "visible_to",
]
