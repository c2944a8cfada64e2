"""Which evaluators and engagements an actor may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from evaluators.models import AffiliateMember, Engagement, Evaluator, Sanction, SanctionStep
from evaluators.states import COUNTED
from greenportal.accounts.actors import Actor, Role

#: Roles that see every evaluator with everything recorded about it.
SEE_ALL = frozenset({Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM})


def visible_to(actor: Actor) -> QuerySet[Evaluator]:
    """Return the evaluators whose record the actor may open: the city all, an evaluator itself, others none."""
    rows = Evaluator.objects.select_related("organisation").order_by("organisation__sort_key", "id")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(organisation_id=actor.organisation_id)
    return rows.none()


def choosable_by(actor: Actor) -> QuerySet[Evaluator]:
    """Return the evaluators that an applicant or its district may name: all, by sound of name, never ranked.

    The applicant chooses and hires (通知 二); only code and name are meant to be shown.
    """
    rows = Evaluator.objects.select_related("organisation").order_by("organisation__sort_key", "id")
    if actor.role in SEE_ALL or actor.is_district or actor.is_applicant:
        return rows
    return rows.none()


def engagements_visible_to(actor: Actor) -> QuerySet[Engagement]:
    """Return engagements: the city all, a district its subjects', an applicant and an evaluator their own."""
    rows = Engagement.objects.select_related("evaluator__organisation", "subject")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(subject__authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(subject__organisation_id=actor.organisation_id)
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(evaluator__organisation_id=actor.organisation_id)
    return rows.none()


def sanctions_visible_to(actor: Actor) -> QuerySet[Sanction]:
    """Return sanctions: the city all, an evaluator its own confirmed ones, others none."""
    rows = Sanction.objects.select_related("organisation", "verified_by", "second_by")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(organisation_id=actor.organisation_id, confirmed_at__isnull=False)
    return rows.none()


def steps_visible_to(actor: Actor) -> QuerySet[SanctionStep]:
    """Return what happened to sanctions: the city all; an evaluator its own appeals, and what the second person confirmed.

    A lifting or an outcome that is only proposed, or was dropped, is the city's deliberation.
    """
    rows = SanctionStep.objects.select_related("written_by", "second_by", "file").order_by("id")
    rows = rows.filter(sanction__in=sanctions_visible_to(actor))
    if actor.role in SEE_ALL:
        return rows
    return rows.filter(Q(kind=SanctionStep.Kind.APPEAL) | Q(confirmed_at__isnull=False))


@dataclass(frozen=True, slots=True)
class GroupName:
    """An affiliate group as it is named on pages."""

    id: int
    name: str
    size: int

    @property
    def spoken(self) -> str:
        """Return the name, with the number of agencies where there are several."""
        return self.name if self.size == 1 else f"{self.name}等{self.size}家关联机构"


def groups_of(evaluator_ids: Iterable[int]) -> dict[int, GroupName]:
    """Return evaluator → the group in which it counts now. Two queries, whatever the number."""
    places = AffiliateMember.objects.filter(ended_at=None)
    own = dict(places.filter(evaluator_id__in=set(evaluator_ids)).values_list("evaluator_id", "group_id"))
    rows = places.filter(group_id__in=set(own.values())).order_by().values("group_id", "group__name")
    named = {
        r["group_id"]: GroupName(r["group_id"], r["group__name"], r["size"]) for r in rows.annotate(size=Count("id"))
    }
    return {evaluator_id: named[group_id] for evaluator_id, group_id in own.items()}


def group_counts(group_ids: Iterable[int], *, round_id: int) -> dict[int, int]:
    """Return group → engagements that count in the round, for the approval of a city list. One query."""
    ids = set(group_ids)
    rows = (
        Engagement.objects.filter(group_id__in=ids, round_id=round_id)
        .order_by()
        .values("group_id")
        .annotate(counted=Count("id", filter=Q(state__in=COUNTED)))
    )
    return dict.fromkeys(ids, 0) | {row["group_id"]: row["counted"] for row in rows}
