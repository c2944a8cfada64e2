"""One way of bringing in lists: upload, look through, confirm. Used by every app that imports."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of
from greenportal.directory.forms import UploadForm, posted
from greenportal.directory.tables import Row, RowProblem
from greenportal.directory.workbooks import read_table
from greenportal.files import jail
from greenportal.files import services as files
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_file
from greenportal.findings.types import NotVisible

SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page tells before storing: counts by label, the rows that would change, rows to mend."""

    counts: Sequence[tuple[str, int]]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    problems: Sequence[RowProblem]
    changes: int


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One kind of list. `apply` gets actor, rows and the file's name and returns the sentence of success."""

    title: str
    kind: str
    headings: Mapping[str, Sequence[str]]
    required: Sequence[str]
    preview: Callable[[list[Row]], Shown]
    apply: Callable[[Actor, list[Row], str], str]
    back: str
    parent: str
    hints: Sequence[str] = field(default=())
    max_rows: int = jail.MAX_ROWS

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Return the column names with whether they must be there."""
        return [(spellings[0], key in self.required) for key, spellings in self.headings.items()]


def run(request: HttpRequest, page: ImportPage) -> HttpResponse:
    """Show the upload form, the look-through, or store and go back. Nothing is stored before the confirmation."""
    form = UploadForm(posted(request), request.FILES)
    if request.method == "POST" and "confirm" in request.POST:
        return _confirmed(request, page, form)
    if request.method == "POST":
        actor = actor_of(request)
        found = form.run(lambda: _received(actor, page, request)) if form.is_valid() else None
        if found is not None:
            return _shown(request, page, *found)
    return render(request, "directory/import.html", {"page": page, "form": form})


def _received(actor: Actor, page: ImportPage, request: HttpRequest) -> tuple[StoredFile, Shown]:
    file = files.receive(actor=actor, upload=request.FILES.get("file"), kind=page.kind, accept={"xlsx"})
    return file, page.preview(_rows(page, file))


def _rows(page: ImportPage, file: StoredFile) -> list[Row]:
    with files.open_path(file) as path:
        return read_table(path, headings=page.headings, required=page.required, max_rows=page.max_rows)


def _shown(request: HttpRequest, page: ImportPage, file: StoredFile, shown: Shown) -> HttpResponse:
    heads = [{"label": label} for label in shown.heads]
    rows = [
        {"cells": [{"label": label, "text": text} for label, text in zip(shown.heads, row, strict=True)]}
        for row in shown.rows[:SHOWN_ROWS]
    ]
    problems = [{"message": problem.message} for problem in shown.problems]
    context = {"page": page, "file": file, "shown": shown, "heads": heads, "rows": rows, "problems": problems}
    context |= {"has_errors": bool(problems), "left_out": max(0, len(shown.rows) - SHOWN_ROWS)}
    return render(request, "directory/import_preview.html", context)


def _confirmed(request: HttpRequest, page: ImportPage, form: UploadForm) -> HttpResponse:
    """Store what was looked through; the uploaded workbook is removed afterwards."""
    actor = actor_of(request)
    try:
        file = visible_file(actor, uuid.UUID(request.POST.get("file_id", "")))
    except ValueError as error:
        raise NotVisible from error
    if file.kind != page.kind:
        raise NotVisible
    form.is_valid()
    said = form.run(lambda: page.apply(actor, _rows(page, file), file.name))
    if said is None:
        return render(request, "directory/import.html", {"page": page, "form": form})
    files.delete(actor=actor, file=file)
    messages.success(request, said)
    return redirect(page.back)
