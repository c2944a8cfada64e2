"""Reads about people and what they may be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import Membership, User
from greenportal.findings.types import NotVisible


def valid_at(instant: datetime | None = None) -> Q:
    """Return the condition that a membership is in force at `instant` (the request's, by default)."""
    moment = instant or clock.now()
    return Q(starts_at__lte=moment) & (Q(ends_at=None) | Q(ends_at__gt=moment))


def current_memberships(user: User, *, at: datetime | None = None) -> list[Membership]:
    """Return the memberships of `user` in force at `at`, own ones before delegated ones. One query."""
    found = Membership.objects.filter(valid_at(at), user=user).select_related("authority", "organisation")
    return sorted(found, key=lambda row: (row.delegated_by_id is not None, row.pk))


def handlers_of(
    *,
    organisation_id: int | None = None,
    authority_id: int | None = None,
    roles: Iterable[Role] = (),
    at: datetime | None = None,
) -> QuerySet[User]:
    """Return the active people who act now for the organisation or the authority, in one of `roles` (any if empty).

    Exactly one of the two ids is given; ValueError otherwise.
    """
    if (organisation_id is None) == (authority_id is None):
        raise ValueError("give either organisation_id or authority_id")
    held = Membership.objects.filter(valid_at(at), user=OuterRef("pk"))
    if organisation_id is not None:
        held = held.filter(organisation_id=organisation_id)
    if authority_id is not None:
        held = held.filter(authority_id=authority_id)
    wanted = [str(role) for role in roles]
    if wanted:
        held = held.filter(role__in=wanted)
    return User.objects.filter(Exists(held), is_active=True).order_by("pk")


def memberships_at(actor: Actor) -> QuerySet[Membership]:
    """Return the memberships in force at the actor's own organisation; none for actors without one."""
    if actor.organisation_id is None:
        return Membership.objects.none()
    rows = Membership.objects.filter(valid_at(), organisation_id=actor.organisation_id, user__is_active=True)
    return rows.select_related("user", "organisation").order_by("role", "pk")


def handler_by_email(actor: Actor, email: str) -> User | None:
    """Return the colleague at the actor's own organisation who has this address."""
    row = memberships_at(actor).filter(user__email__iexact=email.strip()).first()
    return row.user if row else None


def people(actor: Actor, *, search: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    """Return all people for the security administrator, nobody for anyone else. Filters narrow."""
    if actor.role != Role.SECURITY_ADMIN:
        return User.objects.none()
    current = Prefetch(
        "memberships",
        Membership.objects.filter(valid_at()).select_related("authority", "organisation").order_by("pk"),
        to_attr="current",
    )
    found = User.objects.prefetch_related(current).order_by("name", "pk")
    if search.strip():
        words = search.strip()
        found = found.filter(Q(name__icontains=words) | Q(username__icontains=words) | Q(email__icontains=words))
    if role:
        found = found.filter(Exists(Membership.objects.filter(valid_at(), user=OuterRef("pk"), role=role)))
    if state:
        found = found.filter(is_active=state == "active")
    return found


def person(actor: Actor, user_id: int) -> User:
    """Return one person for the security administrator; NotVisible for anyone else."""
    found = people(actor).filter(pk=user_id).first()
    if found is None:
        raise NotVisible
    return found


def memberships_of(user: User) -> list[Membership]:
    """Return every membership of `user`, latest first, each with `in_force` set."""
    rows = list(
        user.memberships.select_related("authority", "organisation", "delegated_by").order_by("-starts_at", "-pk")
    )
    now = clock.now()
    for row in rows:
        row.in_force = row.starts_at <= now and (row.ends_at is None or row.ends_at > now)  # type: ignore[attr-defined]
    return rows


def membership(actor: Actor, membership_id: int) -> Membership:
    """Return a membership that `actor` may act upon: the security administrator any, a holder the one acted in."""
    rows = Membership.objects.select_related("user", "authority", "organisation")
    if actor.role != Role.SECURITY_ADMIN:
        rows = rows.filter(Q(pk=actor.membership_id), Q(user_id=actor.user_id))
    found = rows.filter(pk=membership_id).first()
    if found is None:
        raise NotVisible
    return found


def possible_stand_ins(row: Membership) -> QuerySet[User]:
    """Return the people who act for the same authority now, without the holder."""
    if row.authority_id is None:
        return User.objects.none()
    return handlers_of(authority_id=row.authority_id).exclude(pk=row.user_id)


def has_second_factor(user: User) -> bool:
    """True when the person has enrolled an authenticator."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())
