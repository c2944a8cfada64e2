"""What follows a change of answers."""

from __future__ import annotations

from greenportal.accounts.actors import Actor
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.jobs.services import enqueue


def announce(filing: Filing, actor: Actor) -> None:
    """Ask for the owner's job (a new check, say), once while one is waiting. Call inside the saving transaction."""
    kind = registry.scope(filing.scope).changed
    if kind:
        enqueue(
            kind,
            payload={"scope": filing.scope, "scope_id": filing.scope_id},
            dedupe_key=f"{filing.scope}:{filing.scope_id}",
            scope=filing.scope,
            scope_id=filing.scope_id,
            actor=actor,
        )
