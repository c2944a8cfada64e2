"""A section: shown, saved with or without script, conflicts shown with both texts, rows added and removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from greenportal import clock
from greenportal.accounts.http import actor_of
from greenportal.accounts.views.resume import to_sign_in
from greenportal.filings import services
from greenportal.filings.selectors.reading import sheets_of
from greenportal.filings.selectors.tasks import Status, task_status
from greenportal.filings.services.saving import Conflict
from greenportal.filings.services.starting import new_row_id
from greenportal.filings.views import state
from greenportal.filings.views.autosave import remember_saved
from greenportal.filings.views.desk import Desk, desk_for, live, opened, render_section
from greenportal.findings.types import DomainError, NotVisible, Stale
from greenportal.sheets import Level, Section, validate
from greenportal.sheets.forms import SheetForm, bound_to_stored, build_form
from greenportal.sheets.paths import input_name
from greenportal.sheets.printing import text_of

NOT_SAVED = "刚才的内容没有保存，原因见下。您填写的内容列在本页，可以复制保留。"


@require_http_methods(["GET", "HEAD", "POST"])
def section_page(request: HttpRequest, filing_id: int, section: str) -> HttpResponseBase:
    """Show a section to fill in; on POST store what changed and go on."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    if request.method == "POST":
        desk = _drawn(desk_for(actor, filing_id), request)
        return _post(request, desk, desk.section(section))
    desk = opened(actor, filing_id)
    part = desk.section(section)
    if not desk.editable:
        return HttpResponseRedirect(reverse("filings:check", args=[filing_id]))
    return render_section(request, desk, part, _form(desk, part, fix=request.GET.get("fix") == "1"))


def _drawn(desk: Desk, request: HttpRequest) -> Desk:
    """Return the desk under the form that the page showed, so that what was typed there can be read and given back."""
    shown = state.form_of(request.POST)
    if shown in ("", desk.filing.definition_sha256):
        return desk
    known = sheets_of([shown]).get(shown)
    return replace(desk, sheet=known) if known and known.key == desk.sheet.key else desk


def _form(desk: Desk, part: Section, *, fix: bool) -> SheetForm:
    make = bound_to_stored if fix else build_form
    return make(desk.sheet, part.key, desk.filing.answers, readonly=desk.readonly, settled=desk.settled)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the pressed button asks for beside saving."""

    later: bool
    add: str
    remove: str
    done: str

    @classmethod
    def of(cls, request: HttpRequest) -> _Wish:
        data = request.POST
        return cls(
            later=data.get("_later") == "1",
            add=data.get("_add", ""),
            remove=data.get("_remove", ""),
            done=data.get("_done", ""),
        )


def _post(request: HttpRequest, desk: Desk, part: Section) -> HttpResponseBase:
    posted = state.read(desk.sheet, part, desk.filing, request.POST)
    wish = _Wish.of(request)
    changes = {**posted.changes, **_rows(desk, part, wish)}
    conflicts: list[Conflict] = []
    try:
        try:
            _save(desk, posted, changes)
        except Stale as stale:
            conflicts = stale.current
            moved = {row.path for row in conflicts}
            _save(desk, posted, {path: value for path, value in changes.items() if path not in moved})
    except NotVisible:
        raise
    except DomainError as refused:
        return _refused(request, desk, part, posted, refused)
    fresh = desk_for(desk.actor, desk.filing.pk)
    if conflicts:
        return _conflict(request, fresh, part, conflicts)
    response = _after(request, fresh, part, wish)
    if isinstance(response, HttpResponseRedirect) and not wish.remove:
        _tell(request, fresh, part)
    remember_saved(response, f"{clock.local(clock.now()):%H:%M}")
    return response


def _tell(request: HttpRequest, desk: Desk, part: Section) -> None:
    """Say on the page that follows what the rules found wrong in the section just saved."""
    for finding in live(desk.actor, desk.owner, desk.filing, part).wrong:
        messages.warning(request, f"“{part.title}”已保存。{finding.title}：{finding.because}（{finding.clause}）")


def _save(desk: Desk, posted: state.Posted, changes: dict[str, Any]) -> None:
    services.save(
        filing_id=desk.filing.pk,
        seen_version=posted.seen_version,
        changes=changes,
        actor=desk.actor,
        client=posted.client,
        definition=posted.definition,
    )


def _rows(desk: Desk, part: Section, wish: _Wish) -> dict[str, Any]:
    """Return the change that 删除 asks for; 增加 makes its row when the page is drawn again."""
    key, _, row = wish.remove.partition("__")
    free = any(table.key == key and not table.fixed for table in part.tables)
    return {f"{key}[{row}]": None} if free and row.isalnum() and row.isascii() else {}


def _after(request: HttpRequest, desk: Desk, part: Section, wish: _Wish) -> HttpResponse:
    """Decide where a stored section goes: the same page for rows and errors, else onward."""
    here = reverse("filings:section", args=[desk.filing.pk, part.key])
    back = "?back=check" if request.GET.get("back") == "check" else ""
    if wish.remove:
        return HttpResponseRedirect(f"{here}{back}")
    if wish.add:
        return _with_new_row(request, desk, part, wish.add)
    home = HttpResponseRedirect(reverse("filings:sheet", args=[desk.filing.pk]))
    if wish.later:
        messages.success(request, f"“{part.title}”已保存。")
        return home
    if wish.done in {"yes", "no"}:
        problems = [
            row for row in validate(desk.sheet, desk.filing.answers, section=part.key) if row.level != Level.SOFT
        ]
        if wish.done == "yes" and problems:
            form = _form(desk, part, fix=True)
            return render_section(request, desk, part, form, status=422)
        _confirm(desk, part, done=wish.done == "yes")
    form = build_form(
        desk.sheet,
        part.key,
        desk.filing.answers,
        bound_data(desk, part),
        readonly=desk.readonly,
        settled=desk.settled,
    )
    if not form.is_valid() and wish.done != "no":
        return render_section(request, desk, part, form, status=422)
    if back:
        return HttpResponseRedirect(reverse("filings:check", args=[desk.filing.pk]))
    following = _next(desk, part)
    return HttpResponseRedirect(reverse("filings:section", args=[desk.filing.pk, following])) if following else home


def _confirm(desk: Desk, part: Section, *, done: bool) -> None:
    services.confirm_section(filing_id=desk.filing.pk, section=part.key, done=done, actor=desk.actor)
    desk.filing.refresh_from_db(fields=["done_sections"])


def bound_data(desk: Desk, part: Section) -> dict[str, Any]:
    """Return the stored answers as the form's data, so that what is stored but unusable is named."""
    blank = build_form(desk.sheet, part.key, desk.filing.answers)
    return {name: blank.initial[name] for name in blank.fields}


def _next(desk: Desk, part: Section) -> str:
    """Return the first later section that is not finished, or "" when none is."""
    rows = task_status(desk.filing)
    keys = [row.key for row in rows]
    after = keys.index(part.key) + 1 if part.key in keys else 0
    return next((row.key for row in rows[after:] if row.status not in {Status.DONE, Status.NOT_YET}), "")


def _with_new_row(request: HttpRequest, desk: Desk, part: Section, key: str) -> HttpResponse:
    """Draw the page with one more empty row; it is stored when something is written in it."""
    table = next((item for item in part.tables if item.key == key and not item.fixed), None)
    answers = dict(desk.filing.answers)
    if table is not None and len(answers.get(key) or []) < table.max_rows:
        answers[key] = [*(answers.get(key) or []), {"_id": new_row_id()}]
    form = build_form(desk.sheet, part.key, answers, readonly=desk.readonly, settled=desk.settled)
    return render_section(request, desk, part, form)


def _refused(
    request: HttpRequest, desk: Desk, part: Section, posted: state.Posted, refused: DomainError
) -> HttpResponse:
    """Say why nothing was stored and show everything that was typed, to be kept."""
    rows = [{"label": label, "value": text} for label, text in typed_texts(desk, part, posted.changes)]
    context = {**desk.context(), "section": part, "problem": refused, "rows": rows, "notice": NOT_SAVED}
    return render(request, "filings/not_saved.html", context, status=refused.status)


def typed_texts(desk: Desk, part: Section, changes: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (label, text) of each change, in the order of the form."""
    form = build_form(desk.sheet, part.key, desk.filing.answers)
    found = []
    for path, value in changes.items():
        name = input_name(path)
        spec = form.specs.get(name)
        label = str(form.fields[name].label) if name in form.fields else path
        found.append((label, text_of(spec, value) if spec else str(value)))
    return found


def _conflict(request: HttpRequest, desk: Desk, part: Section, conflicts: list[Conflict]) -> HttpResponse:
    """Show both texts; the rest is stored. Either is kept with one press."""
    rows = [
        {"name": input_name(row.path), "mine": row.mine, "theirs": row.theirs, "label": row.label, "by": row.by}
        for row in conflicts
    ]
    context = {
        **desk.context(),
        "section": part,
        "conflicts": rows,
        "client": state.new_client(),
        "base": state.base_of(desk.sheet, part, desk.filing.answers),
    }
    return render(request, "filings/conflict.html", context, status=409)
