"""Pages for everybody signed in: the rounds, one round with its clocks, its rulebook, what a revision changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.findings.types import NotVisible
from greenportal.rounds import bookchanges, rules, selectors
from greenportal.rounds.booktypes import CAPPINGS, WEIGHTINGS
from greenportal.rounds.forms import PrepareForm
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.rulebook import EvaluationTable, Rulebook
from greenportal.rounds.views.shared import Listing, clock_table, listing

SIGNED_IN = tuple(role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS})
COLOURS = {"open": "green", "preparing": "amber", "closed": ""}
CUTOFF = "nominations.hand_in"


@require_safe
@roles(*SIGNED_IN)
def index(request: HttpRequest) -> HttpResponse:
    """The rounds that the actor may see; the city lead prepares a new one from here."""
    actor = actor_of(request)
    table = listing("年度批次", "年度", "名称", "状态", "启动时间")
    for row in selectors.visible_to(actor):
        table.add(
            str(row.year),
            {"text": row.name, "url": reverse("rounds:detail", args=[row.pk])},
            {"text": row.get_state_display(), "tag": True, "colour": COLOURS[row.state]},
            clock.spoken(row.opened_at) if row.opened_at else "未启动",
        )
    context = {"table": table, "may_lead": bool(rules.may_lead(actor))}
    if context["may_lead"]:
        context["form"] = PrepareForm()
    return render(request, "rounds/index.html", context)


@require_safe
@roles(*SIGNED_IN)
def detail(request: HttpRequest, round_id: int) -> HttpResponse:
    """One round: what is due when, who got longer, which revision is in force."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    book, revision = selectors.rulebook_at(row.pk)
    district = actor.authority_id if actor.is_district else None
    clocks = selectors.clocks(round_id=row.pk, book=book, authority_id=district, at=clock.now())
    context = {
        "round": row,
        "book": book,
        "revision": revision,
        "clocks": clock_table(clocks),
        "extensions": _extensions(request, row.pk, may_lead=bool(rules.may_extend(actor, row.state))),
        "cutoffs": _cutoffs(row.pk) if actor.is_city else None,
        "revisions": _revisions(row.pk),
        "may_revise": bool(rules.may_revise(actor, row.state)),
        "may_open": bool(rules.may_open(actor, row.state)),
        "may_close": bool(rules.may_close(actor, row.state)),
        "may_extend": bool(rules.may_extend(actor, row.state)),
        "may_cut_off": bool(
            actor.is_district
            and actor.authority_id
            and rules.may_set_deadline(actor, authority_id=actor.authority_id, state=row.state)
        ),
        "colour": COLOURS[row.state],
    }
    return render(request, "rounds/detail.html", context)


def _extensions(request: HttpRequest, round_id: int, *, may_lead: bool) -> Listing:
    table = listing("延期", "事项", "区市县", "延至", "文号", "理由", "办理人", "状态")
    rows = selectors.extensions_visible_to(actor_of(request)).filter(deadline__round_id=round_id)
    for row in rows.order_by("-granted_at", "-pk"):
        state = f"{clock.spoken(row.revoked_at)}由{row.revoked_by}撤销" if row.revoked_at else "有效"
        cell: dict[str, str] = {"text": state}
        if may_lead and row.revoked_at is None:
            cell = {"text": "撤销", "url": reverse("rounds:revoke", args=[row.pk])}
        table.add(
            row.deadline.label,
            str(row.authority),
            clock.spoken(row.until),
            row.document_no,
            row.reason,
            str(row.granted_by),
            cell,
        )
    return table


def _cutoffs(round_id: int) -> Listing:
    table = listing("各区市县自行设定的申报截止时间", "区市县", "事项", "截止时间")
    for row in selectors.district_deadlines(round_id):
        table.add(str(row.authority), row.label, clock.spoken(row.closes_at))
    return table


def _revisions(round_id: int) -> Listing:
    table = listing("修订记录", "修订号", "时间", "说明", "文件", "办理人", "内容")
    for row in selectors.revisions(round_id):
        document: str | dict[str, str] = ""
        if row.document is not None:
            document = {"text": row.document.name, "url": reverse("files:download", args=[row.document_id])}
        changes = {"text": "查看修改", "url": reverse("rounds:revision", args=[round_id, row.number])}
        table.add(
            str(row.number),
            clock.spoken(row.created_at),
            row.reason,
            document,
            str(row.created_by or ""),
            changes if row.number > 1 else "首版",
        )
    return table


@require_safe
@roles(*SIGNED_IN)
def book(request: HttpRequest, round_id: int) -> HttpResponse:
    """The rulebook of a round as people read it: every value with clause, source and confidence."""
    row = selectors.visible_round(actor_of(request), round_id)
    found, revision = selectors.rulebook_at(row.pk)
    context = {"round": row, "book": found, "revision": revision, "tables": book_tables(found)}
    return render(request, "rounds/rulebook.html", context)


def book_tables(found: Rulebook) -> list[Listing]:
    """Return the parts of a rulebook as tables, in the order of the notice."""
    return [
        _times(found),
        _numbers(found),
        _rules(found),
        _documents(found),
        _windows(found),
        _benchmarks(found),
        *evaluation_listings(found),
        _duties(found),
    ]


def _times(found: Rulebook) -> Listing:
    table = listing("期限", "事项", "通知原文", "截止时间", "依据", "来源", "可信度")
    for spec in found.deadlines.values():
        table.add(
            spec.label, spec.printed, clock.spoken(spec.closes_at), spec.clause, spec.source, spec.confidence.label
        )
    return table


def _numbers(found: Rulebook) -> Listing:
    table = listing("数值", "项目", "数值", "依据", "来源", "可信度")
    for item in bookchanges.editables(found):
        if item.kind == "number":
            spec = found.numbers[item.path.split("|")[1]]
            table.add(spec.label, f"{spec.value}{spec.unit}", spec.clause, spec.source, spec.confidence.label)
    cap = found.cap_rule
    counted = "、".join(found.categories[key].label for key in cap.counts)
    table.add("同一法人评价项目上限", f"{cap.limit}项（{counted}合计）", cap.clause, cap.source, cap.confidence.label)
    return table


def _rules(found: Rulebook) -> Listing:
    table = listing("核查规则", "规则", "内容", "不符合时", "适用类别", "依据", "来源", "可信度")
    for spec in found.rules.values():
        severity = spec.severity.label + ("（依据未核对，只作提醒）" if spec.lowered else "")
        categories = "、".join(found.categories[key].label for key in spec.categories) or "全部类别"
        table.add(
            f"{spec.title}（{spec.id}）",
            spec.text,
            severity,
            categories,
            spec.clause,
            spec.source,
            spec.confidence.label,
        )
    return table


def _documents(found: Rulebook) -> Listing:
    required = {"hard": "必须", "soft": "应附", "no": "可附"}
    table = listing("申报材料", "材料", "类别", "要求", "签字", "盖章", "依据", "来源", "可信度")
    for slot in found.slots.values():
        categories = "、".join(found.categories[key].label for key in slot.categories)
        table.add(
            slot.label,
            categories,
            required[slot.required],
            "、".join(slot.signatures),
            "、".join(slot.seals),
            slot.clause,
            slot.source,
            slot.confidence.label,
        )
    return table


METHODS = {"weighted": "一级指标加权", "sum": "各项得分相加", "index": "与引领值的比值"}


def _method(table: EvaluationTable) -> str:
    """Return how a table computes; of an index also which of the two readings is set, and by whom."""
    if table.method != "index":
        return METHODS[table.method]
    capped = CAPPINGS["yes" if table.cap_ratio else "no"]
    who = table.reading_source or "规则书的初始设定"
    return f"{METHODS[table.method]}，{WEIGHTINGS[table.weighting]}，比值大于1时{capped}（{who}）"


def evaluation_listings(found: Rulebook) -> list[Listing]:
    """Return the evaluation tables: one line each."""
    table = listing("评价指标表", "名称", "适用类别", "标准或体系", "计算方式", "一级指标", "指标数", "来源", "可信度")
    for row in found.evaluation_tables.values():
        system = found.supply_systems.get(row.system)
        groups = "、".join(
            f"{g.label}{g.weight.normalize():f}" if g.weight is not None else g.label for g in row.groups.values()
        )
        table.add(
            row.label,
            found.categories[row.category].label,
            "、".join(row.standards) or (system.label if system else "通用"),
            _method(row),
            groups or "未录入",
            str(len(row.items)) if row.items else "未录入",
            row.source,
            row.confidence.label,
        )
    return [table]


def _windows(found: Rulebook) -> Listing:
    table = listing("回溯期", "名称", "起", "止", "人工判断自", "依据", "来源", "可信度")
    for spec in found.windows.values():
        doubtful = clock.spoken_date(spec.doubtful_from) if spec.doubtful_from else ""
        table.add(
            spec.label,
            clock.spoken_date(spec.start),
            clock.spoken_date(spec.end),
            doubtful,
            spec.clause,
            spec.source,
            spec.confidence.label,
        )
    return table


def _benchmarks(found: Rulebook) -> Listing:
    table = listing("能效标杆值", "条目", "产品或工序", "行业代码", "标杆值", "基准值", "文件", "来源", "可信度")
    for row in found.benchmarks:
        held = f"{row.benchmark}{row.unit}" if row.benchmark is not None else "未收录"
        floor = f"{row.baseline}{row.unit}" if row.baseline is not None else ""
        document = found.benchmark_documents[row.document].document_no
        table.add(
            row.key, row.product, "、".join(row.industry_codes), held, floor, document, row.source, row.confidence.label
        )
    return table


def _duties(found: Rulebook) -> Listing:
    table = listing("其他要求", "事项", "内容", "依据")
    for spec in found.duties.values():
        table.add(spec.label, spec.text, spec.clause)
    return table


@require_safe
@roles(*SIGNED_IN)
def revision(request: HttpRequest, round_id: int, number: int) -> HttpResponse:
    """What one revision changed: before and after."""
    row = selectors.visible_round(actor_of(request), round_id)
    pair = list(RoundRevision.objects.filter(round=row, number__in=[number - 1, number]).order_by("number"))
    if len(pair) != 2:
        raise NotVisible
    table = listing(f"第{number}次修订的内容", "项目", "修改前", "修改后")
    for change in bookchanges.difference(selectors.book_of(pair[0]), selectors.book_of(pair[1])):
        table.add(change.label, change.before, change.after)
    return render(request, "rounds/revision.html", {"round": row, "revision": pair[1], "table": table})
