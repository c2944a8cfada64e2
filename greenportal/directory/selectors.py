"""Reads of the directory."""

from __future__ import annotations

import unicodedata
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Authority, Industry, Organisation, Subject, Territory

#: Roles that see every legal person and subject: the city and the system itself.
SEE_ALL = frozenset({Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM})


def authorities(*, kind: str | None = None, on: date | None = None) -> QuerySet[Authority]:
    """Return authorities by sound of name; `kind` one of Authority.Kind; `on` keeps those that existed that day.

    A date that is not known does not exclude.
    """
    found = Authority.objects.all()
    if kind:
        found = found.filter(kind=kind)
    if on:
        found = found.filter(Q(starts_on=None) | Q(starts_on__lte=on), Q(ends_on=None) | Q(ends_on__gte=on))
    return found


def nominating_authorities(*, on: date | None = None) -> QuerySet[Authority]:
    """Return districts and 先导区, the units that recommend (通知 抬头)."""
    return authorities(on=on).filter(kind__in=[Authority.Kind.DISTRICT, Authority.Kind.ZONE])


def territories() -> QuerySet[Territory]:
    """Return the county-level divisions of GB/T 2260 in code order."""
    return Territory.objects.all()


def industries(search: str = "") -> QuerySet[Industry]:
    """Return classes whose code begins with, or whose name or pinyin (whole or initials) holds, `search`."""
    text = unicodedata.normalize("NFKC", search).strip()
    if not text:
        return Industry.objects.all()
    digits = text[1:] if text[:1].upper() in "BCD" and text[1:].isdigit() else text
    if digits.isdigit():
        return Industry.objects.filter(code__startswith=digits)
    sound = "".join(text.lower().split())
    return Industry.objects.filter(Q(name__icontains=text) | Q(search_key__contains=sound))


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Return the legal persons that the actor may see.

    City: all. District: those with a subject that it reports. Applicant and evaluator: their own.
    """
    if actor.role in SEE_ALL:
        return Organisation.objects.all()
    if actor.is_district and actor.authority_id is not None:
        mine = Subject.objects.filter(organisation=OuterRef("pk"), authority_id=actor.authority_id)
        return Organisation.objects.filter(Exists(mine))
    if (actor.is_applicant or actor.is_evaluator) and actor.organisation_id is not None:
        return Organisation.objects.filter(pk=actor.organisation_id)
    return Organisation.objects.none()


def subjects_visible_to(actor: Actor) -> QuerySet[Subject]:
    """Return the subjects that the actor may see: all, the district's, or the applicant's own."""
    if actor.role in SEE_ALL:
        return Subject.objects.all()
    if actor.is_district and actor.authority_id is not None:
        return Subject.objects.filter(authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return Subject.objects.filter(organisation_id=actor.organisation_id)
    return Subject.objects.none()
