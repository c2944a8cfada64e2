"""征求意见: the district asks and records, a department answers through its dated link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from greenportal import clock
from greenportal.accounts.http import actor_of, client_address, roles
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import peek_link
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible, WrongState
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import FILE_REPLY, SCOPE_CONSULTATION
from nominations.forms.district import AskForm, OpinionForm, ReplyForm
from nominations.models import Consultation, ConsultationItem
from nominations.selectors.nominations import consultations_visible_to
from nominations.services import consulting
from nominations.services.consulting import Asked, OpinionGiven
from nominations.views.district import DISTRICT, current_round, own_authority
from nominations.views.downloads import items_of
from nominations.views.shared import Problem, answered, done, kept, problems_of


@roles(*DISTRICT)
def opinions(request: HttpRequest) -> HttpResponse:
    """All requests of the district, and asking all departments at once."""
    actor = actor_of(request)
    year = current_round()
    rulebook, _ = rulebook_at(year.pk)
    form = AskForm(posted(request), departments=[str(d.label) for d in rulebook.departments.values()])
    asked: list[tuple[Asked, str]] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        names = [*data["departments"], *([data["other"]] if data["other"].strip() else [])]
        made = form.run(
            lambda: consulting.ask(
                actor=actor,
                round_id=year.pk,
                authority_id=own_authority(actor),
                departments=names,
                due_on=data["due_on"],
            ),
        )
        asked = [
            (a, request.build_absolute_uri(reverse("nominations:opinion_link", args=[a.token]))) for a in made or []
        ]
    rows = consultations_visible_to(actor).filter(round=year).prefetch_related("items").order_by("-pk")
    context = {
        "form": form,
        "asked": asked,
        "round": year,
        "rows": [(row, *_tally(list(row.items.all()))) for row in rows],
    }
    return answered(request, "nominations/opinions.html", context, form)


def _tally(items: list[ConsultationItem]) -> tuple[int, int]:
    """How many nominees a request names, and to how many there is an objection."""
    return len(items), len([i for i in items if i.opinion == ConsultationItem.Opinion.OBJECTION])


@roles(*DISTRICT)
def reply(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """Read a request and its answer, or record the sealed reply on paper."""
    actor = actor_of(request)
    rows = consultations_visible_to(actor).select_related("reply_file")
    row = get_object_or_404(rows, pk=consultation_id)
    if request.method == "POST" and row.state != Consultation.State.ASKED:
        raise WrongState(f"这份函件{row.get_state_display()}，不能再答复。")
    items = items_of(row)
    form = ReplyForm(posted(request), request.FILES or None, on_paper=True)
    forms = [(item, OpinionForm(posted(request), prefix=f"i{item.pk}")) for item in items]
    if request.method == "POST" and _all_valid(forms, form):

        def store() -> Consultation:
            file = kept(actor, form.cleaned_data["file"], kind=FILE_REPLY, accept={"pdf", "image"})
            return consulting.record_reply(
                actor=actor,
                consultation_id=row.pk,
                name=form.cleaned_data["name"],
                opinions=_given(forms),
                file_id=file.pk,
            )

        if form.run(store) is not None:
            return done(request, f"已登记{row.department}的答复。", "nominations:opinions")
    context = {"row": row, "form": form, "forms": forms, "problems": _problems(forms, form)}
    return answered(request, "nominations/reply.html", context, form)


def _all_valid(forms: list[tuple[ConsultationItem, OpinionForm]], form: ReplyForm) -> bool:
    """Validate every row and the foot, not only up to the first bad one: each shows its own message."""
    verdicts = [row.is_valid() for _, row in forms] + [form.is_valid()]
    return all(verdicts)


def _problems(forms: list[tuple[ConsultationItem, OpinionForm]], form: ReplyForm) -> list[Problem]:
    """The errors of the rows for the summary, each with its nominee's name. A file chosen meanwhile is lost by them too."""
    found = [
        Problem(problem.anchor, f"{item.nomination.subject.name}：{problem.message}")
        for item, row in forms
        if row.is_bound
        for problem in problems_of([row])
    ]
    if found:
        form.lose_files()
    return found


def _given(forms: list[tuple[ConsultationItem, Any]]) -> list[OpinionGiven]:
    return [OpinionGiven(item.pk, f.cleaned_data["opinion"], f.cleaned_data["text"]) for item, f in forms]


@roles(*DISTRICT)
@require_POST
def cancel(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """Take a request back, with a reason."""
    actor = actor_of(request)
    get_object_or_404(consultations_visible_to(actor), pk=consultation_id)
    consulting.cancel(actor=actor, consultation_id=consultation_id, reason=request.POST.get("reason", "")[:300])
    return done(request, "已取消该函件，链接失效。", "nominations:opinions")


def opinion_link(request: HttpRequest, token: str) -> HttpResponse:
    """A department's page: the nominees it is asked about, nothing else; the link is used up by answering."""
    link = peek_link(token=token, purpose=DatedLink.Purpose.OPINION)
    if link.scope != SCOPE_CONSULTATION:
        raise NotVisible
    row = get_object_or_404(Consultation.objects.select_related("authority", "round"), pk=link.scope_id)
    forms = [(item, OpinionForm(posted(request), prefix=f"i{item.pk}")) for item in items_of(row)]
    form = ReplyForm(posted(request), on_paper=False)
    if request.method == "POST" and _all_valid(forms, form):
        reply = form.run(
            lambda: consulting.answer_by_link(
                token=token, name=form.cleaned_data["name"], opinions=_given(forms), address=client_address(request)
            ),
        )
        if reply is not None:
            return render(request, "nominations/opinion_thanks.html", {"row": row, "at": clock.spoken(clock.now())})
    context = {
        "row": row,
        "forms": forms,
        "form": form,
        "due": clock.spoken_date(row.due_on),
        "until": clock.spoken(link.expires_at),
        "problems": _problems(forms, form),
    }
    return answered(request, "nominations/opinion_link.html", context, form)
