"""An evaluator's desk: what must I do, by when, over all districts; my evaluations over the years; who leads which."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evaluators.constants import CLOCK_REPORT, SCOPE_REGISTRATION, SCOPE_REPORT
from evaluators.forms.papers import LeadForm
from evaluators.models import Evaluator
from evaluators.rules import cap_level, may_keep_own
from evaluators.selectors import engagements_visible_to, standing, visible_to
from evaluators.selectors.desk import Papers, ends_of, papers, projects, years
from evaluators.selectors.groups import warn_from
from evaluators.selectors.leads import leads_of
from evaluators.selectors.roster import counts, named_fields
from evaluators.services.leads import assign_leads
from evaluators.services.roster import current_sheet
from evaluators.states import RegistrationState, ReportState
from evaluators.views.listing import shown_round
from evaluators.views.shared import ADMIN, COLOURS, OWN, answered, done
from greenportal import clock
from greenportal.accounts.actors import EVALUATOR_ROLES
from greenportal.accounts.http import actor_of, roles
from greenportal.accounts.selectors import handlers_of
from greenportal.directory.forms import posted
from greenportal.findings.types import NotVisible
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at, window


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what is to be done: begin_url is posted to where nothing has been begun."""

    label: str
    url: str
    begin_url: str
    status: str
    colour: str
    due: str


@roles(*OWN)
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """The desk of this round. A body that the city has not put on file begins with its registration."""
    actor, year = actor_of(request), shown_round()
    evaluator = visible_to(actor).first()
    if evaluator is None:
        keeps = actor.organisation_id is not None and bool(may_keep_own(actor, organisation_id=actor.organisation_id))
        return render(request, "evaluators/none.html", {"keeps": keeps})
    book, now = rulebook_at(year.pk)[0], clock.now()
    keeps = bool(may_keep_own(actor, organisation_id=evaluator.organisation_id))
    facts = standing([evaluator.pk], round_id=year.pk, as_of=now)[evaluator.pk]
    staff = counts([evaluator.pk], named=named_fields(current_sheet()), at=now)[evaluator.pk]
    context = {
        "evaluator": evaluator,
        "round": year,
        "steps": _steps(papers(evaluator, round_id=year.pk), year),
        "staff": staff,
        "facts": facts,
        "cap": book.cap,
        "left": book.cap - facts.union,
        "near": cap_level(facts.union, warn_from=warn_from(book), limit=book.cap) == "near",
        "lines": projects(actor, round_id=year.pk, ends=ends_of(year.pk, at=now)),
        "keeps": keeps,
        "begins": keeps and year.state == Round.State.OPEN,
    }
    return render(request, "evaluators/desk.html", context)


def _steps(held: Papers, year: Round) -> list[Step]:
    closes_at = window(round_id=year.pk, key=CLOCK_REPORT, authority_id=None, at=clock.now()).closes_at
    case, report = held.case, held.report
    due_case = held.returned.get(SCOPE_REGISTRATION)
    due_report = held.returned.get(SCOPE_REPORT) or closes_at
    return [
        Step(
            label="机构登记",
            url=reverse("evaluators:case", args=[case.pk]) if case else "",
            begin_url=reverse("evaluators:case_begin"),
            status=RegistrationState(case.state).label if case else "未开始",
            colour=COLOURS.get(case.state, "") if case else "",
            due=clock.spoken(due_case) if due_case else "",
        ),
        Step(
            label="年度工作情况报告（附件10）",
            url=reverse("evaluators:report", args=[report.pk]) if report else "",
            begin_url=reverse("evaluators:report_begin"),
            status=ReportState(report.state).label if report else "未开始",
            colour=COLOURS.get(report.state, "") if report else "",
            due=clock.spoken(due_report) if due_report else "",
        ),
    ]


def _own(request: HttpRequest) -> Evaluator:
    found = visible_to(actor_of(request)).first()
    if found is None:
        raise NotVisible
    return found


@roles(*OWN)
@require_GET
def over_years(request: HttpRequest) -> HttpResponse:
    """Every evaluation of the body in every round."""
    evaluator, actor = _own(request), actor_of(request)
    context = {"evaluator": evaluator, "years": years(actor), "lines": projects(actor)}
    return render(request, "evaluators/years.html", context)


@roles(*ADMIN)
def lead(request: HttpRequest, engagement_id: int) -> HttpResponse:
    """Say who leads an evaluation."""
    actor = actor_of(request)
    row = engagements_visible_to(actor).filter(pk=engagement_id).first()
    if row is None:
        raise NotVisible
    people = handlers_of(organisation_id=row.evaluator.organisation_id, roles=EVALUATOR_ROLES)
    held = [str(pk) for pk, _ in leads_of([row.pk])[row.pk]]
    form = LeadForm(posted(request), people=[(p.pk, p.name) for p in people], initial={"people": held})
    if request.method == "POST" and form.is_valid():
        chosen = [int(pk) for pk in form.cleaned_data["people"]]
        if form.run(lambda: assign_leads(actor=actor, engagement_id=row.pk, user_ids=chosen)) is not None:
            return done(request, f"已分派“{row.subject.name}”的项目负责人。", "evaluators:mine")
    context = {
        "form": form,
        "title": "分派项目负责人",
        "lead": f"受评价方：{row.subject.name}。本机构人员只能办理分派给自己的评价项目；管理员可以办理全部项目。",
        "back": reverse("evaluators:mine"),
        "parent": "本机构",
        "submit": "保存分派",
    }
    return answered(request, "evaluators/own_form.html", context)
