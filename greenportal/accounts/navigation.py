"""Entries of the main navigation. They query nothing: they are made on every page."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import NavItem, register_navigation


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The security administrator's people, an organisation's colleagues."""
    if actor.role == Role.SECURITY_ADMIN:
        return [NavItem("用户与任职", reverse("accounts:people"))]
    if actor.role in {Role.APPLICANT, Role.EVALUATOR, Role.EVALUATOR_ADMIN}:
        return [NavItem("本单位人员", reverse("accounts:colleagues"))]
    return []
