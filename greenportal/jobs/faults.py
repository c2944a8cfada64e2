"""Places where a test may let the process die, to show that an effect still happens exactly once."""

from __future__ import annotations

import os
from contextvars import ContextVar

from greenportal.jobs import conf

#: The attempt that runs in this process; a fault strikes the first one only.
attempt: ContextVar[int] = ContextVar("greenportal_job_attempt", default=0)

POINTS = (
    "claimed",
    "before_handler",
    "in_handler",
    "temp_written",
    "fsynced",
    "renamed",
    "before_commit",
    "after_commit",
    "after_finish",
)


def point(name: str) -> None:
    """Die here, without any clean-up, when the setting JOBS["crash_at"] names this point on a first attempt."""
    if conf.values().crash_at == name and attempt.get() == 1:
        os._exit(1)
