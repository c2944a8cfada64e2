"""What the command and the page of precheck share."""

from __future__ import annotations

from datetime import date, timedelta

from greenportal import clock
from greenportal.rounds.rulebook import Rulebook

SUBMIT = "nominations.submit"


def default_day(book: Rulebook) -> date:
    """Return the day to ask about: today, or the last day of submission once the year is over."""
    closes = clock.local(book.deadlines[SUBMIT].closes_at)
    last = (closes - timedelta(microseconds=1)).date()
    return min(clock.today(), last)
