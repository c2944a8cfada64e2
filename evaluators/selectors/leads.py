"""Project leads (项目负责人): a handler of an evaluator acts only on the evaluations assigned to him."""

from __future__ import annotations

from collections.abc import Iterable

from evaluators.models import ProjectLead
from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied

NOT_ASSIGNED = "这个评价项目没有分派给您。请由本机构管理员在“分派项目负责人”中指定。"


def may_act(actor: Actor, engagement_id: int | None) -> Verdict:
    """Whether the actor's delegation covers an evaluation. One query for handlers, none for others.

    Asked beside the rule that says whose evaluation it is: this one only narrows what a handler may do.
    """
    if actor.role != Role.EVALUATOR:
        return ALLOWED
    return ALLOWED if engagement_id in assigned_ids(actor) else denied(NOT_ASSIGNED)


def assigned_ids(actor: Actor) -> set[int]:
    """Return the evaluations that a handler leads now. One query."""
    if actor.user_id is None:
        return set()
    rows = ProjectLead.objects.filter(user_id=actor.user_id, ended_at=None)
    return set(rows.values_list("engagement_id", flat=True))


def leads_of(engagement_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """Return engagement → (user, name) of its leads now, in order of assignment. One query."""
    found: dict[int, list[tuple[int, str]]] = {pk: [] for pk in engagement_ids}
    rows = ProjectLead.objects.filter(engagement_id__in=found, ended_at=None).order_by("pk")
    for engagement_id, user_id, name in rows.values_list("engagement_id", "user_id", "user__name"):
        found[engagement_id].append((user_id, name))
    return found
