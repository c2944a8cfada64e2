"""What every page of a filing starts from, and how a section's page is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings import registry
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors import filing_for, task_status, worded_sheet
from greenportal.filings.selectors.changes import form_change
from greenportal.filings.selectors.glyphs import unprintable
from greenportal.filings.selectors.reading import comments_of
from greenportal.filings.selectors.tasks import Status
from greenportal.filings.services.keeping import locked_in, readonly_for
from greenportal.filings.services.locking import LOCKED
from greenportal.filings.views import state
from greenportal.findings.types import Finding, NotVisible, Outcome, Verdict, denied
from greenportal.sheets import Section, Settled, Sheet
from greenportal.sheets.forms import SheetForm
from greenportal.sheets.paths import input_name


@dataclass(frozen=True)
class Desk:
    """What every page of a filing starts from: the row, its sheet, its owner and whether it may be changed.

    `readonly`: parties whose fields this actor sees and does not write.
    """

    actor: Actor
    filing: Filing
    sheet: Sheet
    owner: registry.Scope
    editable: Verdict
    readonly: frozenset[str] = frozenset()

    def context(self) -> dict[str, Any]:
        """Return what every template of a filing reads."""
        return {
            "filing": self.filing,
            "sheet": self.sheet,
            "editable": bool(self.editable),
            "why_not": self.editable.reason,
            "owner_url": self.owner.back_url(self.filing.scope_id),
            "owner_title": self.owner.title(self.filing.scope_id),
            "form_change": form_change(self.filing, self.sheet),
            "saved_at": f"{clock.local(self.filing.updated_at):%Y-%m-%d %H:%M}",
        }

    @cached_property
    def settled(self) -> Mapping[str, Settled]:
        """The fields that hold what the owner chose at another page; asked when a form or workbook is drawn."""
        return locked_in(self.filing, self.sheet)

    def section(self, key: str) -> Section:
        """Return the section of that key; NotVisible when the sheet has none."""
        found = next((item for item in self.sheet.sections if item.key == key), None)
        if found is None:
            raise NotVisible
        return found


@dataclass(frozen=True, slots=True)
class Live:
    """What the rules say of a section as it is stored now: what is wrong, what is open, how many are in order."""

    wrong: tuple[Finding, ...]
    manual: tuple[Finding, ...]
    met: int

    @property
    def any(self) -> bool:
        """True when a rule concerns the section."""
        return bool(self.wrong or self.manual or self.met)


def live(actor: Actor, owner: registry.Scope, filing: Filing, part: Section) -> Live:
    """Return what the owner's rules say of the section just saved; nothing is stored."""
    found = owner.check(actor, filing, part)
    return Live(
        wrong=tuple(f for f in found if f.outcome == Outcome.NOT_MET),
        manual=tuple(f for f in found if f.outcome == Outcome.MANUAL),
        met=sum(f.outcome == Outcome.MET for f in found),
    )


def opened(actor: Actor, filing_id: int) -> Desk:
    """Return the desk of a page that is opened to fill it in: first the form follows the definition in force (`follow`).

    No query beside those of `desk_for` but where its owner must look; what is sent from a page already open is
    judged by the form as that page showed it, and refused with all that was typed where the form moved on.
    """
    desk = desk_for(actor, filing_id)
    return desk_for(actor, filing_id) if desk.editable and desk.owner.follow(desk.filing) else desk


def desk_for(actor: Actor, filing_id: int) -> Desk:
    """Return the desk, or NotVisible."""
    filing = filing_for(actor, filing_id)
    owner = registry.scope(filing.scope)
    verdict = owner.edit(actor, filing.scope_id, filing.sheet_key)
    if verdict and filing.locked:
        verdict = denied(LOCKED)
    sheet = worded_sheet(filing)
    return Desk(actor, filing, sheet, owner, verdict, readonly_for(actor, filing, sheet))


def render_section(
    request: HttpRequest, desk: Desk, part: Section, form: SheetForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Draw the section's page around a form, with the remarks at their fields."""
    remarks: list[FieldComment] = []
    prefix = f"{desk.sheet.key}."
    for comment in comments_of(desk.filing):
        if desk.sheet.section_of(comment.path) == part:
            comment.answer_url = reverse("filings:comment", args=[desk.filing.pk, comment.pk])  # type: ignore[attr-defined]
            field = form.fields.get(input_name(comment.path.removeprefix(prefix)))
            if field is not None:
                field.comments.append(comment)  # type: ignore[attr-defined]
            else:
                remarks.append(comment)
    visible = [row for row in task_status(desk.filing) if row.status != Status.NOT_YET]
    keys = [row.key for row in visible]
    place = keys.index(part.key) + 1 if part.key in keys else 0
    context = {
        **desk.context(),
        "section": part,
        "form": form,
        "remarks": remarks,
        "client": more.pop("client", "") or state.new_client(),
        "base": state.base_of(desk.sheet, part, desk.filing.answers),
        "done": part.key in desk.filing.done_sections,
        "step": place,
        "steps": len(keys),
        "unprintable": unprintable(desk.sheet, desk.filing.answers, section=part.key),
        "back": request.GET.get("back", ""),
        "live": live(desk.actor, desk.owner, desk.filing, part),
        **more,
    }
    return render(request, "filings/section.html", context, status=status)
