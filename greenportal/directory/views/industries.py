"""Searching and importing classes of GB/T 4754-2017."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import asked, roles
from greenportal.directory.selectors import industries
from greenportal.directory.services import apply_industries, preview_industries
from greenportal.directory.services.industries import HEADINGS, REQUIRED
from greenportal.directory.tables import Row
from greenportal.directory.views import imports

FOUND_AT_MOST = 20


@require_GET
@roles(*(role for role in Role if role not in {Role.ANONYMOUS, Role.SYSTEM}))
def search(request: HttpRequest) -> HttpResponse:
    """Classes by code, name or pinyin (`q`): a partial of options for HTMX and lists, JSON with `format=json`."""
    text = asked(request, "q")
    found = list(industries(text)[: FOUND_AT_MOST + 1]) if text else []
    if request.GET.get("format") == "json":
        items = [
            {"code": row.code, "name": row.name, "section": row.section, "checked": row.name_checked}
            for row in found[:FOUND_AT_MOST]
        ]
        return JsonResponse({"items": items, "more": len(found) > FOUND_AT_MOST})
    context = {"found": found[:FOUND_AT_MOST], "more": len(found) > FOUND_AT_MOST, "q": text}
    return render(request, "directory/industry_options.html", context)


def _preview(rows: list[Row]) -> imports.Shown:
    found = preview_industries(rows)
    new = sum(not change.before for change in found.changes)
    confirmed = sum(change.before == change.after for change in found.changes)
    return imports.Shown(
        counts=[
            ("新增", new),
            ("更名", len(found.changes) - new - confirmed),
            ("名称已核对", confirmed),
            ("相同", found.same),
            ("非小类，略过", found.skipped),
        ],
        heads=("行", "行业代码", "原名称", "新名称"),
        rows=[(str(c.number), c.code, c.before, c.after) for c in found.changes],
        problems=found.problems,
        changes=len(found.changes),
    )


def _apply(actor: Actor, rows: list[Row], name: str) -> str:
    done = apply_industries(actor=actor, rows=rows, source=name)
    return f"已导入行业代码{len(done.changes)}项。"


PAGE = imports.ImportPage(
    title="导入国民经济行业代码",
    kind="directory.import",
    headings=HEADINGS,
    required=REQUIRED,
    preview=_preview,
    apply=_apply,
    back="directory:industries",
    parent="国民经济行业",
    hints=("按GB/T 4754-2017（含第1号修改单）填写四位小类；门类、大类、中类的行会略过。",),
)


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def bring_in(request: HttpRequest) -> HttpResponse:
    """Import a list of classes from Excel, with a look through first."""
    return imports.run(request, PAGE)


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def index(request: HttpRequest) -> HttpResponse:
    """Every class that is stored, those without a checked name marked."""
    text = asked(request, "q")
    heads = ("行业代码", "名称", "门类", "核对", "来源")
    rows = []
    for item in industries(text):
        texts = (item.code, item.name, item.section)
        cells: list[dict[str, str]] = [{"label": h, "text": t} for h, t in zip(heads, texts, strict=False)]
        checked = "已核对" if item.name_checked else "未核对"
        cells.append({"label": heads[3], "text": checked, "tag": "1", "colour": "" if item.name_checked else "amber"})
        rows.append({"cells": [*cells, {"label": heads[4], "text": item.source}]})
    context = {"heads": [{"label": h} for h in heads], "rows": rows, "q": text}
    return render(request, "directory/industries.html", context)
