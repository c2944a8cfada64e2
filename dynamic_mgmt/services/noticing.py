"""Who is told of incidents and changes: messages written with the change, one per event and address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from dynamic_mgmt.models import Incident, IncidentRevision, UnitChange
from greenportal.accounts.actors import CITY_ROLES, Role
from greenportal.accounts.models import User
from greenportal.accounts.selectors import handlers_of
from greenportal.directory.selectors import authorities
from greenportal.mail.services import post


def _tell(people: Iterable[User], *, event: str, template: str, context: Mapping[str, Any]) -> None:
    for address in sorted({p.email.strip() for p in people if p.email.strip()}):
        post(event=event, recipient=address, template=template, context=context)


def _city(roles: Iterable[Role] = CITY_ROLES) -> list[User]:
    return [
        person for bureau in authorities(kind="city") for person in handlers_of(authority_id=bureau.pk, roles=roles)
    ]


def incident_reported(incident: Incident, revision: IncidentRevision) -> None:
    """Tell the city at once; a correction is told as well. Facts stay behind the sign-in."""
    context = {
        "about": incident.about,
        "district": incident.authority.name if incident.authority else "市局",
        "kind": revision.get_kind_display(),
        "severity": revision.get_severity_display(),
        "happened_on": revision.happened_on,
        "corrected": revision.number > 1,
        "path": reverse("dynamic_mgmt:incident", args=[incident.pk]),
    }
    event = f"dynamic_mgmt.incident:{incident.pk}:{revision.number}"
    _tell(_city(), event=event, template="incident_reported", context=context)


def incident_decided(incident: Incident) -> None:
    """Tell who reported what the city found."""
    context = {
        "about": incident.about,
        "state": incident.get_state_display(),
        "reason": incident.decision,
        "path": reverse("dynamic_mgmt:incident", args=[incident.pk]),
    }
    event = f"dynamic_mgmt.incident_decided:{incident.pk}:{incident.version}"
    _tell([incident.reported_by], event=event, template="incident_decided", context=context)


def change_proposed(change: UnitChange) -> None:
    """Tell the leads of the city that a change waits for them."""
    context = {
        "name": change.old_name,
        "kind": change.get_kind_display(),
        "new_name": change.new_name,
        "path": reverse("dynamic_mgmt:change", args=[change.pk]),
    }
    event = f"dynamic_mgmt.change:{change.pk}"
    _tell(_city([Role.CITY_LEAD]), event=event, template="change_proposed", context=context)


def change_decided(change: UnitChange) -> None:
    """Tell who proposed what was decided."""
    context = {
        "name": change.old_name,
        "kind": change.get_kind_display(),
        "state": change.get_state_display(),
        "reason": change.recheck_text or change.decision,
        "path": reverse("dynamic_mgmt:change", args=[change.pk]),
    }
    event = f"dynamic_mgmt.change_decided:{change.pk}:{change.version}"
    _tell([change.proposed_by], event=event, template="change_decided", context=context)
