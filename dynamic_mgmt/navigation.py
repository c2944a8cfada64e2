"""Entries of the navigation and of the home page, and who sees files of an import."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from dynamic_mgmt.constants import KIND_CHANGE, KIND_INCIDENT
from dynamic_mgmt.models import IncidentRevision
from dynamic_mgmt.selectors.changes import visible_to as changes_visible_to
from dynamic_mgmt.selectors.incidents import visible_to as incidents_visible_to
from dynamic_mgmt.selectors.lists import removal_proposals_visible_to
from dynamic_mgmt.selectors.matching import doubts_visible_to
from dynamic_mgmt.states import ChangeState, IncidentState
from greenportal.accounts.actors import Actor, Role
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.filings.worklist import Group, NavItem, WorkItem, register, register_navigation

SHOWN = 20


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The register, for the city and the districts; applicants reach their rows from their own pages."""
    tables = NavItem("动态管理表", reverse("dynamic_mgmt:tables"), prefix=reverse("dynamic_mgmt:tables"))
    experiences = NavItem("典型经验", reverse("dynamic_mgmt:experiences"), prefix=reverse("dynamic_mgmt:experiences"))
    if actor.is_city or actor.is_district:
        return [
            NavItem("绿色制造名录", reverse("dynamic_mgmt:index")),
            tables,
            NavItem("事故上报", reverse("dynamic_mgmt:incidents")),
            experiences,
        ]
    return [tables, experiences] if actor.is_applicant else []


@register
def work(actor: Actor) -> Sequence[WorkItem]:
    """What of the register waits for this actor, or that this actor waits for."""
    if actor.is_city:
        return [*_reported(actor), *_doubts(actor), *(_for_the_lead(actor) if actor.role == Role.CITY_LEAD else [])]
    if actor.is_district:
        return _waiting(actor)
    return []


def _reported(actor: Actor) -> list[WorkItem]:
    """Incidents to verify, at once: newest reports stand first on their page."""
    rows = incidents_visible_to(actor).filter(state=IncidentState.REPORTED).exclude(reported_by_id=actor.user_id)
    return [
        WorkItem(
            f"核实上报：{row.about}",
            reverse("dynamic_mgmt:incident", args=[row.pk]),
            at=row.reported_at,
            status="待核实",
            colour="red",
            detail=row.current.get_kind_display() if row.current else "",
        )
        for row in rows[:SHOWN]
    ]


def _doubts(actor: Actor) -> list[WorkItem]:
    count = doubts_visible_to(actor).filter(answer="").count()
    if not count:
        return []
    return [WorkItem(f"确认名单匹配：{count}项", reverse("dynamic_mgmt:matches"), status="待确认", colour="amber")]


def _for_the_lead(actor: Actor) -> list[WorkItem]:
    """Removals and changes written down by somebody else, and re-checks that are open."""
    removals = removal_proposals_visible_to(actor).filter(decided_at=None).exclude(proposed_by_id=actor.user_id)
    found = [
        WorkItem(
            f"复核移出名单：{row.unit.name_as_listed}",
            reverse("dynamic_mgmt:unit", args=[row.unit_id]),
            at=row.proposed_at,
            status="待复核",
            colour="amber",
        )
        for row in removals[:SHOWN]
    ]
    open_changes = changes_visible_to(actor).filter(state__in=[ChangeState.PROPOSED, ChangeState.RECHECK])
    return found + [
        WorkItem(
            f"{row.get_kind_display()}：{row.old_name}",
            reverse("dynamic_mgmt:change", args=[row.pk]),
            at=row.proposed_at,
            status=row.get_state_display(),
            colour="amber",
        )
        for row in open_changes.exclude(proposed_by_id=actor.user_id)[:SHOWN]
    ]


def _waiting(actor: Actor) -> list[WorkItem]:
    """What the district reported and the city has not answered."""
    rows = incidents_visible_to(actor).filter(state=IncidentState.REPORTED)
    return [
        WorkItem(
            f"已上报：{row.about}",
            reverse("dynamic_mgmt:incident", args=[row.pk]),
            group=Group.WAITING,
            at=row.reported_at,
            status="待市局核实",
        )
        for row in rows[:SHOWN]
    ]


def own_uploads(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being imported is seen by the person who uploaded it, until it is removed."""
    return files.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else files.none()


def incident_files(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Proofs of the incidents that the actor may see, and what the actor has just uploaded."""
    revisions = IncidentRevision.objects.filter(incident__in=incidents_visible_to(actor), document=OuterRef("pk"))
    return files.filter(Exists(revisions) | Q(pk__in=own_uploads(actor, files).values("pk")))


def change_files(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Proofs of the changes that the actor may see, and what the actor has just uploaded."""
    changes = changes_visible_to(actor).filter(document=OuterRef("pk"))
    return files.filter(Exists(changes) | Q(pk__in=own_uploads(actor, files).values("pk")))


registry.register("dynamic_mgmt.import", own_uploads)
registry.register(KIND_INCIDENT, incident_files)
registry.register(KIND_CHANGE, change_files)
