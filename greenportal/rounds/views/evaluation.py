"""Evaluation tables of a round: what is held, and adding one of an industry standard."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.files import services as files
from greenportal.rounds import rules, selectors, services
from greenportal.rounds.forms.evaluation import EvaluationTableForm
from greenportal.rounds.models import Round
from greenportal.rounds.services.evaluation import TableDraft, groups_of
from greenportal.rounds.services.standards import KIND
from greenportal.rounds.views.reading import evaluation_listings
from greenportal.rounds.views.shared import attempt, posted
from greenportal.rounds.views.standards import XLSX


@require_safe
@roles(Role.CITY_LEAD)
def template(request: HttpRequest) -> HttpResponse:
    """The empty workbook."""
    response = HttpResponse(services.evaluation_template(), content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('评价指标表.xlsx')}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@roles(Role.CITY_LEAD)
def tables(request: HttpRequest, round_id: int) -> HttpResponse:
    """The tables held, and a form that adds or replaces one."""
    actor = actor_of(request)
    row = selectors.visible_round(actor, round_id)
    rules.may_revise(actor, row.state).require()
    book, _ = selectors.rulebook_at(row.pk)
    form = EvaluationTableForm(
        posted(request),
        request.FILES if request.method == "POST" else None,
        initial={"version": row.version},
        systems=[(key, system.label) for key, system in book.supply_systems.items()],
    )
    if request.method == "POST" and form.is_valid() and _added(request, row, form):
        messages.success(request, "已保存评价指标表，从现在起适用。")
        return redirect("rounds:evaluation_tables", row.pk)
    context = {"form": form, "round": row, "tables": evaluation_listings(book)}
    return render(request, "rounds/evaluation_tables.html", context)


def _added(request: HttpRequest, row: Round, form: EvaluationTableForm) -> bool:
    actor, data = actor_of(request), form.cleaned_data

    def act() -> object:
        draft = TableDraft(
            label=data["label"],
            category=data["category"],
            standard=" ".join(data["standard"].split()),
            system=data["system"],
            groups=groups_of(data["groups"]),
            source=data["source"],
        )
        stored = files.receive(actor=actor, upload=data["file"], kind=KIND, accept={"xlsx", "pdf"})
        return services.add_evaluation_table(
            actor=actor,
            round_id=row.pk,
            seen_version=data["version"],
            draft=draft,
            reason=data["reason"],
            file_id=str(stored.pk),
        )

    return attempt(form, act) is not None
