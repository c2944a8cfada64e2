"""Scheduled work of accounts."""

from __future__ import annotations

from greenportal.accounts.services import disable_unused
from greenportal.jobs.registry import periodic


@periodic("accounts.disable_unused", hour=2, minute=30, catch_up=True)
def disable_unused_accounts() -> None:
    """Disable accounts that nobody used for UNUSED_ACCOUNT_DAYS (等保: 多余账户)."""
    disable_unused()
