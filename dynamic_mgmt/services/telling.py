"""News of the register for nominations: by job name, never by import."""

from __future__ import annotations

from collections.abc import Iterable

from dynamic_mgmt.constants import JOB_RECHECK
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.naming import name_key
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Organisation
from greenportal.jobs.services import enqueue, key_of


def organisations_of(units: Iterable[ListedUnit]) -> list[int]:
    """Return the legal persons that these rows are about: by link, by code, by normalised name. Two queries."""
    rows = list(units)
    found = {unit.organisation_id for unit in rows if unit.organisation_id is not None}
    codes = {unit.uscc for unit in rows if unit.uscc and unit.organisation_id is None}
    names = {unit.name_key for unit in rows if unit.matchable and not unit.uscc and unit.organisation_id is None}
    if codes:
        found |= set(Organisation.objects.filter(uscc__in=codes).values_list("id", flat=True))
    if names:
        everyone = Organisation.objects.order_by("id").values_list("id", "name")
        found |= {pk for pk, name in everyone.iterator(chunk_size=2000) if name_key(name) in names}
    return sorted(found)


def tell_nominations(*, actor: Actor, cause: str, organisation_ids: Iterable[int]) -> None:
    """Ask for a fresh check of the open nominations of these legal persons; nothing to do for none."""
    ids = sorted(set(organisation_ids))
    if ids:
        enqueue(
            JOB_RECHECK,
            payload={"organisation_ids": ids, "cause": cause},
            dedupe_key=key_of(cause, ids),
            actor=actor,
        )
