"""Entries of the navigation and of the home page, and who sees files of an import."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse

from dynamic_mgmt.selectors.lists import removal_proposals_visible_to
from greenportal.accounts.actors import Actor, Role
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.filings.worklist import NavItem, WorkItem, register, register_navigation

SHOWN = 20


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The register, for the city and the districts; applicants reach their rows from their own pages."""
    if actor.is_city or actor.is_district:
        return [NavItem("绿色制造名录", reverse("dynamic_mgmt:index"))]
    return []


@register
def work(actor: Actor) -> Sequence[WorkItem]:
    """Removals written down by somebody else that wait for this city lead."""
    if actor.role != Role.CITY_LEAD:
        return []
    waiting = removal_proposals_visible_to(actor).filter(decided_at=None).exclude(proposed_by_id=actor.user_id)
    return [
        WorkItem(
            f"复核移出名单：{row.unit.name_as_listed}",
            reverse("dynamic_mgmt:unit", args=[row.unit_id]),
            at=row.proposed_at,
            status="待复核",
            colour="amber",
        )
        for row in waiting[:SHOWN]
    ]


def own_uploads(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being imported is seen by the person who uploaded it, until it is removed."""
    return files.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else files.none()


registry.register("dynamic_mgmt.import", own_uploads)
