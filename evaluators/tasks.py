"""Planned work of evaluators: the clock of the annual report, and what nobody confirmed."""

from __future__ import annotations

from evaluators.services import forgetting, notifying, report_clock
from greenportal.jobs.registry import periodic


@periodic("evaluators.report_clock", every_seconds=600, catch_up=True)
def keep_time() -> None:
    """Reminders of the annual report and the word after its clock closed, each once."""
    report_clock.keep_time()


@periodic("evaluators.dispute_clock", every_seconds=3600, catch_up=True)
def remind_disputes() -> None:
    """The word to the city about disputes past their due date, each once."""
    notifying.remind_disputes()


@periodic("evaluators.claim_clock", every_seconds=3600, catch_up=True)
def remind_claims() -> None:
    """The word to evaluators about claims whose answer is due, each once."""
    notifying.remind_claims()


@periodic("evaluators.forget_batches", hour=3, minute=10)
def forget_batches() -> None:
    """Remove rosters that were read and never confirmed."""
    report_clock.forget_batches()


@periodic("evaluators.forget_prints", hour=3, minute=20)
def forget_prints() -> None:
    """Prints of identity numbers of people who left, after the days that the city sets."""
    forgetting.forget_prints()


@periodic("evaluators.forget_proofs", hour=3, minute=30)
def forget_proofs() -> None:
    """Registration proofs with personal data, after the days that the city sets."""
    forgetting.forget_proofs()
