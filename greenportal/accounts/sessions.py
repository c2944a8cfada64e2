"""How long a session lasts and which membership it acts in. Pure arithmetic over the session's data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase as Session

from greenportal import clock
from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Role
from greenportal.accounts.models import Membership

MEMBERSHIP_KEY = "portal_membership"
SEEN_KEY = "portal_seen_at"
SIGNED_IN_KEY = "portal_signed_in_at"
#: The time of use is written at most this often, so that reading a page costs no write.
TOUCH_EVERY = timedelta(seconds=60)
#: How long a sign-in counts as proof for acts on passwords and second factors.
FRESH = timedelta(minutes=5)


def idle_limit(role: Role) -> timedelta:
    """Return how long a session of `role` may rest: 30 min for those who fill in, 10 min for officers with power."""
    minutes: int = (
        settings.SESSION_IDLE_MINUTES_PRIVILEGED if role in SECOND_FACTOR_ROLES else settings.SESSION_IDLE_MINUTES
    )
    return timedelta(minutes=minutes)


def ended(session: Session, role: Role) -> bool:
    """Return True when the session rested or lasted too long for `role`; a new session is dated here."""
    now = clock.running().timestamp()
    signed_in = session.get(SIGNED_IN_KEY)
    if signed_in is None:
        start(session)
        return False
    rested = now - session.get(SEEN_KEY, signed_in)
    absolute = timedelta(hours=settings.SESSION_ABSOLUTE_HOURS)
    return bool(rested >= idle_limit(role).total_seconds() or now - signed_in >= absolute.total_seconds())


def start(session: Session) -> None:
    """Date a session that begins."""
    session[SIGNED_IN_KEY] = session[SEEN_KEY] = clock.running().timestamp()


def fresh(session: Session) -> bool:
    """Return True while the sign-in is so recent that nobody need prove it again."""
    age = clock.running().timestamp() - session.get(SIGNED_IN_KEY, 0)
    return bool(age < FRESH.total_seconds())


def touch(session: Session) -> bool:
    """Note that the person is at work; return True when it was written (at most once a minute)."""
    now = clock.running().timestamp()
    if now - session.get(SEEN_KEY, 0) < TOUCH_EVERY.total_seconds():
        return False
    session[SEEN_KEY] = now
    return True


def choose(wanted: object, memberships: Sequence[Membership]) -> Membership | None:
    """Return the membership chosen in the session while it is in force, else the first one, else None."""
    for row in memberships:
        if row.pk == wanted:
            return row
    return memberships[0] if memberships else None
