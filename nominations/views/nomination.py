"""One nomination: where it stands, what is left to do, what was found, what happened. Applicant and district."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.filings.models import FieldComment
from greenportal.findings.types import Finding, Outcome, Verdict
from greenportal.jobs.models import Job
from greenportal.rounds.selectors import rulebook_at, window
from greenportal.transitions import actions_from
from nominations import rules
from nominations.constants import CLOCK_APPLICANT, CLOCK_SUBMIT, JOB_CHANGED, JOB_RECHECK, SCOPE_NOMINATION
from nominations.eligibility import comparing
from nominations.models import Correction, Nomination, SealScan, StateChange
from nominations.selectors.content import Content, contents, gaps
from nominations.selectors.decisions import latest_decisions
from nominations.selectors.nominations import get_visible, visible_to
from nominations.selectors.people import hats
from nominations.services.checking import evaluator_organisation
from nominations.services.following import is_shipped, open_forms
from nominations.states import EDITABLE, NOMINATION_TRANSITIONS, NominationState
from nominations.views.shared import STATE_COLOURS, current_correction, findings_of
from nominations.views.tasklist import sheet_tasks, step_tasks

#: Moves by which the district judges: not for somebody who also works for the applicant or its evaluator.
_JUDGING = frozenset({"check", "uncheck", "return_by_district"})
#: Verdicts shown on the nomination's own page; the rest is one click away.
_URGENT = 8
FOLDED = "不适用"
OWNERS = (Role.APPLICANT, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)


@roles(*OWNERS, Role.EVALUATOR, Role.EVALUATOR_ADMIN)
@require_GET
def detail(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The nomination's home: task list, what stops it, what the actor may do, what happened."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    if actor.is_evaluator:
        # Its form leads back here: to an evaluator a nomination is its report.
        return redirect("nominations:report", nomination.pk)
    rulebook, _ = rulebook_at(nomination.round_id)
    content = _content(actor, nomination)
    missing = gaps(nomination, content, rulebook)
    may_judge = verdict_of(actor, nomination, rules.may_judge)
    context = {
        "nomination": nomination,
        "colour": STATE_COLOURS.get(nomination.state, ""),
        "sheet_tasks": sheet_tasks(nomination, content),
        "tasks": step_tasks(nomination, content, rulebook, missing),
        "missing": missing,
        **_checked(nomination, actor),
        "correction": current_correction(nomination),
        "seal_page": _seal_page(actor, nomination),
        "comments": _open_comments(nomination),
        "moves": _moves(actor, nomination, may_judge=may_judge.allowed),
        "clocks": _clocks(nomination),
        "events": events_of(nomination),
        "editable": nomination.state in EDITABLE,
        "establishing": may_judge.allowed and rules.may_set_key_energy_user(actor, nomination).allowed,
        "two_hats": rules.TWO_HATS if actor.is_district and not may_judge.allowed else "",
    }
    return render(request, "nominations/detail.html", context)


def _content(actor: Actor, nomination: Nomination) -> Content:
    """What it holds; before, its forms follow the definitions in force where the actor may fill them in."""
    content = contents([nomination.pk])[nomination.pk]
    if nomination.state not in EDITABLE or not rules.owns(actor, nomination):
        return content
    behind = [part.key for part in content.own if not is_shipped(part.key, part.definition_sha256)]
    if behind and open_forms(nomination_id=nomination.pk, sheet_keys=behind):
        return contents([nomination.pk])[nomination.pk]
    return content


@roles(*OWNERS)
@require_GET
def findings_part(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The verdicts of the nomination's page: asked again by itself while a check is under way."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    response = render(
        request, "nominations/findings_part.html", {"nomination": nomination, **_checked(nomination, actor)}
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _checked(nomination: Nomination, actor: Actor) -> dict[str, Any]:
    """The most urgent verdicts of the last check, and whether a newer one is on its way. Two queries."""
    waiting = Job.objects.filter(
        kind__in=[JOB_CHANGED, JOB_RECHECK],
        scope=SCOPE_NOMINATION,
        scope_id=nomination.pk,
        state__in=[Job.State.DUE, Job.State.RUNNING],
    )
    wanting = [finding for finding in findings_of(nomination, actor) if finding.open]
    return {
        "urgent": wanting[:_URGENT],
        "finding_count": len(wanting),
        "checking": waiting.exists(),
        "checked_at": clock.spoken(nomination.last_check.created_at) if nomination.last_check else "",
    }


def _open_comments(nomination: Nomination) -> list[FieldComment]:
    rows = FieldComment.objects.filter(scope=SCOPE_NOMINATION, scope_id=nomination.pk, answer=FieldComment.Answer.OPEN)
    return list(rows.order_by("pk"))


def _seal_page(actor: Actor, nomination: Nomination) -> Correction | None:
    """The latest answered correction that asks for a sealed 补正页; for the district, which seals. One query."""
    if not actor.is_district:
        return None
    rows = Correction.objects.filter(nomination=nomination, needs_seal_page=True, answered_version__isnull=False)
    return rows.annotate(scanned=Exists(SealScan.objects.filter(correction=OuterRef("pk")))).order_by("-pk").first()


def verdict_of(actor: Actor, nomination: Nomination, rule: Callable[..., Verdict]) -> Verdict:
    """Return what `rule` (may_judge, may_decide, may_review) says to the actor: not on its own organisation's. One query for officers."""
    worn = hats(actor) if actor.is_district or actor.is_city else frozenset()
    return rule(actor, nomination, hats=worn, evaluator_organisation_id=evaluator_organisation(nomination))


def _moves(actor: Actor, nomination: Nomination, *, may_judge: bool) -> list[tuple[str, str, bool]]:
    """The acts the actor has here besides handing in: (label, url, posts at once)."""
    pages = {
        "take_back": ("nominations:take_back", True),
        "check": ("nominations:check", True),
        "uncheck": ("nominations:uncheck", True),
        "return_by_district": ("nominations:return", False),
        "withdraw": ("nominations:withdraw", False),
    }
    found = []
    for move in actions_from(NOMINATION_TRANSITIONS, state=nomination.state, role=actor.role):
        if move.action in pages and (may_judge or move.action not in _JUDGING):
            name, at_once = pages[move.action]
            found.append((move.label, reverse(name, args=[nomination.pk]), at_once))
    return found


def _clocks(nomination: Nomination) -> list[tuple[str, str, bool]]:
    """The deadlines that concern this nomination: (label, spoken end, still open)."""
    found = []
    for key, label in ((CLOCK_APPLICANT, "申报单位提交截止"), (CLOCK_SUBMIT, "区县报送截止")):
        state = window(round_id=nomination.round_id, key=key, authority_id=nomination.authority_id, at=clock.now())
        if state.closes_at is not None:
            found.append((label, clock.spoken(state.closes_at), state.open))
    return found


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    at: str
    who: str
    what: str
    note: str


def events_of(nomination: Nomination) -> list[Event]:
    """Return what happened to the nomination, newest first."""
    labels = {row.action: row.label for row in NOMINATION_TRANSITIONS}
    return [
        Event(
            clock.spoken(change.at),
            f"{change.actor_name} {Role(change.role).label}",
            f"{labels.get(change.action, change.action)}：{NominationState(change.target).label}",
            change.reason,
        )
        for change in StateChange.objects.filter(nomination=nomination).order_by("-pk")[:50]
    ]


@roles(*OWNERS)
@require_GET
def findings(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Every verdict on the living answers, with its clause and what to do; the city reads those of a version."""
    actor = actor_of(request)
    nomination = get_visible(actor, nomination_id)
    found = findings_of(nomination, actor)
    decided = latest_decisions([nomination.pk]).get(nomination.pk, {})
    if not actor.is_district:
        # The written decision on the comparison tells what it came to.
        decided = {rule: row for rule, row in decided.items() if rule != comparing.RULE}
    context = {
        "nomination": nomination,
        "run": nomination.last_check,
        "checked_at": clock.spoken(nomination.last_check.created_at) if nomination.last_check else "",
        "groups": _grouped([(finding, decided.get(finding.rule)) for finding in found]),
        "counts": _counts(found),
        "may_decide": actor.is_district and verdict_of(actor, nomination, rules.may_decide).allowed,
    }
    return render(request, "nominations/findings.html", context)


def _grouped(rows: list[tuple[Finding, Any]]) -> list[tuple[str, list[tuple[Finding, Any]]]]:
    """What waits for somebody, what is met; what does not apply comes last and folded."""
    parts = [
        ("需要处理", [row for row in rows if row[0].open]),
        ("符合", [row for row in rows if row[0].outcome == Outcome.MET]),
        (FOLDED, [row for row in rows if row[0].outcome == Outcome.NOT_APPLICABLE]),
    ]
    return [(title, part) for title, part in parts if part]


def _counts(found: list[Finding]) -> list[tuple[str, int, str]]:
    return [
        ("不得报送", len([f for f in found if f.blocks]), "red"),
        ("需书面决定", len([f for f in found if f.needs_decision]), "amber"),
        ("其他待处理", len([f for f in found if f.open and not f.blocks and not f.needs_decision]), ""),
        ("符合", len([f for f in found if f.outcome == Outcome.MET]), "green"),
        (FOLDED, len([f for f in found if f.outcome == Outcome.NOT_APPLICABLE]), ""),
    ]


@roles(*OWNERS)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """The applicant's nominations of all rounds, newest first, each with its state and what to do."""
    actor = actor_of(request)
    rows = visible_to(actor).select_related("subject", "authority", "round").order_by("-round__year", "-pk")
    return render(
        request,
        "nominations/own.html",
        {"rows": [(row, STATE_COLOURS.get(row.state, "")) for row in rows[:200]]},
    )
