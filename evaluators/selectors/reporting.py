"""Annual reports (附件10): which an actor sees, what the portal fills in, totals, and what does not agree."""

from __future__ import annotations

from django.db.models import QuerySet

from evaluators.models import AnnualReport
from evaluators.selectors.lists import SEE_ALL
from greenportal.accounts.actors import Actor


def reports_visible_to(actor: Actor) -> QuerySet[AnnualReport]:
    """Return reports: the portal all, the city those filed at least once, an evaluator its own, others none."""
    rows = AnnualReport.objects.select_related("evaluator__organisation", "round", "current").order_by("id")
    if actor.is_system:
        return rows
    if actor.role in SEE_ALL:
        return rows.filter(current__isnull=False)
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(evaluator__organisation_id=actor.organisation_id)
    return rows.none()
