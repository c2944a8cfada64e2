"""Pages of the city lead: prepare, change, open and close a round, longer time; and a district's own cut-off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.files import services as files
from greenportal.findings.types import NotVisible
from greenportal.rounds import bookchanges, rules, selectors, services
from greenportal.rounds.forms import (
    CloseForm,
    CutoffForm,
    ExtensionForm,
    PrepareForm,
    ReviseForm,
    RevokeForm,
    ServiceForm,
    VersionForm,
)
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import MAY_REFUSE, Sourced
from greenportal.rounds.services.standards import KIND
from greenportal.rounds.views.reading import CUTOFF
from greenportal.rounds.views.shared import attempt, clock_table, listing, posted


@require_POST
@roles(Role.CITY_LEAD)
def prepare(request: HttpRequest) -> HttpResponse:
    """Make a round in preparation from a rulebook."""
    form = PrepareForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: services.prepare_round(
                actor=actor_of(request), rulebook_key=data["rulebook_key"], name=data["name"]
            ),
        )
        if made is not None:
            messages.success(request, "批次已按规则书准备好。核对日期和数值后再启动。")
            return redirect("rounds:detail", made.pk)
    return render(request, "rounds/form.html", {"form": form, "title": "准备年度批次", "submit": "准备批次"})


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def revise(request: HttpRequest, round_id: int) -> HttpResponse:
    """Change dates and numbers: freely before opening, with document and reason afterwards."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    rules.may_revise(actor, row.state).require()
    editables = bookchanges.editables(selectors.rulebook_at(row.pk)[0])
    options: dict[str, Any] = {"editables": editables, "in_force": row.state == Round.State.OPEN}
    if request.method == "POST":
        form = ReviseForm(request.POST, request.FILES, **options)
        if form.is_valid() and _revised(request, row, form):
            messages.success(request, "已保存修改，新的规则从现在起适用。")
            return redirect("rounds:detail", row.pk)
    else:
        form = ReviseForm(initial={"version": row.version}, **options)
    context = {"form": form, "round": row, "title": "修改日期和数值", "submit": "保存修改"}
    return render(request, "rounds/form.html", context)


def _revised(request: HttpRequest, row: Round, form: ReviseForm) -> bool:
    actor, data = actor_of(request), form.cleaned_data

    def act() -> object:
        document = None
        if upload := data.get("document"):
            document = files.receive(actor=actor, upload=upload, kind=KIND, accept={"pdf"})
        return services.revise(
            actor=actor,
            round_id=row.pk,
            seen_version=data["version"],
            changes=form.changes(),
            reason=data["reason"],
            document_id=str(document.pk) if document else None,
            document_title=data.get("document_title", ""),
        )

    return attempt(form, act) is not None


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def open_round(request: HttpRequest, round_id: int) -> HttpResponse:
    """Check the answers once more, then open: districts can work from now on."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    form = VersionForm(posted(request), initial={"version": row.version})
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        if attempt(form, lambda: services.open_round(actor=actor, round_id=row.pk, seen_version=version)) is not None:
            messages.success(request, "批次已启动，各区市县可以开始办理。")
            return redirect("rounds:detail", row.pk)
    book = selectors.rulebook_at(row.pk)[0]
    clocks = selectors.clocks(round_id=row.pk, book=book, authority_id=None, at=clock.now())
    unsure = listing("尚未核实的值", "项目", "来源", "可信度")
    labelled: list[tuple[str, Sourced]] = [(spec.label, spec) for spec in book.deadlines.values()]
    labelled += [(window.label, window) for window in book.windows.values()]
    for label, item in labelled:
        if item.confidence not in MAY_REFUSE:
            unsure.add(label, item.source, item.confidence.label)
    context = {"form": form, "round": row, "book": book, "clocks": clock_table(clocks), "unsure": unsure}
    context["past"] = [c for c in clocks if c.state.closes_at and c.state.closes_at <= clock.now()]
    return render(request, "rounds/open.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def close(request: HttpRequest, round_id: int) -> HttpResponse:
    """End a round with a reason."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    form = CloseForm(posted(request), initial={"version": row.version})

    def act() -> object:
        data = form.cleaned_data
        return services.close_round(actor=actor, round_id=row.pk, seen_version=data["version"], reason=data["reason"])

    if request.method == "POST" and form.is_valid() and attempt(form, act) is not None:
        messages.success(request, "批次已结束。")
        return redirect("rounds:detail", row.pk)
    return _form_page(request, row, form, "结束批次", "结束批次")


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def extend(request: HttpRequest, round_id: int) -> HttpResponse:
    """Grant one district longer time."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    book = selectors.rulebook_at(row.pk)[0]
    form = ExtensionForm(posted(request), keys=[(key, spec.label) for key, spec in book.deadlines.items()])

    def act() -> object:
        data = form.cleaned_data
        return services.grant_extension(
            actor=actor,
            round_id=row.pk,
            key=data["key"],
            authority_id=data["authority"].pk,
            until=data["until"],
            document_no=data["document_no"],
            reason=data["reason"],
        )

    if request.method == "POST" and form.is_valid() and attempt(form, act) is not None:
        messages.success(request, "延期已办理，该区市县立即可以继续报送。")
        return redirect("rounds:detail", row.pk)
    return _form_page(request, row, form, "办理延期", "办理延期")


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def revoke(request: HttpRequest, extension_id: int) -> HttpResponse:
    """Take an extension back."""
    actor = actor_of(request)
    extension = selectors.extensions_visible_to(actor).filter(pk=extension_id).first()
    if extension is None:
        raise NotVisible
    form = RevokeForm(posted(request))

    def act() -> object:
        return services.revoke_extension(actor=actor, extension_id=extension_id, reason=form.cleaned_data["reason"])

    row = extension.deadline.round
    if request.method == "POST" and form.is_valid() and attempt(form, act) is not None:
        messages.success(request, "延期已撤销。")
        return redirect("rounds:detail", row.pk)
    title = f"撤销{extension.authority}的延期"
    return _form_page(request, row, form, title, "撤销延期")


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
def cut_off(request: HttpRequest, round_id: int) -> HttpResponse:
    """A district sets the end for its own applicants, never later than the city's."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    authority_id = actor.authority_id or 0
    present = selectors.window(round_id=row.pk, key=CUTOFF, authority_id=authority_id, at=clock.now())
    form = CutoffForm(posted(request), initial={"closes_at": present.closes_at})

    def act() -> object:
        return services.set_deadline(
            actor=actor,
            round_id=row.pk,
            key=CUTOFF,
            authority_id=authority_id,
            closes_at=form.cleaned_data["closes_at"],
        )

    if request.method == "POST" and form.is_valid() and attempt(form, act) is not None:
        messages.success(request, "已设定本地区的申报截止时间。")
        return redirect("rounds:detail", row.pk)
    return _form_page(request, row, form, "设定本地区申报截止时间", "保存")


def _form_page(request: HttpRequest, row: Round, form: ServiceForm, title: str, submit: str) -> HttpResponse:
    return render(request, "rounds/form.html", {"form": form, "round": row, "title": title, "submit": submit})
