"""Entries of the main navigation and who sees files of an import."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse

from greenportal.accounts.actors import Actor
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.filings.worklist import NavItem, register_navigation


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The city's roster of units and classes."""
    if not actor.is_city:
        return []
    return [NavItem("基础名录", reverse("directory:authorities"), prefix="/directory/", place=65)]


def own_uploads(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being imported is seen by the person who uploaded it, until it is removed."""
    return files.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else files.none()


registry.register("directory.import", own_uploads)
