"""The row lock, and what is checked under it."""

from __future__ import annotations

from greenportal.accounts.actors import Actor
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.findings.types import NotVisible, Refused

LOCKED = "这份表单已锁定，不能修改。如需更正，请联系受理部门退回。"


def locked_filing(filing_id: int) -> Filing:
    """Return the filing under its row lock; NotVisible when absent. Call inside a transaction."""
    filing = Filing.objects.select_for_update().filter(pk=filing_id).first()
    if filing is None:
        raise NotVisible
    return filing


def editable_filing(actor: Actor, filing_id: int) -> Filing:
    """Return the filing under its row lock if the actor may change it now.

    Foreign and absent rows answer alike (NotVisible); seen but not editable, or locked: Refused with the reason.
    """
    filing = locked_filing(filing_id)
    scope = registry.scope(filing.scope)
    if not scope.view(actor, filing.scope_id):
        raise NotVisible
    scope.edit(actor, filing.scope_id, filing.sheet_key).require()
    if filing.locked:
        raise Refused(LOCKED)
    return filing
