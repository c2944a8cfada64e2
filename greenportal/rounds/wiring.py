"""What rounds offer to the foundation: who sees their documents, and their place in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse

from greenportal.accounts.actors import Actor
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.filings.worklist import NavItem, register_navigation
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.services.standards import KIND


def visible_documents(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A document in force is for everybody signed in; one not yet taken only for who uploaded it."""
    if actor.user_id is None:
        return rows.none()
    published = RoundRevision.objects.exclude(round__state="preparing").filter(document__isnull=False)
    if actor.is_city:
        published = RoundRevision.objects.filter(document__isnull=False)
    return rows.filter(pk__in=published.values("document")) | rows.filter(uploaded_by_id=actor.user_id)


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """Rounds, for districts and the city; others find them from their own pages."""
    if actor.is_city or actor.is_district:
        return [NavItem("年度批次", reverse("rounds:index"), place=60)]
    return []


def connect() -> None:
    """Register with files; called once the apps are ready."""
    registry.register(KIND, visible_documents)
