"""Scheduled work of the audit trail."""

from __future__ import annotations

import structlog

from greenportal.audit.services import anchor, verify
from greenportal.jobs.registry import periodic

log = structlog.get_logger(__name__)


@periodic("audit.anchor", hour=0, minute=10, catch_up=True)
def anchor_daily() -> None:
    """Write the heads down; the seal goes to the log, which is kept on another machine."""
    seal = anchor()
    log.info("audit_anchored", seal=seal.digest, heads=seal.position)


@periodic("audit.verify", hour=3, minute=10, catch_up=True)
def verify_nightly() -> None:
    """Read the whole trail; each break is an error in the log, which operation watches."""
    for found in verify():
        log.error("audit_broken", stream=found.stream, position=found.position, reason=found.reason)
