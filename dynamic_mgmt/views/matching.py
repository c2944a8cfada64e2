"""The queue of doubtful matches: the row or unit, what it may be and why, and a person's answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.forms.lists import DoubtForm, PlaceForm
from dynamic_mgmt.models import ListedUnit, MatchDoubt
from dynamic_mgmt.selectors.matching import by_names, doubts_visible_to
from dynamic_mgmt.services.matching import decide_match, seek_matches
from dynamic_mgmt.services.placing import place_unit
from dynamic_mgmt.views.register import CITY, PER_PAGE, organisation_id_of, seen
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import Invalid, NotVisible

HEADS = ("名称", "事项", "可能是", "来源", "状态")


def _cells(row: MatchDoubt) -> list[dict[str, str]]:
    first = row.candidates[0] if row.candidates else {"name": "", "because": ""}
    more = f"等{len(row.candidates)}项" if len(row.candidates) > 1 else ""
    values: list[dict[str, str]] = [
        {"text": row.name, "url": reverse("dynamic_mgmt:match", args=[row.pk])},
        {"text": row.get_subject_display()},
        {"text": f"{first['name']}{more}（{first['because']}）"},
        {"text": row.source},
        {
            "text": row.get_answer_display() if row.answer else "待确认",
            "tag": "1",
            "colour": "" if row.answer else "amber",
        },
    ]
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


@roles(*CITY)
def index(request: HttpRequest) -> HttpResponse:
    """What waits for a person, oldest first; answered ones below on request."""
    rows = doubts_visible_to(actor_of(request))
    answered = request.GET.get("state") == "answered"
    rows = rows.exclude(answer="").order_by("-decided_at") if answered else rows.filter(answer="")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(row)} for row in page],
        "page": page,
        "answered": answered,
        "query": "state=answered" if answered else "",
    }
    return render(request, "dynamic_mgmt/matches.html", context)


@require_POST
@roles(*CITY)
def seek(request: HttpRequest) -> HttpResponse:
    """Look again for legal persons whose names look like those of listed units."""
    made = seek_matches(actor=actor_of(request))
    messages.success(request, f"已查找，新增{made}项待确认。" if made else "已查找，没有新的待确认事项。")
    return redirect("dynamic_mgmt:matches")


@roles(*CITY)
def detail(request: HttpRequest, doubt_id: int) -> HttpResponse:
    """One doubtful match and its answer."""
    actor = actor_of(request)
    row = doubts_visible_to(actor).filter(pk=doubt_id).first()
    if row is None:
        raise NotVisible
    form = DoubtForm(posted(request), doubt=row)
    if request.method == "POST" and form.is_valid():
        done = form.run(lambda: _decided(actor, row, form.cleaned_data))
        if done is not None:
            messages.success(request, f"已确认：{done.name}，{done.get_answer_display()}。")
            return redirect("dynamic_mgmt:matches")
    context = {"doubt": row, "form": form, "printed": _printed(row)}
    return render(request, "dynamic_mgmt/match.html", context)


def _decided(actor: Actor, row: MatchDoubt, data: dict[str, Any]) -> MatchDoubt:
    choice, named = data["choice"], None
    answer = choice if choice in {"other", "none"} else "same"
    about_row = row.subject == MatchDoubt.Subject.ROW
    if answer == "same":
        named = int(choice)
    elif answer == "other" and data["other"].strip():
        try:
            named = _unit_id(row, data["other"]) if about_row else organisation_id_of(data["other"])
        except Invalid as error:
            raise Invalid(error.message, errors={"other": [error.message]}) from error
    key = "unit_id" if about_row else "organisation_id"
    return decide_match(actor=actor, doubt_id=row.pk, answer=answer, reason=data["reason"], **{key: named})


def _unit_id(row: MatchDoubt, name: str) -> int:
    """Return the one unit of the same category and level that bears this name."""
    found = by_names([name], category=row.row["category"], level=row.row["level"])[name]
    if len(found) != 1:
        raise Invalid("没有找到这一名称的单位。" if not found else "有多个同名单位，请在所列各项中选择。")
    return found[0].pk


def _printed(row: MatchDoubt) -> list[tuple[str, str]]:
    """Return what the list says of the row, or the register of the unit."""
    if row.subject == MatchDoubt.Subject.UNIT and row.unit is not None:
        unit = row.unit
        place = f"{unit.province}{unit.city}"
        values = [unit.get_category_display(), unit.get_level_display(), unit.batch, str(unit.list_year or ""), place]
        return list(zip(("类别", "级别", "批次", "名单年度", "地区"), values, strict=True))
    told = row.row
    return [
        ("类别", ListedUnit.Category(told["category"]).label),
        ("级别", ListedUnit.Level(told["level"]).label),
        ("批次", told["batch"]),
        ("名单年度", str(told["list_year"] or "")),
        ("统一社会信用代码", told["uscc"]),
        ("产品型号", told["product_model"]),
        ("地区", f"{told['province']}{told['city']}"),
    ]


@roles(*CITY)
def place(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Say which district manages a unit and where it stands."""
    actor = actor_of(request)
    unit = seen(actor, unit_id)
    initial = {"authority": unit.authority_id or "", "territory": unit.territory_id or "", "version": unit.version}
    form = PlaceForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = form.run(
            lambda: place_unit(
                actor=actor,
                unit_id=unit.pk,
                authority_id=int(data["authority"]) if data["authority"] else None,
                territory_code=data["territory"],
                seen_version=data["version"],
            )
        )
        if done is not None:
            messages.success(request, "已保存管理单位和所在区划。")
            return redirect("dynamic_mgmt:unit", unit.pk)
    lead = "先导区内的单位由先导区管理，所在行政区划仍按实际填写。"
    context = {"form": form, "unit": unit, "title": "管理单位和所在区划", "lead": lead}
    return render(request, "dynamic_mgmt/form.html", context)
