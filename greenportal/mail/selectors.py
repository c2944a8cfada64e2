"""Reads of the outbox."""

from __future__ import annotations

from django.db.models import QuerySet

from greenportal.accounts.actors import Actor, Role
from greenportal.mail.models import OutboxMail


def visible_to(actor: Actor) -> QuerySet[OutboxMail]:
    """Return the messages that `actor` may see: all for the system administrator, none for others.

    The pages show neither context nor text: the system administrator sees nothing of cases.
    """
    rows = OutboxMail.objects.defer("context")
    return rows if actor.role == Role.SYSTEM_ADMIN else rows.none()


def troubled(actor: Actor) -> QuerySet[OutboxMail]:
    """Return visible messages that failed or are doubtful, oldest first."""
    return visible_to(actor).filter(state__in=["failed", "unknown"]).order_by("created_at", "pk")
