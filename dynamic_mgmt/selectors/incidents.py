"""Incidents as pages list them, and as facts of legal persons and listed units as of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from dynamic_mgmt.models import Incident, ListedUnit
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.selectors.lists import SEE_ALL
from dynamic_mgmt.states import STANDING
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Organisation


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """An incident that stood at the instant asked about. verified False: the city had not verified it yet.

    kind, severity and source are the stored values of `IncidentRevision`; source_words is what a reader sees.
    """

    incident_id: int
    kind: str
    kind_words: str
    severity: str
    severity_words: str
    source: str
    source_words: str
    happened_on: date
    verified: bool
    reported_at: datetime
    document_no: str


def visible_to(actor: Actor) -> QuerySet[Incident]:
    """Return the incidents that the actor may see: the city all, a district what it reported itself, others none."""
    rows = Incident.objects.select_related("organisation", "unit", "authority", "current", "reported_by", "decided_by")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(authority_id=actor.authority_id)
    return rows.none()


def was_verified(incident: Incident) -> bool:
    """Return whether the city ever verified it, also when a correction waits for the city again. One query."""
    return incident.steps.filter(action="verify").exists()


def instant(as_of: date | datetime) -> datetime:
    """Return the instant up to which facts count: as given, or the end of a local day."""
    return as_of if isinstance(as_of, datetime) else clock.end_of(as_of) - timedelta(microseconds=1)


def _standing(rows: QuerySet[Incident], at: datetime) -> list[tuple[Incident, IncidentFact]]:
    """Return what stood at `at`, with the revision and the state of that time. Three queries."""
    found = []
    related = rows.filter(reported_at__lte=at).select_related("unit").prefetch_related("steps", "revisions")
    for row in related.order_by("reported_at", "id"):
        steps = [step for step in row.steps.all() if step.at <= at]
        revisions = [revision for revision in row.revisions.all() if revision.written_at <= at]
        if not steps or not revisions or steps[-1].state not in STANDING:
            continue
        told = revisions[-1]
        fact = IncidentFact(
            incident_id=row.pk,
            kind=told.kind,
            kind_words=told.get_kind_display(),
            severity=told.severity,
            severity_words=told.get_severity_display(),
            source=told.source,
            source_words=told.source_words,
            happened_on=told.happened_on,
            verified=steps[-1].state == "verified",
            reported_at=row.reported_at,
            document_no=told.document_no,
        )
        found.append((row, fact))
    return found


def incident_facts(organisation_ids: Iterable[int], *, as_of: date | datetime) -> dict[int, tuple[IncidentFact, ...]]:
    """Return for each organisation the incidents that stood at `as_of`, oldest first: four queries for any number.

    An incident told of a listed unit without a legal person belongs to the one with the unit's code,
    else, where the unit may be matched by machine, to every one with its normalised name: listed or current.
    """
    asked = {
        pk: (uscc, name_key(name))
        for pk, uscc, name in Organisation.objects.filter(pk__in=set(organisation_ids)).values_list(
            "id", "uscc", "name"
        )
    }
    by_code = {uscc: pk for pk, (uscc, _) in asked.items()}
    by_name: dict[str, list[int]] = defaultdict(list)
    for pk, (_, key) in asked.items():
        by_name[key].append(pk)
    rows = Incident.objects.filter(
        Q(organisation_id__in=asked)
        | Q(organisation=None, unit__organisation_id__in=asked)
        | Q(organisation=None, unit__uscc__in=by_code)
        | Q(organisation=None, unit__name_key__in=by_name, unit__matchable=True)
        | Q(organisation=None, unit__renamed_key__in=by_name, unit__matchable=True)
    )
    found: dict[int, list[IncidentFact]] = {pk: [] for pk in asked}
    for row, fact in _standing(rows, instant(as_of)):
        for pk in _owners(row, set(asked), by_code, by_name):
            found[pk].append(fact)
    return {pk: tuple(facts) for pk, facts in found.items()}


def _owners(row: Incident, asked: set[int], by_code: dict[str, int], by_name: dict[str, list[int]]) -> list[int]:
    """Return whom an incident belongs to: the legal person told, the unit's link, its code, its names."""
    unit = row.unit
    known = row.organisation_id or (unit.organisation_id if unit else None)
    if known is not None or unit is None:
        return [known] if known in asked and known is not None else []
    if unit.uscc:
        return [by_code[unit.uscc]] if unit.uscc in by_code else []
    if not unit.matchable:
        return []
    return sorted({pk for key in (unit.name_key, unit.renamed_key) if key for pk in by_name.get(key, [])})


def of_units(unit_ids: Iterable[int], *, as_of: date | datetime) -> dict[int, tuple[IncidentFact, ...]]:
    """Return for each listed unit the incidents told of it or of its legal person that stood at `as_of`. Four queries."""
    units = dict(ListedUnit.objects.filter(pk__in=set(unit_ids)).values_list("id", "organisation_id"))
    members: dict[int, list[int]] = defaultdict(list)
    for unit_id, organisation_id in units.items():
        if organisation_id is not None:
            members[organisation_id].append(unit_id)
    rows = Incident.objects.filter(Q(organisation_id__in=members) | Q(unit_id__in=units))
    found: dict[int, list[IncidentFact]] = {pk: [] for pk in units}
    for row, fact in _standing(rows, instant(as_of)):
        mine = set(members.get(row.organisation_id, ())) if row.organisation_id is not None else set()
        if row.unit_id in units:
            mine.add(row.unit_id)
        for pk in sorted(mine):
            found[pk].append(fact)
    return {pk: tuple(facts) for pk, facts in found.items()}
