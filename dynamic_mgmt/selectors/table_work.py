"""The dynamic tables' part of an actor's home page."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from dynamic_mgmt.models import DynamicTable, Experience
from dynamic_mgmt.selectors.tables import MISSING, UNPROPOSED, ends_at, period_window, periods, visible_to
from dynamic_mgmt.table_states import ExperienceState, TableState
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import Group, WorkItem
from greenportal.rounds.models import Round

SHOWN = 20


def experiences_visible_to(actor: Actor) -> QuerySet[Experience]:
    """Return experiences: the city what districts recommended, a district and a unit their own, and all that is published."""
    rows = Experience.objects.select_related("unit", "authority")
    published = Q(state=ExperienceState.PUBLISHED)
    if actor.is_city or actor.is_system:
        return rows.filter(Q(state=ExperienceState.RECOMMENDED) | published)
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(published | Q(authority_id=actor.authority_id) & ~Q(state=ExperienceState.DRAFT))
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(published | Q(unit__organisation_id=actor.organisation_id))
    return rows.none()


def table_work(actor: Actor) -> Sequence[WorkItem]:
    """Return what waits for the actor: a unit's tables one by one, a district's and the city's as numbers."""
    if actor.is_applicant:
        return _own(actor)
    if not (actor.is_district or actor.is_city):
        return []
    waiting = TableState.FILED if actor.is_district else TableState.OPINION_GIVEN
    mine, shown, verb = Q(state=waiting), waiting.value, "审核动态管理表" if actor.is_district else "决定动态调整意见"
    if actor.role == Role.CITY_REVIEWER:
        mine, shown, verb = UNPROPOSED, "unproposed", "提出处理建议"
    found: list[WorkItem] = []
    for period in periods().filter(round__state=Round.State.OPEN)[:3]:
        count = (
            visible_to(actor)
            .filter(period=period)
            .aggregate(waiting=Count("pk", filter=mine), missing=Count("pk", filter=MISSING))
        )
        url = f"{reverse('dynamic_mgmt:tables')}?period={period.pk}"
        if count["waiting"]:
            found.append(
                WorkItem(
                    f"{verb}：{period.label}",
                    f"{url}&state={shown}",
                    status=f"{count['waiting']}张",
                    colour="amber",
                )
            )
        if actor.is_district and count["missing"]:
            closes = period_window(period, actor.authority_id).closes_at
            found.append(
                WorkItem(
                    f"催报动态管理表：{period.label}",
                    url,
                    group=Group.WAITING,
                    due_at=closes,
                    status=f"{count['missing']}家未报",
                )
            )
    return found


def _own(actor: Actor) -> list[WorkItem]:
    rows: list[DynamicTable] = list(
        visible_to(actor).filter(MISSING, period__round__state=Round.State.OPEN).order_by("pk")[:SHOWN]
    )
    windows = {row.period_id: period_window(row.period, row.authority_id) for row in rows}
    return [
        WorkItem(
            f"填报{row.period.label}：{row.unit.current_name}",
            reverse("dynamic_mgmt:table", args=[row.pk]),
            due_at=ends_at(row, closes_at=windows[row.period_id].closes_at),
            status=row.get_state_display(),
            colour="red" if row.state == TableState.RETURNED else "",
        )
        for row in rows
    ]
