"""Questions about the person who acts."""

from __future__ import annotations

from django.db.models import Q

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.models import Membership


def hats(actor: Actor) -> frozenset[int]:
    """Return the organisations in which this person is a handler today, whatever membership acts now. One query."""
    if actor.user_id is None:
        return frozenset()
    now = clock.now()
    current = Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now))
    rows = Membership.objects.filter(current, user_id=actor.user_id, organisation__isnull=False)
    return frozenset(row for row in rows.values_list("organisation_id", flat=True) if row is not None)


def is_delegated(actor: Actor) -> bool:
    """True when the acting membership is a dated delegation: a district with one person (DESIGN §1). One query."""
    if actor.membership_id is None or actor.user_id is None:
        return False
    rows = Membership.objects.filter(pk=actor.membership_id, user_id=actor.user_id, delegated_by__isnull=False)
    return rows.filter(ends_at__gt=clock.now()).exists()
