"""The district's list: order, opinions, 定稿, packet, seal, submission, receipt."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import Invalid, NotVisible, WrongState
from greenportal.jobs.models import Job
from greenportal.rounds.selectors import rulebook_at, window
from nominations.constants import CLOCK_SUBMIT, FILE_SCAN, Category
from nominations.forms.base import whole
from nominations.forms.district import FinaliseForm, ScanForm
from nominations.forms.nomination import ReasonForm
from nominations.models import ListEntry, ListVersion, Nomination, RecommendationList, SealScan, Submission
from nominations.selectors.board import board, nominations_of
from nominations.selectors.listing import columns_of, row_texts
from nominations.selectors.nominations import lists_visible_to
from nominations.services import finalising, packets, ranking, sealing, submitting
from nominations.states import ListState, NominationState
from nominations.views.district import DISTRICT, current_round, own_authority
from nominations.views.shared import STATE_COLOURS, answered, done, kept, version_of

#: Why no scan is taken now, where the list is still with its district.
_NO_SCAN: dict[str, str] = {
    ListState.DRAFTING: "推荐汇总表定稿后才能上传盖章件。",
    ListState.SEALED: "盖章件已核对，可以由负责人报送。需要更换的，请先撤销定稿。",
}


def get_list(request: HttpRequest, list_id: int) -> RecommendationList:
    """Return one list the actor may see, with its relations."""
    rows = lists_visible_to(actor_of(request)).select_related("authority", "round", "current__revision")
    found = rows.filter(pk=list_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*DISTRICT)
@require_GET
def my_list(request: HttpRequest) -> HttpResponse:
    """The district's list of the open round; made when the district began its first nomination."""
    actor = actor_of(request)
    year = current_round()
    found = lists_visible_to(actor).filter(round=year, authority_id=own_authority(actor)).first()
    if found is None:
        return done(request, "还没有申报，建立第一项申报后即可编制推荐汇总表。", "nominations:board")
    return redirect("nominations:list", found.pk)


@roles(*DISTRICT)
@require_GET
def show(request: HttpRequest, list_id: int) -> HttpResponse:
    """The list with its steps: rank, finalise, packet, seal, submit."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    year = row.round_id
    found = board(actor, round_id=year, authority_id=row.authority_id)
    state = window(round_id=year, key=CLOCK_SUBMIT, authority_id=row.authority_id, at=clock.now())
    version = row.current
    context: dict[str, Any] = {
        "list": row,
        "colour": STATE_COLOURS.get(row.state, ""),
        "window": state,
        "closes": clock.spoken(state.closes_at) if state.closes_at else "",
        "parts": _ranked(actor, row),
        "waiting": found.waiting,
        "version": version,
        "entries": _entries(version),
        "packet": _packet(version),
        "job": _job(version),
        "scans": SealScan.objects.filter(list_version=version).select_related("file", "uploaded_by").order_by("-pk")
        if version
        else [],
        "submission": Submission.objects.filter(list=row).first(),
        "is_lead": actor.role == "district_lead",
        "steps": _steps(row),
        "versions": row.versions.order_by("-number"),
    }
    return render(request, "nominations/list.html", context)


@roles(*DISTRICT)
@require_GET
def packet_part(request: HttpRequest, list_id: int) -> HttpResponse:
    """The packet's part of the list page: asked again by itself while it is being made, so it ends with the ZIP."""
    row = get_list(request, list_id)
    context = {"list": row, "packet": _packet(row.current), "job": _job(row.current)}
    response = render(request, "nominations/packet_part.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _ranked(actor: Actor, row: RecommendationList) -> list[tuple[str, list[Nomination]]]:
    """Checked nominations by category in their present order. One query."""
    found = nominations_of(actor, round_id=row.round_id, authority_id=row.authority_id)
    checked = found.filter(state=NominationState.CHECKED).select_related("subject", "applicant", "industry")
    parts: dict[str, list[Nomination]] = {}
    for nomination in checked:
        parts.setdefault(str(nomination.get_category_display()), []).append(nomination)
    return list(parts.items())


Frozen = tuple[str, tuple[tuple[str, str], ...], list[tuple[int, tuple[str, ...]]]]


def _entries(version: ListVersion | None) -> list[Frozen]:
    """The frozen rows by category: label, columns, and for each entry its place and its cells as printed."""
    if version is None:
        return []
    rulebook, _ = rulebook_at(version.list.round_id)
    rows = list(ListEntry.objects.filter(list_version=version).order_by("category", "position"))
    return [
        (
            str(category.label),
            columns_of(rulebook, category.value),
            [(e.position, row_texts(rulebook, category.value, e.printed)) for e in rows if e.category == category],
        )
        for category in Category
        if any(e.category == category for e in rows)
    ]


def _packet(version: ListVersion | None) -> Any:
    return getattr(version, "packet", None) if version else None


def _job(version: ListVersion | None) -> Job | None:
    packet = _packet(version)
    return Job.objects.filter(pk=packet.job_id).first() if packet and packet.job_id else None


def _steps(row: RecommendationList) -> list[tuple[str, str]]:
    """The five steps with 已完成 / 当前 / 未开始."""
    order = [ListState.DRAFTING, ListState.FINALISED, ListState.SEALED, ListState.SUBMITTED, ListState.ACCEPTED]
    labels = ["排序并定稿", "生成材料、盖章", "负责人报送", "市局核对", "市局已接收"]
    state = ListState.SUBMITTED if row.state == ListState.PARTLY_RETURNED else ListState(row.state)
    at = order.index(state)
    return [(label, "已完成" if i < at else "当前" if i == at else "未开始") for i, label in enumerate(labels)]


@roles(*DISTRICT)
@require_POST
def rank(request: HttpRequest, list_id: int) -> HttpResponse:
    """Move one nomination up or down, or set the whole order of a category from typed numbers."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    if "up" in request.POST or "down" in request.POST:
        up = "up" in request.POST
        text = request.POST["up" if up else "down"]
        ranking.shift(actor=actor, nomination_id=whole(text), up=up)
        return redirect("nominations:list", row.pk)
    category = request.POST.get("category", "")
    typed = {key[5:]: str(value) for key, value in request.POST.items() if key.startswith("rank-")}
    order = sorted(
        (whole(pk) for pk in typed if whole(pk)),
        key=lambda pk: (whole(typed[str(pk)]) or 10**6, pk),
    )
    ranking.set_order(actor=actor, list_id=row.pk, category=category, nomination_ids=order)
    return done(request, "排序已保存。", "nominations:list", row.pk)


@roles(*DISTRICT)
def finalise(request: HttpRequest, list_id: int) -> HttpResponse:
    """定稿: what will be frozen, the head of 附件1, and what refuses it."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    initial = {
        "version": row.version,
        "contact": row.contact or actor.name,
        "phone": row.phone,
        "filled_on": row.filled_on or clock.today(),
    }
    form = FinaliseForm(posted(request), initial=initial)
    stopping: list[tuple[Nomination, list[str]]] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def freeze() -> ListVersion:
            try:
                return finalising.finalise(
                    actor=actor,
                    list_id=row.pk,
                    seen_version=data["version"],
                    contact=data["contact"],
                    phone=data["phone"],
                    filled_on=data["filled_on"],
                )
            except Invalid as error:
                stopping.extend(_stopping(error))
                # What stops single nominations is listed above the form, each leading to its page.
                about_form = {key: texts for key, texts in error.errors.items() if not key.isdigit()}
                raise Invalid(error.message, errors=about_form) from error

        if form.run(freeze) is not None:
            return done(request, "已定稿，正在生成申报材料。", "nominations:list", row.pk)
    found = board(actor, round_id=row.round_id, authority_id=row.authority_id)
    context = {"list": row, "form": form, "stopping": stopping, "parts": _ranked(actor, row), "waiting": found.waiting}
    return answered(request, "nominations/finalise.html", context, form)


def _stopping(error: Invalid) -> list[tuple[Nomination, list[str]]]:
    """The nominations that refuse 定稿, each with its reasons."""
    named = Nomination.objects.select_related("subject").in_bulk([int(key) for key in error.errors if key.isdigit()])
    return [(named[int(key)], texts) for key, texts in error.errors.items() if key.isdigit() and int(key) in named]


@roles(*DISTRICT)
def reopen(request: HttpRequest, list_id: int) -> HttpResponse:
    """Void the finalised version, its packet and its seal, with a reason."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    form = ReasonForm(posted(request), initial={"version": row.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        result = form.run(
            lambda: finalising.reopen(actor=actor, list_id=row.pk, seen_version=data["version"], reason=data["reason"]),
        )
        if result is not None:
            return done(request, "已撤销定稿，原材料和盖章件作废。", "nominations:list", row.pk)
    context = {
        "list": row,
        "form": form,
        "title": "撤销定稿",
        "submit": "确认撤销定稿",
        "lead": "撤销后，已生成的申报材料和盖章件作废，须重新定稿、打印和盖章。",
    }
    return answered(request, "nominations/list_form.html", context, form)


@roles(*DISTRICT)
@require_POST
def build(request: HttpRequest, list_id: int) -> HttpResponse:
    """Ask for the packet again: after a failure, or when it was cancelled."""
    row = get_list(request, list_id)
    packet = packets.request_packet(actor=actor_of(request), list_id=row.pk)
    if packet.job_id:
        return redirect("jobs:progress", packet.job_id)
    return redirect("nominations:list", row.pk)


def told(scan: SealScan) -> str:
    """Return in words how a scan was matched."""
    return "二维码核对一致" if scan.method == SealScan.Method.CODE else "已按经办人声明登记"


@roles(*DISTRICT)
def seal(request: HttpRequest, list_id: int) -> HttpResponse:
    """The sealed scan comes back and is matched to the finalised version."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    if row.state != ListState.FINALISED:
        if request.method == "POST":
            raise WrongState("推荐汇总表不在待上传盖章件的状态，请刷新页面查看最新状态。")
        messages.info(request, _NO_SCAN.get(row.state, "推荐汇总表已报送，盖章件不再更换。"))
        return redirect("nominations:list", row.pk)
    form = ScanForm(posted(request), request.FILES or None, initial={"version": row.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def match() -> SealScan:
            file = kept(actor, data["file"], kind=FILE_SCAN, accept={"pdf", "image"})
            return sealing.seal(
                actor=actor,
                list_id=row.pk,
                seen_version=data["version"],
                file_id=file.pk,
                declared_reason=data["declared_reason"],
            )

        scan = form.run(match)
        if scan is not None:
            return done(request, f"盖章件{told(scan)}，可以由负责人报送。", "nominations:list", row.pk)
    context = {
        "list": row,
        "form": form,
        "title": "上传盖章件",
        "submit": "上传并核对",
        "lead": "上传推荐汇总表的盖章扫描件。系统读取页面二维码，核对是否与定稿版本一致。",
    }
    return answered(request, "nominations/list_form.html", context, form)


@roles(*DISTRICT)
def submit(request: HttpRequest, list_id: int) -> HttpResponse:
    """Check answers, then submit to the city; pressing twice gives the same receipt.

    Outside the window a press is answered by the page itself (409); a receipt of before is still given.
    """
    actor = actor_of(request)
    row = get_list(request, list_id)
    state = window(round_id=row.round_id, key=CLOCK_SUBMIT, authority_id=row.authority_id, at=clock.now())
    if request.method == "POST" and (state.open or Submission.objects.filter(list=row).exists()):
        submitting.submit(actor=actor, list_id=row.pk, seen_version=version_of(request))
        return redirect("nominations:receipt", row.pk)
    version = row.current
    context = {
        "list": row,
        "version": version,
        "entries": _entries(version),
        "scans": SealScan.objects.filter(list_version=version).select_related("file", "uploaded_by") if version else [],
        "closes": clock.spoken(state.closes_at) if state.closes_at else "",
        "window": state,
        "early": state.opens_at is not None and clock.now() < state.opens_at,
        "opens": clock.spoken(state.opens_at) if state.opens_at else "",
        "has_errors": request.method == "POST",
    }
    return render(request, "nominations/submit.html", context, status=409 if request.method == "POST" else 200)


@roles(*DISTRICT)
@require_GET
def receipt(request: HttpRequest, list_id: int) -> HttpResponse:
    """The receipt: the same for ever."""
    row = get_list(request, list_id)
    found = submitting.receipt(actor=actor_of(request), list_id=row.pk)
    rulebook, _ = rulebook_at(row.round_id)
    context = {
        "list": row,
        "submission": found,
        "at": f"{clock.local(found.received_at):%Y-%m-%d %H:%M:%S}（北京时间 +08:00）",
        "copies": rulebook.copies,
        "count": ListEntry.objects.filter(list_version=found.list_version).count(),
    }
    return render(request, "nominations/receipt.html", context)
