"""Reads of rounds: the open one, its rulebook, and whether a clock is running for somebody."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import NotVisible
from greenportal.rounds import rulebook, rules
from greenportal.rounds.models import Deadline, Extension, Round, RoundRevision
from greenportal.rounds.rulebook import Rulebook

_KEPT_BOOKS = 16
_books: OrderedDict[str, Rulebook] = OrderedDict()


def visible_to(actor: Actor) -> QuerySet[Round]:
    """Return the rounds that `actor` may see: the city sees all, others those that were opened; nobody none."""
    if actor.is_city or actor.is_system:
        return Round.objects.all()
    if actor.user_id is None:
        return Round.objects.none()
    return Round.objects.exclude(state=Round.State.PREPARING)


def visible_round(actor: Actor, round_id: int) -> Round:
    """Return one visible round; raises NotVisible for absent and foreign ones alike."""
    found = visible_to(actor).filter(pk=round_id).first()
    if found is None:
        raise NotVisible
    return found


def extensions_visible_to(actor: Actor) -> QuerySet[Extension]:
    """Return extensions: the city sees all, a district its own."""
    rows = Extension.objects.select_related("deadline", "authority", "granted_by", "revoked_by")
    if actor.is_city or actor.is_system:
        return rows
    if actor.is_district and actor.authority_id:
        return rows.filter(authority_id=actor.authority_id)
    return rows.none()


def open_round() -> Round | None:
    """Return the round in progress, the newest if several years are; None when there is none."""
    return Round.objects.filter(state=Round.State.OPEN).order_by("-year", "-id").first()


def round_to_read(day: date | None = None) -> Round | None:
    """Return the round that pages show which only read: the one in progress, between rounds the newest that was opened.

    day: of a local day that is over, the newest round opened by its end. None when no round was ever opened.
    """
    opened = Round.objects.exclude(state=Round.State.PREPARING).order_by("-year", "-id")
    then = opened.filter(opened_at__lt=clock.end_of(day)).first() if day and day < clock.today() else None
    return then or open_round() or opened.first()


def rulebook_at(round_id: int) -> tuple[Rulebook, RoundRevision]:
    """Return the rulebook in force for a round and its revision; raises NotVisible without one.

    One query. The parsed book is kept per digest; the revision's own JSON is loaded only when needed.
    """
    revision = RoundRevision.objects.filter(round_id=round_id).defer("rulebook").order_by("-number").first()
    if revision is None:
        raise NotVisible
    return book_of(revision), revision


def book_of(revision: RoundRevision) -> Rulebook:
    """Return the parsed rulebook of a revision (kept by digest, a few at a time)."""
    book = _books.get(revision.sha256)
    if book is None:
        book = rulebook.from_json(revision.rulebook)
        _books[revision.sha256] = book
        while len(_books) > _KEPT_BOOKS:
            _books.popitem(last=False)
    return book


def revisions(round_id: int) -> list[RoundRevision]:
    """Return the revisions of a round, newest first, without their rulebooks. One query."""
    rows = RoundRevision.objects.filter(round_id=round_id).defer("rulebook")
    return list(rows.select_related("document", "created_by").order_by("-number"))


@dataclass(frozen=True, slots=True)
class WindowState:
    """Whether a clock runs at an instant. `closes_at` is exclusive and already includes an extension.

    extension_id and document_no name the extension that moved the end, if one did.
    """

    open: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    extension_id: int | None = None
    document_no: str = ""


def window(*, round_id: int, key: str, authority_id: int | None, at: datetime) -> WindowState:
    """Return the state of clock `key` for a district at `at`. Two queries.

    A district's own row replaces the round's; an extension that is not revoked moves the end later.
    An unknown clock, or a round that is not open, is closed.
    """
    rows = Deadline.objects.filter(round_id=round_id, key=key).select_related("round")
    own = [row for row in rows if row.authority_id in {None, authority_id}]
    if not own:
        return WindowState(open=False)
    return _state(own, _granted(round_id, authority_id, key=key), at)


def _granted(round_id: int, authority_id: int | None, *, key: str = "") -> list[Extension]:
    """Return the extensions in force of one district, of one clock or of all."""
    if authority_id is None:
        return []
    rows = Extension.objects.filter(deadline__round_id=round_id, authority_id=authority_id, revoked_at=None)
    return list(rows.filter(deadline__key=key) if key else rows)


def _state(own: list[Deadline], granted: Iterable[Extension], at: datetime) -> WindowState:
    base = next((row for row in own if row.authority_id is not None), own[0])
    latest = max(granted, key=lambda row: row.until, default=None)
    closes_at = base.closes_at
    extension = latest if latest is not None and latest.until > closes_at else None
    if extension is not None:
        closes_at = extension.until
    return WindowState(
        open=rules.is_open(state=base.round.state, opens_at=base.opens_at, closes_at=closes_at, at=at),
        opens_at=base.opens_at,
        closes_at=closes_at,
        extension_id=extension.pk if extension else None,
        document_no=extension.document_no if extension else "",
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """One row of the page of deadlines: what, for whom, until when, and whose extension moved it."""

    key: str
    label: str
    actor: str
    channel: str
    state: WindowState
    district: str
    clause: str
    printed: str
    note: str


def clocks(*, round_id: int, book: Rulebook, authority_id: int | None, at: datetime) -> list[Clock]:
    """Return the clocks of a round as one district (or nobody in particular) meets them. Two queries."""
    rows = list(Deadline.objects.filter(round_id=round_id).select_related("round", "authority"))
    granted = _granted(round_id, authority_id)
    found: list[Clock] = []
    for key, spec in book.deadlines.items():
        own = [row for row in rows if row.key == key and row.authority_id in {None, authority_id}]
        if not own:
            continue
        ids = {row.pk for row in own}
        state = _state(own, [row for row in granted if row.deadline_id in ids], at)
        district = next((str(row.authority) for row in own if row.authority_id), "")
        found.append(
            Clock(key, spec.label, spec.actor, spec.channel, state, district, spec.clause, spec.printed, spec.note)
        )
    return found


def district_deadlines(round_id: int) -> list[Deadline]:
    """Return the cut-offs that districts set for themselves. One query."""
    rows = Deadline.objects.filter(round_id=round_id, authority__isnull=False).select_related("authority")
    return list(rows.order_by("authority__sort_key", "key"))
