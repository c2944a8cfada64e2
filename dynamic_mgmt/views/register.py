"""The register: list with filters in the address, one unit, removal by two people, link, import."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dynamic_mgmt.forms.register import LinkForm, RegisterFilter, RemovalForm
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.parsing import HEADINGS, MAX_ROWS, REQUIRED, ListedRow
from dynamic_mgmt.rules import may_decide_removal
from dynamic_mgmt.selectors import Filters, filtered, visible_to
from dynamic_mgmt.selectors.changes import history_of
from dynamic_mgmt.selectors.changes import visible_to as changes_visible_to
from dynamic_mgmt.selectors.incidents import visible_to as incidents_visible_to
from dynamic_mgmt.selectors.lists import removal_proposals_visible_to
from dynamic_mgmt.selectors.tables import visible_to as tables_visible_to
from dynamic_mgmt.services import decide_removal, import_listed, link_unit, preview_listed, propose_removal
from dynamic_mgmt.services.comparing import Doubt
from dynamic_mgmt.services.removing import confirm_removals
from dynamic_mgmt.table_states import state_for
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.models import Organisation
from greenportal.directory.tables import Row
from greenportal.directory.validators import validate_uscc
from greenportal.directory.views import imports
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused

CITY = (Role.CITY_LEAD, Role.CITY_REVIEWER)
READERS = (*CITY, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.APPLICANT)
HEADS = ("名称", "类别", "级别", "批次", "名单年度", "公布日期", "地区", "状态")
PER_PAGE = 50
#: Why the register shows nothing, and what to do: narrowed by filters, nothing put under a district, nothing linked.
EMPTY_FILTERED = "没有符合条件的单位。减少条件或清除条件后再查。"
EMPTY_CITY = "还没有登记任何名单。从“导入公布的名单”或“粘贴名单文字”开始。"
EMPTY_DISTRICT = (
    "还没有对应到本地区的单位。公布的名单由市局导入，单位与法人单位对应、或名单中写明区县后，才在这里列出。"
    "本地区已有单位列入名单的，把单位名称、统一社会信用代码和批次告知市局，由市局核对后对应。"
)
EMPTY_APPLICANT = "还没有与本单位对应的名单记录。已列入名单的，把单位名称、统一社会信用代码和批次告知所在区县主管部门，由市局核对后对应。"


def _empty(actor: Actor, *, narrowed: bool) -> str:
    """Return what the list says when it has no row."""
    if narrowed:
        return EMPTY_FILTERED
    return EMPTY_CITY if actor.is_city else EMPTY_DISTRICT if actor.is_district else EMPTY_APPLICANT


def _cells(unit: ListedUnit) -> list[dict[str, str]]:
    place = "".join(part for part in (unit.province, unit.city if unit.city != unit.province else "") if part)
    name = f"{unit.current_name}（列入时：{unit.name_as_listed}）" if unit.renamed_to else unit.name_as_listed
    name = f"{name}　{unit.product_model}" if unit.product_model else name
    values: list[dict[str, str]] = [
        {"text": name, "url": reverse("dynamic_mgmt:unit", args=[unit.pk])},
        {"text": unit.get_category_display()},
        {"text": unit.get_level_display()},
        {"text": f"第{unit.batch}批" if unit.batch.isdigit() else unit.batch},
        {"text": str(unit.list_year or "")},
        {"text": unit.listed_on.isoformat() if unit.listed_on else ""},
        {"text": place},
        {
            "text": f"{unit.removed_on}移出" if unit.removed_on else ("在名单" if unit.matchable else "待核对"),
            "tag": "1",
        },
    ]
    values[-1]["colour"] = "" if unit.removed_on else "green" if unit.matchable else "amber"
    return [{"label": label, **value} for label, value in zip(HEADS, values, strict=True)]


@roles(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """Units that the reader may see, by sound of name."""
    actor = actor_of(request)
    form = RegisterFilter(request.GET or None)
    filters = form.filters() if form.is_bound else Filters()
    rows = filtered(visible_to(actor), filters)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "heads": [{"label": label} for label in HEADS],
        "rows": [{"cells": _cells(unit)} for unit in page],
        "page": page,
        "query": query.urlencode(),
        "is_city": actor.is_city,
        "is_officer": actor.is_city or actor.is_district,
        "empty": _empty(actor, narrowed=filters != Filters()),
    }
    return render(request, "dynamic_mgmt/index.html", context)


def seen(actor: Actor, unit_id: int) -> ListedUnit:
    """Return a unit that the actor may open; absent and foreign ones answer alike."""
    found = visible_to(actor).filter(pk=unit_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*READERS)
def detail(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One membership of a list with its source and what happened to it."""
    actor = actor_of(request)
    unit = seen(actor, unit_id)
    proposals = [
        (row, bool(may_decide_removal(actor, row.proposed_by_id)))
        for row in removal_proposals_visible_to(actor).filter(unit=unit)
    ]
    open_one = any(row.decided_at is None for row, _ in proposals)
    incidents = incidents_visible_to(actor).filter(Q(unit=unit) | Q(organisation=unit.organisation_id or 0))
    context = {
        "unit": unit,
        "proposals": proposals,
        "open_one": open_one,
        "is_city": actor.is_city,
        "may_report": actor.is_city or actor.is_district,
        "sources": list(unit.sources.all()),
        "tables": [
            (table, state_for(actor.role, table.state).label)
            for table in tables_visible_to(actor).filter(unit=unit).order_by("-period__data_year", "-pk")
        ],
        "visits": [] if actor.is_applicant else list(unit.visits.select_related("by")),
        "names": history_of(unit.pk),
        "changes": changes_visible_to(actor).filter(unit=unit),
        "incidents": incidents,
    }
    return render(request, "dynamic_mgmt/unit.html", context)


@roles(*CITY)
def remove(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Write down a removal; the city lead decides."""
    actor = actor_of(request)
    unit = seen(actor, unit_id)
    form = RemovalForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = form.run(lambda: propose_removal(actor=actor, unit_id=unit.pk, **form.cleaned_data))
        if done is not None:
            messages.success(request, "已登记移出，由市局负责人复核后生效。")
            return redirect("dynamic_mgmt:unit", unit.pk)
    lead = "登记后由市局另一名负责人复核，复核前仍在名单。"
    return render(request, "dynamic_mgmt/form.html", {"form": form, "unit": unit, "title": "登记移出", "lead": lead})


@require_POST
@roles(Role.CITY_LEAD)
def decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The city lead's decision on a removal."""
    actor = actor_of(request)
    proposal = removal_proposals_visible_to(actor).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotVisible
    try:
        done = decide_removal(actor=actor, proposal_id=proposal.pk, confirm="confirm" in request.POST)
        messages.success(request, "已复核，该单位移出名单。" if done.confirmed else "已复核，不予移出。")
    except Refused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("dynamic_mgmt:unit", proposal.unit_id)


@roles(*CITY)
def removals(request: HttpRequest) -> HttpResponse:
    """Removals that wait for a decision; the city lead confirms those of one document in one go."""
    actor = actor_of(request)
    rows = removal_proposals_visible_to(actor).filter(decided_at=None).order_by("document_no", "pk")
    waiting = [(row, bool(may_decide_removal(actor, row.proposed_by_id))) for row in rows[:500]]
    if request.method == "POST":
        ids = [int(text) for text in request.POST.getlist("proposal") if text.isdigit()]
        try:
            if not ids:
                raise Invalid("先勾选要复核的移出登记。")
            messages.success(request, f"已复核，{len(confirm_removals(actor=actor, proposal_ids=ids))}项移出名单。")
        except (Refused, NotVisible):
            raise
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("dynamic_mgmt:removals")
    return render(request, "dynamic_mgmt/removals.html", {"waiting": waiting, "any": any(may for _, may in waiting)})


def organisation_id_of(uscc: str) -> int | None:
    """Return the registered legal person with this code; None for an empty text."""
    if not uscc.strip():
        return None
    code = validate_uscc(uscc)
    found = Organisation.objects.filter(uscc=code).values_list("pk", flat=True).first()
    if found is None:
        message = "这一代码的单位尚未在系统登记。先登记单位，再确认对应。"
        raise Invalid(message, errors={"uscc": [message]})
    return found


@roles(*CITY)
def link(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Say which legal person the listed name belongs to."""
    actor = actor_of(request)
    unit = seen(actor, unit_id)
    uscc = unit.organisation.uscc if unit.organisation else unit.uscc
    form = LinkForm(posted(request), initial={"version": unit.version, "uscc": uscc})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done = form.run(
            lambda: link_unit(
                actor=actor,
                unit_id=unit.pk,
                organisation_id=organisation_id_of(values["uscc"]),
                seen_version=values["version"],
                reason=values["reason"],
            )
        )
        if done is not None:
            messages.success(request, "已确认对应单位，相关申报将重新核查。")
            return redirect("dynamic_mgmt:unit", unit.pk)
    context = {"form": form, "unit": unit, "title": "确认对应单位", "lead": ""}
    return render(request, "dynamic_mgmt/form.html", context)


def shown_preview(rows: list[Row]) -> imports.Shown:
    """Return what an import of these rows would do, as the page tells it."""
    found = preview_listed(rows)
    return imports.Shown(
        counts=[
            ("新增", found.new),
            ("补充", found.updated),
            ("相同", found.same),
            ("文件内重复", found.repeated),
            ("不自动匹配", found.unmatchable),
            ("待确认", len(found.doubts)),
            ("登记移出", len(found.removals)),
        ],
        heads=("行", "名称", "类别", "级别", "批次", "名单年度", "变更", "说明"),
        rows=[
            *(_preview_row(doubt.row, "待确认", _why(doubt)) for doubt in found.doubts),
            *(
                _preview_row(change.row, "新增" if change.unit_id is None else "补充", change.row.unmatched_reason)
                for change in found.changes
            ),
            *(_preview_row(removal.row, "登记移出", "由市局负责人复核后移出") for removal in found.removals),
        ],
        problems=found.problems,
        changes=len(found.changes) + len(found.removals) + sum(not doubt.asked for doubt in found.doubts),
    )


def _preview_row(row: ListedRow, what: str, why: str) -> tuple[str, ...]:
    return (
        str(row.number),
        " ".join(filter(None, [row.name_as_listed, row.product_model])),
        ListedUnit.Category(row.category).label,
        ListedUnit.Level(row.level).label,
        row.batch,
        str(row.list_year or ""),
        what,
        why,
    )


def _why(doubt: Doubt) -> str:
    first = doubt.candidates[0]
    return f"可能是“{first.name}”：{first.because}"


def _apply(actor: Actor, rows: list[Row], name: str) -> str:
    done = import_listed(actor=actor, rows=rows, source=name)
    waiting = f"另有{len(done.doubts)}项待确认。" if done.doubts else ""
    gone = f"登记移出{len(done.removals)}项，由市局负责人复核后生效。" if done.removals else ""
    return f"已导入名单：新增{done.new}项，补充{done.updated}项。{waiting}{gone}"


PAGE = imports.ImportPage(
    title="导入公布的名单",
    kind="dynamic_mgmt.import",
    headings=HEADINGS,
    required=REQUIRED,
    preview=shown_preview,
    apply=_apply,
    back="dynamic_mgmt:index",
    parent="绿色制造名录",
    max_rows=MAX_ROWS,
    hints=(
        "类别写明级别，如“绿色工厂(省级)”，或另设“级别”列。",
        "公示阶段、仅有简称或没有中文名称的行会保存，但不会自动匹配到企业。同一文件可重复导入。",
    ),
)


@roles(*CITY)
def bring_in(request: HttpRequest) -> HttpResponse:
    """Import a published list from Excel, with a look through first."""
    return imports.run(request, PAGE)
