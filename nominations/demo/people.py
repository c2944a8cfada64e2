"""Accounts of the demonstration: fixed names, one password, second factors whose codes can be told."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Actor, Role
from greenportal.accounts.middleware import actor_for
from greenportal.accounts.models import Membership, User
from greenportal.accounts.services import create_account, enrol_second_factor, grant_membership
from greenportal.directory.models import Authority, Organisation
from nominations.demo.fiction import DISTRICT_NAMES

#: Printed by `demo_accounts`: it protects nothing but a demonstration.
PASSWORD = "Lvse-Demo-2022"  # noqa: S105
SYSTEM = Actor.system("演示")


@dataclass(frozen=True, slots=True)
class Person:
    """One account: where it belongs is an authority's code or a legal person's code, or neither."""

    username: str
    name: str
    role: Role
    authority: str = ""
    uscc: str = ""


CITY = (
    Person("dl-lead", "示例·市局负责人", Role.CITY_LEAD, "DL-CITY"),
    Person("dl-reviewer", "示例·市局审核", Role.CITY_REVIEWER, "DL-CITY"),
    Person("dl-auditor", "示例·审计管理员", Role.AUDITOR),
    Person("dl-sysadmin", "示例·系统管理员", Role.SYSTEM_ADMIN),
    Person("dl-secadmin", "示例·安全管理员", Role.SECURITY_ADMIN),
)
#: District code → what its accounts begin with.
PREFIXES = {
    "210281": "wfd",
    "210213": "jz",
    "210283": "zh",
    "210214": "pld",
    "210211": "gjz",
    "210212": "lsk",
    "210202": "zs",
    "210203": "xg",
    "210204": "shk",
    "210224": "ch",
}


def authority_code(district: str) -> str:
    """Return the code of a district's authority in the shipped directory."""
    return f"DL-{district}"


def officials() -> tuple[Person, ...]:
    """Return the people of the city, then an officer and a lead of each district."""
    rows = list(CITY)
    for district, prefix in PREFIXES.items():
        place = DISTRICT_NAMES[district]
        rows.append(Person(f"{prefix}-officer", f"示例·{place}经办人", Role.DISTRICT_OFFICER, authority_code(district)))
        rows.append(Person(f"{prefix}-lead", f"示例·{place}负责人", Role.DISTRICT_LEAD, authority_code(district)))
    return tuple(rows)


def secret_of(username: str) -> str:
    """Return the second factor's secret (base32) of a demonstration account: the same on every machine."""
    return base64.b32encode(hashlib.sha256(f"greenportal demo {username}".encode()).digest()[:20]).decode()


def present_code(username: str) -> str:
    """Return the one-time code that the account's second factor shows now."""
    counters = list(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret_of(username), counters[len(counters) // 2])))


def appoint(people: Iterable[Person]) -> None:
    """Make the accounts that are missing, each with its membership and, where its role asks, a second factor."""
    known = set(User.objects.values_list("username", flat=True))
    for person in people:
        if person.username in known:
            continue
        user = create_account(
            actor=SYSTEM,
            username=person.username,
            name=person.name,
            email=f"{person.username}@example.com",
            password=PASSWORD,
            must_change=False,
        )
        grant_membership(
            actor=SYSTEM,
            user_id=user.pk,
            role=person.role,
            authority_id=Authority.objects.get(code=person.authority).pk if person.authority else None,
            organisation_id=Organisation.objects.get(uscc=person.uscc).pk if person.uscc else None,
        )
        if person.role in SECOND_FACTOR_ROLES:
            enrol_second_factor(actor=SYSTEM, user_id=user.pk, secret=secret_of(person.username))


def actor_named(username: str) -> Actor:
    """Return the actor of a demonstration account in its only membership."""
    held = Membership.objects.select_related("user").get(user__username=username)
    return actor_for(held.user, held)


def is_ours(user: User) -> bool:
    """Tell whether the demonstration made this account: its address belongs to no one."""
    return user.email == f"{user.username}@example.com" and user.name.startswith("示例·")


@dataclass(frozen=True, slots=True)
class Line:
    """One account as `demo_accounts` prints it. code: empty for roles without a second factor."""

    username: str
    name: str
    role: str
    place: str
    code: str


def table() -> list[Line]:
    """Return the accounts of the demonstration in the order in which they were made."""
    rows = Membership.objects.select_related("user", "authority", "organisation").order_by("user_id")
    second = set(Authenticator.objects.filter(type=Authenticator.Type.TOTP).values_list("user_id", flat=True))
    return [
        Line(
            username=row.user.username,
            name=row.user.name,
            role=Role(row.role).label,
            place=str(row.authority or row.organisation or ""),
            code=present_code(row.user.username) if row.user_id in second else "",
        )
        for row in rows
        if is_ours(row.user)
    ]
