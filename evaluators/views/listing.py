"""The city's list of evaluators, a new one, and many from Excel."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluators.forms.evaluators import EvaluatorForm, IndexFilter
from evaluators.models import Evaluator
from evaluators.packets.standing_xlsx import standing_workbook
from evaluators.rules import cap_level
from evaluators.selectors import EvaluatorStanding, standing, visible_to
from evaluators.selectors.detail import conditions_of
from evaluators.selectors.groups import warn_from
from evaluators.selectors.standing import is_past
from evaluators.services import apply_evaluators, preview_evaluators, register_evaluator
from evaluators.services.importing import HEADINGS, REQUIRED
from evaluators.views.shared import XLSX, attachment
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.tables import Row
from greenportal.directory.views import imports
from greenportal.findings.types import WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import Rulebook
from greenportal.rounds.selectors import open_round, round_to_read, rulebook_at

HEADS = ("机构名称", "统一社会信用代码", "登记", "本系统项目", "系统外项目", "合计", "关联组", "不予采信")
PER_PAGE = 50


def the_round() -> Round:
    """Return the round in progress, for what is written; without one there is nothing to count."""
    found = open_round()
    if found is None:
        raise WrongState("目前没有进行中的年度批次。市局启动年度批次后再办理。")
    return found


def shown_round(day: date | None = None) -> Round:
    """Return the round that a page shows which only reads, between rounds too; see `round_to_read`."""
    return round_to_read(day) or the_round()


def _at_day(name: str, pk: int, day: date | None) -> str:
    """Return the address of a page as of the day that the list was asked for."""
    return reverse(f"evaluators:{name}", args=[pk]) + (f"?as_of={day.isoformat()}" if day else "")


def _to_group(row: EvaluatorStanding, alone: bool, day: date | None) -> dict[str, str]:
    return {} if alone or row.group_id is None else {"url": _at_day("group", row.group_id, day)}


def _cells(row: EvaluatorStanding, cap: int, warn: int | None, day: date | None) -> list[dict[str, str]]:
    over = row.group_count > cap
    nearness = {"over": "red", "full": "amber", "near": "amber"}.get(
        cap_level(row.union, warn_from=warn, limit=cap), ""
    )
    elsewhere = "未申报" if row.declared_elsewhere is None else str(row.declared_elsewhere)
    alone = len(row.group_evaluator_ids) == 1
    values: list[dict[str, str]] = [
        {"text": row.name, "url": _at_day("detail", row.evaluator_id, day)},
        {"text": row.uscc},
        {"text": "已登记" if row.registered else "未登记", "tag": "1", "colour": "" if row.registered else "amber"},
        {
            "text": f"{row.group_count}（超出{row.group_count - cap}）" if over else str(row.group_count),
            "number": "1",
            "tag": "1" if over else "",
            "colour": "red" if over else "",
        },
        {"text": elsewhere, "number": "1"},
        # The cap is that of the whole batch: what comes near it is both together.
        {"text": str(row.union), "number": "1", "tag": nearness, "colour": nearness},
        {"text": "" if alone else f"{row.group_name}等{len(row.group_evaluator_ids)}家", **_to_group(row, alone, day)},
        {"text": "不予采信期内" if row.sanctioned else "", "tag": "1" if row.sanctioned else "", "colour": "red"},
    ]
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def index(request: HttpRequest) -> HttpResponse:
    """Every evaluator by sound of name, with its count against the cap; never ranked. `?format=xlsx`: all as a workbook."""
    form = IndexFilter(request.GET or None)
    round_ = shown_round(form.day)
    book = rulebook_at(round_.pk)[0]
    cap, warn = book.cap, warn_from(book)
    found, text = _found(actor_of(request), form)
    if request.GET.get("format") == "xlsx" and not form.errors:
        told = [form.told or f"截至{clock.spoken(clock.now())}", *([f"名称或信用代码：{text}"] if text else [])]
        return _workbook(found, round_, book, form.day, told)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    ids = [evaluator.pk for evaluator in page]
    facts = _facts(ids, round_, form.day)
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "round": round_,
        "cap": cap,
        "heads": [{"label": label, "number": label in HEADS[3:6]} for label in HEADS],
        "rows": [{"cells": _cells(facts[pk], cap, warn, form.day)} for pk in ids],
        "page": page,
        "form": form,
        "query": asked.urlencode(),
    }
    return render(request, "evaluators/index.html", context, status=400 if form.errors else 200)


def _facts(ids: list[int], round_: Round, day: date | None) -> dict[int, EvaluatorStanding]:
    return standing(ids, round_id=round_.pk, as_of=day or clock.now(), past=is_past(day))


def _workbook(
    found: QuerySet[Evaluator], round_: Round, book: Rulebook, day: date | None, told: list[str]
) -> HttpResponse:
    ids = list(found.values_list("pk", flat=True))
    facts = _facts(ids, round_, day)
    title = f"{round_.name}评价机构情况"
    rows = ((facts[pk], conditions_of(facts[pk], book)) for pk in ids)
    content = standing_workbook(rows, title=title, told=told, issued_at=clock.now())
    return attachment(content, name=f"{title}.xlsx", kind=XLSX)


def _found(actor: Actor, form: IndexFilter) -> tuple[QuerySet[Evaluator], str]:
    """Return the bodies that the filter leaves, and the text looked for. What is no filter leaves all.

    Of a day that is over, those that were on file by its end.
    """
    found = visible_to(actor)
    if form.day is not None and is_past(form.day):
        found = found.filter(created_at__lt=clock.end_of(form.day))
    text = form.cleaned_data.get("q", "").strip() if form.is_bound and form.is_valid() else ""
    if text:
        found = found.filter(organisation__name__icontains=text) | found.filter(organisation__uscc__istartswith=text)
    return found, text


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def create(request: HttpRequest) -> HttpResponse:
    """Put one body on file."""
    form = EvaluatorForm(posted(request))
    if request.method == "POST" and form.is_valid():
        made = form.run(
            lambda: register_evaluator(
                actor=actor_of(request), uscc=form.cleaned_data["uscc"], name=form.cleaned_data["name"]
            )
        )
        if made is not None:
            if open_round() is None:
                messages.success(request, "已登记评价机构。五项基本条件在市局启动年度批次后登记。")
                return redirect("evaluators:detail", made.pk)
            messages.success(request, "已登记评价机构，接着登记五项基本条件。")
            return redirect("evaluators:registration", made.pk)
    return render(request, "evaluators/form.html", {"form": form, "title": "登记评价机构"})


def _preview(round_id: int, rows: list[Row]) -> imports.Shown:
    found = preview_evaluators(rows, round_id=round_id)
    changed = [row for row in found.rows if row.status != "same"]
    return imports.Shown(
        counts=[("新增", found.count("new")), ("更新", found.count("changed")), ("相同", found.count("same"))],
        heads=("行", "统一社会信用代码", "机构名称", "中级职称以上", "其中高级", "系统外项目"),
        rows=[
            (
                str(row.number),
                row.uscc,
                row.name,
                *(
                    "未填写" if number is None else str(number)
                    for number in (
                        row.entered.staff_intermediate,
                        row.entered.staff_senior,
                        row.entered.declared_elsewhere,
                    )
                ),
            )
            for row in changed
        ],
        problems=found.problems,
        changes=len(changed),
    )


def _apply(round_id: int, actor: Actor, rows: list[Row], name: str) -> str:
    done = apply_evaluators(actor=actor, rows=rows, round_id=round_id, source=name)
    return f"已导入评价机构：新增{done.count('new')}家，更新{done.count('changed')}家。"


@roles(Role.CITY_LEAD, Role.CITY_REVIEWER)
def bring_in(request: HttpRequest) -> HttpResponse:
    """Registrations of many evaluators from Excel, with a look through first."""
    round_ = the_round()
    page = imports.ImportPage(
        title="导入评价机构登记",
        kind="evaluators.import",
        headings=HEADINGS,
        required=REQUIRED,
        preview=partial(_preview, round_.pk),
        apply=partial(_apply, round_.pk),
        back="evaluators:index",
        parent="评价机构",
        hints=("是否类列填写“是”或“否”，尚未核实的留空，系统按“待人工核实”处理。",),
    )
    return imports.run(request, page)
