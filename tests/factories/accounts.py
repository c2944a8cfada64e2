"""People for tests: users in a role, their actors, signed-in clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.test import Client

from greenportal import clock
from greenportal.accounts import rules, selectors, sessions
from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Actor, Role
from greenportal.accounts.middleware import actor_for as actor_of_membership
from greenportal.accounts.models import Membership, User
from greenportal.directory.models import Authority, Organisation
from tests.factories import directory

PASSWORD = "Test-Password-2022"
_HASHED = make_password(PASSWORD)
_numbers = count(1)


def make_person(*, username: str = "", name: str = "", email: str = "", **values: object) -> User:
    """An account without any membership; its password is PASSWORD."""
    number = next(_numbers)
    login = username or f"user{number}"
    person = User(
        username=login,
        name=name or f"测试人员{number}",
        email=email or f"{login}@example.com",
        password=_HASHED,
        password_changed_at=clock.now(),
        date_joined=clock.now(),
        last_seen_at=clock.now(),
    )
    for field, value in values.items():
        setattr(person, field, value)
    person.save()
    return person


def make_membership(
    user: User,
    role: Role,
    *,
    authority: Authority | None = None,
    organisation: Organisation | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    delegated_by: User | None = None,
) -> Membership:
    """A membership in force since a year, at a place of its own kind when none is given."""
    if role in rules.AUTHORITY_ROLES and authority is None:
        authority = _authority_for(role)
    if role in rules.ORGANISATION_ROLES and organisation is None:
        organisation = directory.make_organisation()
    return Membership.objects.create(
        user=user,
        role=role,
        authority=authority,
        organisation=organisation,
        starts_at=starts_at or clock.now() - timedelta(days=365),
        ends_at=ends_at,
        delegated_by=delegated_by,
        document_no="大工信函〔2022〕1号" if delegated_by else "",
        created_at=clock.now(),
    )


def make_user(
    role: Role,
    *,
    authority: Authority | None = None,
    organisation: Organisation | None = None,
    mfa: bool | None = None,
    **values: object,
) -> User:
    """A person in `role`. `mfa`: has a second factor; by default exactly when the role asks for one."""
    person = make_person(**values)
    make_membership(person, role, authority=authority, organisation=organisation)
    if mfa if mfa is not None else role in SECOND_FACTOR_ROLES:
        TOTP.activate(person, generate_totp_secret())
    return person


def actor_for(user: User) -> Actor:
    """The actor of the user's first membership in force now."""
    held = selectors.current_memberships(user)
    return actor_of_membership(user, held[0] if held else None)


def make_actor(role: Role, *, authority: Authority | None = None, organisation: Organisation | None = None) -> Actor:
    """A person in `role`, and the actor of it."""
    return actor_for(make_user(role, authority=authority, organisation=organisation, mfa=False))


def sign_in(client: Client, user: User, *, membership: Membership | None = None) -> Client:
    """Sign `user` in without the forms; with the second factor proven when the user has one."""
    client.force_login(user)
    session = client.session
    sessions.start(session)
    if membership is not None:
        session[sessions.MEMBERSHIP_KEY] = membership.pk
    proven = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    now = clock.running().timestamp()
    records: list[dict[str, object]] = [{"method": "password", "at": now}]
    if proven is not None:
        records.append({"method": "mfa", "at": now, "id": proven.pk, "type": "totp"})
    session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
    return client


def _authority_for(role: Role) -> Authority:
    if role == Role.DEPARTMENT:
        return directory.make_authority(kind=Authority.Kind.DEPARTMENT)
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD}:
        return Authority.objects.filter(kind=Authority.Kind.CITY).first() or directory.make_authority(
            kind=Authority.Kind.CITY
        )
    return directory.make_authority()
