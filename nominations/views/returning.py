"""A return with remarks at fields: by the district to its applicant, by the city to the district."""

from __future__ import annotations

from typing import Any

from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse, QueryDict

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.findings.types import WrongState
from nominations.forms.nomination import CommentForm, ReturnForm
from nominations.models import Correction, Nomination
from nominations.selectors.content import contents
from nominations.selectors.nominations import get_visible
from nominations.services import returning
from nominations.services.returning import CommentDraft
from nominations.states import RETURNABLE
from nominations.views.district import DISTRICT
from nominations.views.shared import answered, done, problems_of

PREFIX = "c"
_ROWS, _MOST = 3, 60
_TYPED = ("path", "kind", "text", "clause")


def comment_places(nomination: Nomination) -> list[tuple[str, str]]:
    """Return every place a remark can stand at: (path, label), sheets in order, then documents."""
    content = contents([nomination.pk])[nomination.pk]
    places = []
    for part in content.sheets:
        for section in part.sheet.sections:
            named = [(f.key, f.label) for f in section.fields] + [(t.key, t.label) for t in section.tables]
            places += [(f"{part.key}.{key}", f"{part.sheet.title}／{label}") for key, label in named]
    slots = {d.slot: d.title or d.file.name for d in content.documents}
    return places + [(f"document:{slot}", f"材料／{title}") for slot, title in slots.items()]


@roles(*DISTRICT, Role.CITY_REVIEWER, Role.CITY_LEAD)
def return_one(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Return one nomination. "More" adds empty rows and keeps, unjudged, what was typed."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    if actor.is_city and nomination.state not in RETURNABLE:
        # Elsewhere the living answers are the applicant's: not even the names of its documents are shown.
        raise WrongState("这项申报不在待市局核对的状态，不能退回补正。请刷新页面查看最新状态。")
    places = comment_places(nomination)
    context: dict[str, Any] = {"nomination": nomination}
    data = posted(request)
    if data is not None and "more" in data:
        form, comments = _grown(data, places)
        return answered(request, "nominations/return.html", {**context, "form": form, "comments": comments})
    form = ReturnForm(data, initial={"version": nomination.version})
    comments = _formset(places)(_managed(data), prefix=PREFIX, form_kwargs={"places": places})
    if data is not None and _valid(form, comments):
        drafts = _drafts(comments, dict(places))
        result = form.run(lambda: _send_back(actor, nomination, form.cleaned_data, drafts))
        if result is not None:
            where = "nominations:city_nomination" if actor.is_city else "nominations:detail"
            return done(request, "已退回，相关单位会收到通知。", where, nomination.pk)
    problems = problems_of(comments.forms) if data is not None else []
    context |= {"form": form, "comments": comments, "problems": problems}
    return answered(request, "nominations/return.html", context, form)


def _formset(places: list[tuple[str, str]], *, extra: int = _ROWS) -> type[BaseFormSet[CommentForm]]:
    return formset_factory(CommentForm, extra=extra, max_num=_MOST, validate_max=True)


def _count(data: QueryDict) -> int:
    """How many rows the page had; a few when its hidden count is no number of ours."""
    text = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    return min(int(text), _MOST) if text.isascii() and text.isdigit() and len(text) <= 3 else _ROWS


def _managed(data: QueryDict | None) -> QueryDict | None:
    """The posted data with a count of rows that can be trusted: a spoilt hidden field costs nobody his text."""
    if data is None:
        return None
    sound = data.copy()
    sound[f"{PREFIX}-TOTAL_FORMS"] = str(_count(data))
    sound[f"{PREFIX}-INITIAL_FORMS"] = "0"
    return sound


def _grown(data: QueryDict, places: list[tuple[str, str]]) -> tuple[ReturnForm, BaseFormSet[CommentForm]]:
    """The same page with three rows more, not judged yet."""
    typed = {name: data.get(name, "") for name in ("version", "reason", "due_on")}
    rows = [{name: data.get(f"{PREFIX}-{at}-{name}", "") for name in _TYPED} for at in range(_count(data))]
    comments = _formset(places)(initial=rows, prefix=PREFIX, form_kwargs={"places": places})
    return ReturnForm(initial=typed), comments


def _valid(form: ReturnForm, comments: BaseFormSet[CommentForm]) -> bool:
    """Judge both parts, so that each shows its own messages."""
    verdicts = [form.is_valid(), comments.is_valid()]
    return all(verdicts)


def _drafts(comments: BaseFormSet[CommentForm], labels: dict[str, str]) -> list[CommentDraft]:
    rows = (row.cleaned_data for row in comments)
    return [
        CommentDraft(row["path"], labels[row["path"]], row["kind"], row["text"], row["clause"])
        for row in rows
        if row.get("path")
    ]


def _send_back(actor: Actor, nomination: Nomination, data: dict[str, Any], drafts: list[CommentDraft]) -> Correction:
    verb = returning.return_by_city if actor.is_city else returning.return_by_district
    return verb(
        actor=actor,
        nomination_id=nomination.pk,
        seen_version=data["version"],
        reason=data["reason"],
        due_at=clock.end_of(data["due_on"]),
        comments=drafts,
    )
