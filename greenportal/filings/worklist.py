"""What an actor must do, by when, and what happened: each app adds its part of the home page and of the navigation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenportal.accounts.actors import Actor


class Group(StrEnum):
    """The three questions of a home page, in their order."""

    TODO = "todo"
    WAITING = "waiting"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of the home page.

    title: what it is about; url: where to go; group: must be done by the actor / waits for others /
    happened; due_at: aware instant or None; status: short Chinese state; colour: of `components/tag.html`
    ("", green, amber, red); detail: one more sentence.
    """

    title: str
    url: str
    group: Group = Group.TODO
    due_at: datetime | None = None
    at: datetime | None = None
    status: str = ""
    colour: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation. `prefix`: paths that count as being there (default: the url).

    place: the lower, the further to the left; the main job of a role stands first, what is looked up last.
    """

    label: str
    url: str
    prefix: str = ""
    place: int = 50


Provider = Callable[[Actor], Sequence[WorkItem]]
NavProvider = Callable[[Actor], Sequence[NavItem]]

_providers: list[Provider] = []
_navigation: list[NavProvider] = []


def register(provider: Provider) -> Provider:
    """Add a provider of work items; usable as a decorator. Called in `AppConfig.ready()` or at import of it."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def register_navigation(provider: NavProvider) -> NavProvider:
    """Add a provider of navigation entries. It must not query: it runs on every page."""
    if provider not in _navigation:
        _navigation.append(provider)
    return provider


def items_for(actor: Actor) -> dict[Group, list[WorkItem]]:
    """Return the actor's items by group: to do and waiting by due date (none last), news newest first."""
    items = [item for provider in _providers for item in provider(actor)]
    grouped: dict[Group, list[WorkItem]] = {group: [] for group in Group}
    for item in items:
        grouped[item.group].append(item)
    for group in (Group.TODO, Group.WAITING):
        grouped[group].sort(key=lambda item: (item.due_at is None, item.due_at.timestamp() if item.due_at else 0.0))
    grouped[Group.NEWS].sort(key=lambda item: -(item.at.timestamp() if item.at else 0.0))
    return grouped


def navigation_for(actor: Actor) -> list[NavItem]:
    """Return the entries of the main navigation for `actor` by their place, then in the order of registration."""
    return sorted((item for provider in _navigation for item in provider(actor)), key=lambda item: item.place)
