"""The city's own 汇总表: put together, looked at whole, approved by the lead, taken back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused
from nominations.forms.approving import ApproveForm, EndForm, PublishForm
from nominations.models import CityList
from nominations.rules import may_approve
from nominations.selectors import city
from nominations.selectors.approval import city_lists_visible_to, standing
from nominations.services import approving
from nominations.states import CityListState
from nominations.views.city import CITY
from nominations.views.deciding import written_decision
from nominations.views.district import current_round
from nominations.views.shared import answered, done

COLOURS = {
    CityListState.APPROVED: "green",
    CityListState.PUBLISHED: "green",
    CityListState.PREPARED: "amber",
}


@roles(*CITY)
@require_GET
def city_lists(request: HttpRequest) -> HttpResponse:
    """Every version of the city's 汇总表 of the round, newest first."""
    year = current_round()
    rows = city_lists_visible_to(actor_of(request)).filter(round=year).order_by("-number")
    context = {"round": year, "rows": [(row, COLOURS.get(CityListState(row.state), "")) for row in rows]}
    return render(request, "nominations/city_lists.html", context)


@roles(*CITY)
def prepare_city_list(request: HttpRequest) -> HttpResponse:
    """All that is accepted; a reason typed beside a row leaves it out."""
    actor, year = actor_of(request), current_round()
    parts = city.summary(actor, round_id=year.pk)
    ids = [row.nomination_id for part in parts for row in part.rows]
    typed = {pk: request.POST.get(f"reason_{pk}", "")[:301] for pk in ids} if request.method == "POST" else {}
    problem, errors = "", {}
    if request.method == "POST":
        try:
            made = approving.prepare(
                actor=actor, round_id=year.pk, left_out={pk: text for pk, text in typed.items() if text.strip()}
            )
            return done(
                request, f"已编制第{made.number}版，核对后由市局负责人批准。", "nominations:city_approval", made.pk
            )
        except (Refused, NotVisible):
            raise
        except DomainError as error:
            problem = error.message
            errors = error.errors if isinstance(error, Invalid) else {}
    shown = [
        (
            part,
            [
                (row, typed.get(row.nomination_id, ""), errors.get(f"reason_{row.nomination_id}", []))
                for row in part.rows
            ],
        )
        for part in parts
    ]
    context = {"round": year, "parts": shown, "problem": problem, "has_errors": bool(problem), "count": len(ids)}
    return render(request, "nominations/city_prepare.html", context, status=400 if problem else 200)


@roles(*CITY)
def city_approval(request: HttpRequest, city_list_id: int) -> HttpResponse:
    """One version whole, with what stands in the way; approve, drop, or take the approval back."""
    actor = actor_of(request)
    row = city_lists_visible_to(actor).filter(pk=city_list_id).first()
    if row is None:
        raise NotVisible
    approving_now = request.method == "POST" and "approve" in request.POST
    ending = request.method == "POST" and not approving_now
    form = ApproveForm(request.POST if approving_now else None, initial={"sha256": row.sha256})
    end_form = EndForm(request.POST if ending else None)
    refused: dict[str, list[str]] = {}
    if approving_now and form.is_valid():
        try:
            approved = form.run(lambda: _approved(request, row, form))
        except _Refusal as told:
            refused = told.errors
            form.add_error(None, told.message)
        else:
            if approved is not None:
                return done(request, "已批准全市推荐汇总表。", "nominations:city_approval", row.pk)
    if ending and end_form.is_valid():
        verb = approving.undo if "undo" in request.POST else approving.discard
        ended = end_form.run(lambda: verb(actor=actor, city_list_id=row.pk, reason=end_form.cleaned_data["reason"]))
        if ended is not None:
            return done(request, f"{CityListState(ended.state).label}。", "nominations:city_approval", row.pk)
    context = {**_shown(row), "form": form, "end_form": end_form, **_may(actor.role, row, actor.user_id)}
    context["may_approve"] = bool(may_approve(actor, prepared_by_id=row.prepared_by_id))
    context["refused"] = sorted({text for texts in refused.values() for text in texts})
    return answered(request, "nominations/city_approval.html", context, form, end_form)


@roles(*CITY)
def city_publish(request: HttpRequest, city_list_id: int) -> HttpResponse:
    """The day and the document of the 公示 of an approved list; every check is made anew before it is written down."""
    actor = actor_of(request)
    row = city_lists_visible_to(actor).filter(pk=city_list_id).first()
    if row is None:
        raise NotVisible
    form = PublishForm(posted(request), initial={"sha256": row.sha256})
    refused: list[tuple[int, str, list[str]]] = []
    if request.method == "POST" and form.is_valid():
        try:
            result = form.run(lambda: _published(actor, row, form))
        except _Refusal as told:
            refused = _by_nominee(row, told.errors)
            form.add_error(None, "现在不能登记公示。先处理本页列出的事项再登记，或撤销批准、重新编制时不列入这些申报。")
        else:
            if result is not None:
                return done(request, "已登记公示。", "nominations:city_approval", row.pk)
    return answered(request, "nominations/city_publish.html", {"list": row, "form": form, "refused": refused}, form)


def _published(actor: Actor, row: CityList, form: PublishForm) -> CityList:
    values = form.cleaned_data
    try:
        return approving.publish(
            actor=actor,
            city_list_id=row.pk,
            seen_sha256=values["sha256"],
            published_on=values["published_on"],
            document=values["document"],
            note=values["note"],
        )
    except Invalid as error:
        if set(error.errors) <= set(form.fields):
            raise
        raise _Refusal(error) from error


def _by_nominee(row: CityList, errors: dict[str, list[str]]) -> list[tuple[int, str, list[str]]]:
    """Return (nomination, its name, messages) of what refuses a list; a whole group's has no nomination (0). One query."""
    entries = row.entries.filter(nomination_id__in=[int(key) for key in errors if key.isdigit()])
    names = dict(entries.values_list("nomination_id", "nomination__subject__name"))
    found = [(int(key) if key.isdigit() else 0, texts) for key, texts in errors.items()]
    return [(pk, names.get(pk, "关联组"), texts) for pk, texts in found]


class _Refusal(Exception):
    """What stands in the way, by group and nomination: told in the page's own table, not at a field."""

    def __init__(self, error: Invalid) -> None:
        super().__init__(error.message)
        self.message, self.errors = error.message, {k: list(v) for k, v in error.errors.items()}


def _approved(request: HttpRequest, row: CityList, form: ApproveForm) -> CityList:
    values = form.cleaned_data
    try:
        return approving.approve(
            actor=actor_of(request), city_list_id=row.pk, seen_sha256=values["sha256"], note=values["note"]
        )
    except Invalid as error:
        if "note" in error.errors:
            raise
        raise _Refusal(error) from error


def _may(role: Role, row: CityList, user_id: int | None) -> dict[str, Any]:
    waiting, approved = row.state == CityListState.PREPARED, row.state == CityListState.APPROVED
    return {
        "waiting": waiting,
        "approved": approved,
        "may_undo": approved and role == Role.CITY_LEAD,
        "may_publish": approved and role == Role.CITY_LEAD and row.prepared_by_id != user_id,
        "own": row.prepared_by_id == user_id,
    }


def _shown(row: CityList) -> dict[str, Any]:
    """The frozen content, and what the newest checks say of it."""
    found = standing(row)
    gone_out = row.state in {CityListState.APPROVED, CityListState.PUBLISHED}
    return {
        "list": row,
        "colour": COLOURS.get(CityListState(row.state), ""),
        "parts": row.payload["parts"],
        "count": sum(len(part["rows"]) for part in row.payload["parts"]),
        "changed": found.against(row.judged) if gone_out else (),
        "left_out": sum(len(part["left_out"]) for part in row.payload["parts"]),
        "found": found,
        "problems": [line for line in found.rows if line.messages],
        "blocked": bool(found.errors()),
    }


@roles(*CITY)
def city_decide(request: HttpRequest, nomination_id: int, rule: str) -> HttpResponse:
    """The city's written decision on one finding that asks for it, above all 超出上限."""
    return written_decision(
        request, nomination_id, rule, template="nominations/city_decide.html", back="nominations:city_nomination"
    )
