"""Entries of the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import NavItem, register_navigation


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The system administrator's page of messages that did not go out."""
    return [NavItem("未发出的消息", reverse("mail:troubled"))] if actor.role == Role.SYSTEM_ADMIN else []
