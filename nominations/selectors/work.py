"""The part of an actor's home page that nominations know: what to do, by when. A few queries, never one per row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse

from evaluators.selectors.leads import assigned_ids
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.worklist import Group, WorkItem
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import open_round, window
from nominations.constants import CLOCK_APPLICANT, CLOCK_SUBMIT, Category
from nominations.models import Correction, Nomination, RecommendationList
from nominations.selectors.approval import city_lists_visible_to
from nominations.selectors.nominations import lists_visible_to, visible_to
from nominations.selectors.reports import report_states
from nominations.states import EDITABLE, PUBLIC_NAMES, ListState, NominationState

N = NominationState
#: The most single nominations named on a home page; more are counted.
_NAMED = 20
_COLOURS = {
    N.RETURNED_BY_DISTRICT: "amber",
    N.RETURNED_BY_CITY: "amber",
    N.ACCEPTED: "green",
}


def work_items(actor: Actor) -> Sequence[WorkItem]:
    """Return the actor's items of the open round; none for roles that handle no nominations."""
    year = open_round()
    if year is None:
        return []
    if actor.is_applicant:
        return list(_applicant(actor, year))
    if actor.is_district and actor.authority_id is not None:
        return list(_district(actor, year, actor.authority_id))
    if actor.is_city:
        return list(_city(actor, year))
    if actor.is_evaluator:
        return list(_evaluator(actor, year))
    return []


def _url(nomination: Nomination) -> str:
    return reverse("nominations:detail", args=[nomination.pk])


def _applicant(actor: Actor, year: Round) -> Iterable[WorkItem]:
    rows = visible_to(actor).filter(round=year).exclude(state=N.WITHDRAWN).select_related("subject")
    found = list(rows.order_by("pk")[:_NAMED])
    due = _due(found, year)
    for nomination in found:
        mine = nomination.state in EDITABLE
        yield WorkItem(
            title=f"{nomination.get_category_display()}　{nomination.subject.name}",
            url=_url(nomination),
            group=Group.TODO if mine else Group.WAITING,
            due_at=due[nomination.pk] if mine else None,
            at=nomination.updated_at,
            status=PUBLIC_NAMES[nomination.state],
            colour=_COLOURS.get(N(nomination.state), ""),
        )


def _evaluator(actor: Actor, year: Round) -> Iterable[WorkItem]:
    """Third-party reports that are still to be finished, over all districts, each by the day its nomination goes in."""
    rows = visible_to(actor).filter(round=year, state__in=EDITABLE).exclude(category=Category.PRODUCT)
    if actor.role == Role.EVALUATOR:
        rows = rows.filter(engagement__in=assigned_ids(actor))
    found = list(rows.select_related("subject", "authority").order_by("authority__sort_key", "pk"))
    states = report_states([n.pk for n in found])
    open_rows = [n for n in found if not states[n.pk].finished][:_NAMED]
    due = _due(open_rows, year)
    for nomination in open_rows:
        yield WorkItem(
            title=f"编写第三方评价报告：{nomination.authority.name}，{nomination.subject.name}",
            url=reverse("nominations:report", args=[nomination.pk]),
            group=Group.TODO,
            due_at=due[nomination.pk],
            status=states[nomination.pk].label[0],
            detail=nomination.get_category_display(),
        )


def _due(rows: Sequence[Nomination], year: Round) -> dict[int, datetime | None]:
    """Return until when each nomination is to be handed in: its open return's day, else its district's clock."""
    returned = Correction.objects.filter(nomination__in=[n.pk for n in rows], closed_at=None)
    days = dict(returned.values_list("nomination_id", "due_at"))
    ends = {
        authority_id: window(round_id=year.pk, key=CLOCK_APPLICANT, authority_id=authority_id, at=clock.now()).closes_at
        for authority_id in sorted({n.authority_id for n in rows})
    }
    return {n.pk: days.get(n.pk, ends[n.authority_id]) for n in rows}


def _district(actor: Actor, year: Round, authority_id: int) -> Iterable[WorkItem]:
    closes = window(round_id=year.pk, key=CLOCK_SUBMIT, authority_id=authority_id, at=clock.now()).closes_at
    counts = (
        visible_to(actor)
        .filter(round=year)
        .aggregate(
            waiting=Count("pk", filter=Q(state=N.HANDED_IN)),
            checked=Count("pk", filter=Q(state=N.CHECKED)),
            drafts=Count("pk", filter=Q(state__in=[N.DRAFT, N.RETURNED_BY_DISTRICT])),
            returned=Count("pk", filter=Q(state=N.RETURNED_BY_CITY)),
        )
    )
    board = reverse("nominations:board")
    lines = (
        ("waiting", "项申报等待核对", Group.TODO, ""),
        ("returned", "项申报被市局退回，请督促补正", Group.TODO, "amber"),
        ("drafts", "项申报还在填报或修改", Group.WAITING, ""),
    )
    for key, text, group, colour in lines:
        if counts[key]:
            yield WorkItem(title=f"{counts[key]}{text}", url=board, group=group, due_at=closes, colour=colour)
    row = lists_visible_to(actor).filter(round=year).first()
    if row is not None:
        yield from _list_item(actor, row, counts["checked"], closes)


def _list_item(actor: Actor, row: RecommendationList, checked: int, closes: datetime | None) -> Iterable[WorkItem]:
    url = reverse("nominations:list", args=[row.pk])
    what = {
        ListState.DRAFTING: f"推荐汇总表：{checked}项已核对，可以定稿" if checked else "",
        ListState.FINALISED: "推荐汇总表已定稿：打印盖章后上传扫描件",
        ListState.SEALED: "推荐汇总表已盖章：请负责人报送"
        if actor.role == Role.DISTRICT_LEAD
        else "推荐汇总表已盖章：等待负责人报送",
    }.get(ListState(row.state), "")
    if not what:
        return
    waits = row.state == ListState.SEALED and actor.role != Role.DISTRICT_LEAD
    yield WorkItem(
        title=what,
        url=url,
        group=Group.WAITING if waits else Group.TODO,
        due_at=closes,
        status=row.get_state_display(),
    )


def _city(actor: Actor, year: Round) -> Iterable[WorkItem]:
    counts = (
        visible_to(actor)
        .filter(round=year)
        .aggregate(
            arrived=Count("pk", filter=Q(state=N.SUBMITTED)),
            corrected=Count("pk", filter=Q(state=N.CORRECTED)),
            returned=Count("pk", filter=Q(state=N.RETURNED_BY_CITY)),
        )
    )
    inbox = reverse("nominations:inbox")
    lines = (
        ("arrived", "项申报等待接收", Group.TODO, ""),
        ("corrected", "项申报已补正，等待核对", Group.TODO, "amber"),
        ("returned", "项申报正在补正", Group.WAITING, ""),
    )
    for key, text, group, colour in lines:
        if counts[key]:
            yield WorkItem(title=f"{counts[key]}{text}", url=inbox, group=group, colour=colour)
    for row in city_lists_visible_to(actor).filter(round=year, problems__gt=0).order_by("number"):
        yield WorkItem(
            title=f"全市推荐汇总表第{row.number}版{row.get_state_display()}后情况有变化：{row.problems}处须核对",
            url=reverse("nominations:city_approval", args=[row.pk]),
            group=Group.TODO,
            at=row.problems_at,
            status="须核对",
            colour="red",
        )
