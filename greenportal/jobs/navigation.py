"""Entries of the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import NavItem, register_navigation


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The system administrator's page of jobs that were given up."""
    return [NavItem("停止的任务", reverse("jobs:dead"))] if actor.role == Role.SYSTEM_ADMIN else []
