"""Entries of the navigation and of the home page, and who sees files of an import."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse

from evaluators.constants import FILE_RELATION, FILE_SANCTION, FILE_STATEMENT
from evaluators.models import AffiliateRelation, Engagement, SanctionStep
from evaluators.selectors import engagements_visible_to
from evaluators.selectors.desk import Ends, district_end, ends_of
from evaluators.selectors.detail import claim_overdue, dispute_overdue
from evaluators.selectors.groups import relations_visible_to
from evaluators.selectors.leads import assigned_ids
from evaluators.selectors.lists import SEE_ALL, sanctions_visible_to, steps_visible_to
from evaluators.states import EngagementState, RelationState
from evaluators.work import city_papers, own_papers
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.filings.worklist import Group, NavItem, WorkItem, register, register_navigation

SHOWN = 20


@register_navigation
def entries(actor: Actor) -> Sequence[NavItem]:
    """The city's list; an evaluator's own page."""
    if actor.is_city:
        return [NavItem("评价机构", reverse("evaluators:index"), prefix="/evaluators/")]
    if actor.is_evaluator:
        return [NavItem("本机构", reverse("evaluators:mine"), prefix="/evaluators/")]
    return []


@register
def work(actor: Actor) -> Sequence[WorkItem]:
    """Claims that an evaluator must confirm; disputes and sanctions that wait for the city."""
    if actor.is_evaluator:
        claimed = engagements_visible_to(actor).filter(state=EngagementState.CLAIMED).order_by("id")
        if actor.role == Role.EVALUATOR:
            claimed = claimed.filter(pk__in=assigned_ids(actor))
        mine = list(claimed.select_related("subject__authority")[:SHOWN])
        ends = {pk: ends_of(pk, at=clock.now()) for pk in {row.round_id for row in mine}}
        return [*own_papers(actor), *(_claim(row, ends[row.round_id]) for row in mine)]
    if not actor.is_city:
        return []
    items = city_papers(actor)
    disputed = engagements_visible_to(actor).filter(state=EngagementState.DISPUTED).order_by("dispute_due_at")[:SHOWN]
    items += [_dispute(row) for row in disputed]
    waiting = sanctions_visible_to(actor).filter(confirmed_at=None, organisation__evaluator__isnull=False)
    for row in waiting.exclude(verified_by_id=actor.user_id)[:SHOWN]:
        url = reverse("evaluators:sanction_detail", args=[row.pk])
        items.append(WorkItem(f"复核不予采信登记：{row.organisation.name}", url, status="待复核", colour="amber"))
    steps = SanctionStep.objects.filter(confirmed_at=None, dropped_at=None).exclude(kind=SanctionStep.Kind.APPEAL)
    for step in steps.exclude(written_by_id=actor.user_id).select_related("sanction__organisation")[:SHOWN]:
        url = reverse("evaluators:sanction_detail", args=[step.sanction_id])
        title = f"复核{step.get_kind_display()}：{step.sanction.organisation.name}"
        items.append(WorkItem(title, url, status="待复核", colour="amber"))
    told = relations_visible_to(actor).filter(state=RelationState.PROPOSED).order_by("id")[:SHOWN]
    return [*items, *map(_relation, told)]


def _relation(row: AffiliateRelation) -> WorkItem:
    return WorkItem(
        f"认定关联关系：{row.first.name}，{row.second.name}",
        reverse("evaluators:relation", args=[row.pk]),
        at=row.proposed_at,
        status=RelationState.PROPOSED.label,
        colour="amber",
    )


def _claim(row: Engagement, ends: Ends) -> WorkItem:
    """A claim to answer. Its day is the one set for it; the district's clock binds the district and is only told."""
    late = claim_overdue(row)
    unset = "" if row.confirm_due_at else district_end(ends)
    return WorkItem(
        f"确认评价项目：{row.subject.name}",
        reverse("evaluators:confirm", args=[row.pk]),
        due_at=row.confirm_due_at,
        detail="；".join(filter(None, [row.subject.authority.name, unset])),
        at=row.claimed_at,
        status="已超过确认期限" if late else EngagementState.CLAIMED.label,
        colour="red" if late else "",
    )


def _dispute(row: Engagement) -> WorkItem:
    late = dispute_overdue(row)
    return WorkItem(
        f"认定评价项目异议：{row.evaluator.organisation.name}，{row.subject.name}",
        reverse("evaluators:decide", args=[row.pk]),
        group=Group.TODO,
        due_at=row.dispute_due_at,
        status="已超过认定期限" if late else EngagementState.DISPUTED.label,
        colour="red" if late else "amber",
    )


def own_uploads(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being imported is seen by the person who uploaded it, until it is removed."""
    return files.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else files.none()


def relation_files(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Evidence of a relation: the city, and the agencies it names once the city confirmed it."""
    rows = relations_visible_to(actor)
    if actor.role not in SEE_ALL:
        rows = rows.filter(state=RelationState.CONFIRMED)
    return files.filter(pk__in=rows.values("evidence"))


def statement_files(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """The signed statement of an evaluation: the city, and the body that gave it."""
    if not (actor.role in SEE_ALL or actor.is_evaluator):
        return files.none()
    return files.filter(pk__in=engagements_visible_to(actor).values("statement"))


def sanction_files(actor: Actor, files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Letters about a sanction: the city; the sanctioned body those of its appeals and of confirmed steps."""
    return files.filter(pk__in=steps_visible_to(actor).values("file"))


registry.register("evaluators.import", own_uploads)
registry.register(FILE_RELATION, relation_files)
registry.register(FILE_STATEMENT, statement_files)
registry.register(FILE_SANCTION, sanction_files)
