"""Entries of the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import NavItem, register_navigation


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The auditor's two pages."""
    if actor.role != Role.AUDITOR:
        return []
    return [NavItem("审计记录", reverse("audit:entries")), NavItem("完整性核验", reverse("audit:verify"))]
