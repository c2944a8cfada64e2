"""The work of the outbox."""

from __future__ import annotations

from typing import Any

from greenportal.jobs.context import JobContext
from greenportal.jobs.registry import job, periodic
from greenportal.mail import services


@job(services.SEND, max_attempts=services.MAX_ATTEMPTS + 1)
def send(ctx: JobContext, *, mail_id: int) -> dict[str, Any]:
    """Send one message; an exception of the gateway that leaves no doubt is tried again later."""
    return {"state": services.send(mail_id=mail_id, fence=ctx.fenced)}


@periodic("mail.digest", hour=8, minute=30)
def digest() -> None:
    """Tell the system administrators each morning what could not be sent."""
    services.post_digest()
