"""The district's desk: the board, beginning nominations, checking, returning, deciding."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import open_round
from nominations.forms.district import BoardFilter, CreateForm
from nominations.forms.nomination import InviteForm, KeyEnergyForm
from nominations.models import Nomination
from nominations.selectors.board import Board, board, board_rows, nominations_of
from nominations.selectors.nominations import get_visible
from nominations.services import checking, drafting
from nominations.states import NominationState
from nominations.views.deciding import written_decision
from nominations.views.exports import board_workbook
from nominations.views.shared import STATE_COLOURS, XLSX, answered, attachment, done, version_of

DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
_PAGE = 50


def current_round() -> Round:
    """Return the open round; WrongState with what to do when there is none."""
    year = open_round()
    if year is None:
        raise WrongState("目前没有进行中的年度批次，请等待市局启动。")
    return year


def own_authority(actor: Actor) -> int:
    """Return the actor's district."""
    if actor.authority_id is None:
        raise NotVisible
    return actor.authority_id


@roles(*DISTRICT)
@require_GET
def show_board(request: HttpRequest) -> HttpResponse:
    """What still stops me: every nomination of the district with its obstacles, filters in the address."""
    actor = actor_of(request)
    year = current_round()
    found = board(actor, round_id=year.pk, authority_id=own_authority(actor))
    form = BoardFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = _filtered(nominations_of(actor, round_id=year.pk, authority_id=own_authority(actor)), found, wanted)
    ids = rows.values_list("pk", flat=True)
    if request.GET.get("format") == "xlsx":
        title = f"{actor_place(found)}{year.year}年度申报办理情况"
        return attachment(
            board_workbook(board_rows(list(ids), found.rulebook), title=title, told=filter_told(form)),
            name=f"{title}.xlsx",
            kind=XLSX,
        )
    query = request.GET.copy()
    query.pop("page", None)
    page = Paginator(ids, _PAGE).get_page(request.GET.get("page"))
    shown = board_rows(list(page), found.rulebook)
    context = {
        "round": year,
        "board": found,
        "closes": clock.spoken(found.window.closes_at) if found.window.closes_at else "",
        "page": page,
        "rows": [(row, STATE_COLOURS.get(row.nomination.state, "")) for row in shown],
        "query": query.urlencode(),
        "form": form,
        "counts": _counts(found),
    }
    return render(request, "nominations/board.html", context)


def actor_place(found: Board) -> str:
    """The district's name for titles; empty before its first nomination."""
    return found.list.authority.name if found.list else ""


def filter_told(form: Form) -> list[str]:
    """Return in words what a list is filtered by: label and chosen text of every filled field."""
    told = []
    for field in form.visible_fields() if form.is_valid() else []:
        value = form.cleaned_data.get(field.name)
        choices = dict(getattr(field.field, "choices", ()))
        if value:
            told.append(f"{field.label}为{choices.get(value, value)}")
    return told


def _filtered(rows: QuerySet[Nomination], found: Board, wanted: dict[str, Any]) -> QuerySet[Nomination]:
    if wanted.get("category"):
        rows = rows.filter(category=wanted["category"])
    if wanted.get("state"):
        rows = rows.filter(state=wanted["state"])
    if wanted.get("stopped") == "yes":
        rows = rows.filter(found.stopped)
    elif wanted.get("stopped"):
        rows = rows.exclude(found.stopped)
    text = str(wanted.get("q") or "").strip()
    return rows.filter(Q(subject__name__contains=text) | Q(applicant__name__contains=text)) if text else rows


def _counts(found: Board) -> list[tuple[str, int]]:
    return [
        ("申报总数", found.count()),
        ("填报中", found.count(NominationState.DRAFT, NominationState.RETURNED_BY_DISTRICT)),
        ("待核对", found.count(NominationState.HANDED_IN)),
        ("已核对", found.count(NominationState.CHECKED)),
        ("还不能定稿", found.hard),
    ]


@roles(*DISTRICT)
def create(request: HttpRequest) -> HttpResponse:
    """Begin one nomination."""
    actor = actor_of(request)
    year = current_round()
    form = CreateForm(posted(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = form.run(
            lambda: drafting.begin(
                actor=actor,
                round_id=year.pk,
                authority_id=own_authority(actor),
                category=data["category"],
                uscc=data["uscc"],
                organisation=data["organisation"],
                subject=data["subject"],
                industry_code=data["industry"],
            )
        )
        if made is not None:
            return done(request, "申报已建立，可以填写，也可以邀请申报单位填写。", "nominations:detail", made.pk)
    return answered(request, "nominations/create.html", {"form": form, "round": year}, form)


@roles(*DISTRICT)
@require_POST
def check(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Checked by the district."""
    checking.check(actor=actor_of(request), nomination_id=nomination_id, seen_version=version_of(request))
    return done(request, "已核对通过，可以在汇总表中排序。", "nominations:detail", nomination_id)


@roles(*DISTRICT)
@require_POST
def uncheck(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Take the check back."""
    checking.uncheck(actor=actor_of(request), nomination_id=nomination_id, seen_version=version_of(request))
    return done(request, "已撤销核对。", "nominations:detail", nomination_id)


@roles(*DISTRICT)
def key_energy(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Whether this is a 重点用能行业企业, with the reason."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    value = {True: "yes", False: "no", None: ""}[nomination.key_energy_user]
    initial = {"version": nomination.version, "value": value, "reason": nomination.key_energy_reason}
    form = KeyEnergyForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        result = form.run(
            lambda: drafting.set_key_energy_user(
                actor=actor,
                nomination_id=nomination.pk,
                seen_version=data["version"],
                value=data["value"],
                reason=data["reason"],
            ),
        )
        if result is not None:
            return done(request, "已保存认定结果。", "nominations:detail", nomination.pk)
    lead = "重点用能行业能效水平原则上要达到或优于标杆值；未规定标杆值的，原则上要达到或优于能耗限额标准先进值（通知 一（一））。"
    context = {"nomination": nomination, "form": form, "title": "重点用能行业认定", "submit": "保存", "lead": lead}
    return answered(request, "nominations/form.html", context, form)


@roles(*DISTRICT)
def decide(request: HttpRequest, nomination_id: int, rule: str) -> HttpResponse:
    """A written decision on one 原则上 finding."""
    return written_decision(
        request, nomination_id, rule, template="nominations/decide.html", back="nominations:findings"
    )


@roles(*DISTRICT)
def invite(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Invite a handler of the applicant; the link is shown once and mailed."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    form = InviteForm(posted(request))
    link = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        result = form.run(
            lambda: drafting.invite_applicant(
                actor=actor, nomination_id=nomination.pk, email=data["email"], name=data["name"]
            ),
        )
        if result is not None:
            link = request.build_absolute_uri(reverse("accounts:invitation", args=[result[1]]))
    context = {"nomination": nomination, "form": form, "link": link}
    return answered(request, "nominations/invite.html", context, form)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Where nominations begin for each role."""
    actor = actor_of(request)
    if actor.is_district:
        return redirect("nominations:board")
    if actor.is_city:
        return redirect("nominations:inbox")
    if actor.is_evaluator:
        return redirect("nominations:named")
    return redirect("nominations:own")
