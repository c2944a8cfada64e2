"""The roster of districts, zones and departments, kept by the city lead."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import AuthorityForm, posted
from greenportal.directory.models import Authority
from greenportal.directory.selectors import authorities
from greenportal.directory.services import edit_authority
from greenportal.findings.types import NotVisible

HEADS = ("名称", "代码", "类别", "主管部门全称", "所辖区划", "设立日期", "撤并日期", "可信程度", "说明")


def _cells(unit: Authority, *, editable: bool) -> list[dict[str, str]]:
    days = [day.isoformat() if day else "" for day in (unit.starts_on, unit.ends_on)]
    territories = "、".join(territory.name for territory in unit.territories.all())
    texts = (unit.name, unit.code, unit.get_kind_display(), unit.bureau_name, territories, *days)
    cells = [{"label": label, "text": text} for label, text in zip(HEADS, texts, strict=False)]
    if editable:
        cells[0]["url"] = reverse("directory:authority", args=[unit.pk])
    sure = unit.confidence in {"official", "high"}
    cells.append(
        {"label": HEADS[7], "text": unit.get_confidence_display(), "tag": "1", "colour": "" if sure else "amber"}
    )
    return [*cells, {"label": HEADS[8], "text": unit.note}]


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def index(request: HttpRequest) -> HttpResponse:
    """Every unit, by kind and sound of name; what is not sure is marked."""
    editable = actor_of(request).role == Role.CITY_LEAD
    units = authorities().order_by("kind", "sort_key", "code").prefetch_related("territories")
    context = {
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(unit, editable=editable)} for unit in units],
    }
    return render(request, "directory/authorities.html", context)


@roles(Role.CITY_LEAD)
def edit(request: HttpRequest, authority_id: int) -> HttpResponse:
    """Change one unit; the version shown travels with the form."""
    unit = Authority.objects.filter(pk=authority_id).first()
    if unit is None:
        raise NotVisible
    initial = {
        name: getattr(unit, name) for name in ("name", "bureau_name", "kind", "starts_on", "ends_on", "note", "version")
    }
    initial["territories"] = list(unit.territories.values_list("code", flat=True))
    form = AuthorityForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        saved = form.run(
            lambda: edit_authority(
                actor=actor_of(request),
                authority_id=unit.pk,
                seen_version=values.pop("version"),
                territory_codes=values.pop("territories"),
                **values,
            )
        )
        if saved is not None:
            messages.success(request, f"已保存“{saved.name}”。")
            return redirect("directory:authorities")
    return render(request, "directory/authority.html", {"form": form, "unit": unit})
