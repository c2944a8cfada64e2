"""Verbs on rounds. Each locks the round's row, checks, changes, records."""

from greenportal.rounds.services.deadlines import (
    add_deadline,
    clear_deadline,
    grant_extension,
    revoke_extension,
    set_deadline,
)
from greenportal.rounds.services.evaluation import add_evaluation_table, evaluation_template
from greenportal.rounds.services.lifecycle import close_round, open_round, prepare_round, revise
from greenportal.rounds.services.standards import import_standards, preview_standards, template

__all__ = [
    "add_deadline",
    "add_evaluation_table",
    "clear_deadline",
    "close_round",
    "evaluation_template",
    "grant_extension",
    "import_standards",
    "open_round",
    "prepare_round",
    "preview_standards",
    "revise",
    "revoke_extension",
    "set_deadline",
    "template",
]
