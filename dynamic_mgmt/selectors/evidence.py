"""Evidence (佐证材料) of a table: what stands, and whose files they are."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from dynamic_mgmt.models import TableEvidence
from dynamic_mgmt.selectors.tables import visible_to
from dynamic_mgmt.table_states import SHOWN_TO_CITY
from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile


def standing(table_id: int) -> QuerySet[TableEvidence]:
    """Return what was not taken out of a table. Visibility is that of the table; not for a page (`evidence_for`)."""
    return TableEvidence.objects.filter(table_id=table_id, removed_at=None)


def evidence_for(actor: Actor) -> QuerySet[TableEvidence]:
    """Return the evidence that stands on tables the actor may see; for the city once the table was filed."""
    rows = TableEvidence.objects.filter(removed_at=None, table__in=visible_to(actor).order_by().values("pk"))
    if actor.is_city:
        rows = rows.filter(table__state__in=SHOWN_TO_CITY)
    return rows.select_related("file", "added_by")


def evidence_files(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Files of that evidence, and what the actor itself uploaded; behind a link, what came through a link of the same unit."""
    if actor.is_applicant and actor.user_id is None:
        return rows.filter(uploaded_by=None, owner_organisation__isnull=False, owner_organisation=actor.organisation_id)
    mine = Q(uploaded_by_id=actor.user_id) if actor.user_id is not None else Q(pk__in=())
    return rows.filter(Exists(evidence_for(actor).filter(file=OuterRef("pk"))) | mine)
