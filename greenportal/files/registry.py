"""Who sees files of a kind: each app answers for its own. No registration, no download."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet

from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile

Visible = Callable[[Actor, "QuerySet[StoredFile]"], "QuerySet[StoredFile]"]
_visible: dict[str, Visible] = {}


def register(kind: str, visible: Visible) -> None:
    """Let `visible(actor, queryset of this kind)` narrow the files of `kind` to those that the actor sees."""
    _visible[kind] = visible


def visible_for(kind: str) -> Visible | None:
    """Return the registered function, or None: then nobody sees files of this kind."""
    return _visible.get(kind)


def kinds() -> frozenset[str]:
    """Return the kinds that can be seen by somebody."""
    return frozenset(_visible)
