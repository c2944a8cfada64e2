"""Scores and how each figure came about: self-evaluation and third-party evaluation side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.rounds.selectors import book_of, rulebook_at
from nominations.models import Nomination
from nominations.scoring import Pair, Score
from nominations.scoring.types import shown
from nominations.selectors.content import contents
from nominations.selectors.nominations import get_visible, versions_visible_to
from nominations.selectors.scores import ScorePage, parts_of, parts_of_version, score_page

READERS = (
    Role.APPLICANT,
    Role.DISTRICT_OFFICER,
    Role.DISTRICT_LEAD,
    Role.EVALUATOR,
    Role.EVALUATOR_ADMIN,
)


@roles(*READERS)
@require_GET
def scores(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The scores as the answers stand now."""
    nomination = get_visible(actor_of(request), nomination_id)
    book, _ = rulebook_at(nomination.round_id)
    content = contents([nomination.pk])[nomination.pk]
    found = score_page(nomination.category, parts_of(content), book, standard=nomination.standard)
    return _page(request, nomination, found, "")


@roles(Role.CITY_REVIEWER, Role.CITY_LEAD)
@require_GET
def version_scores(request: HttpRequest, version_id: int) -> HttpResponse:
    """The scores of a frozen version, by the rulebook that was in force then."""
    rows = versions_visible_to(actor_of(request)).select_related("nomination__subject", "revision")
    version = get_object_or_404(rows, pk=version_id)
    book = book_of(version.revision)
    standard = version.payload["nomination"]["standard"]
    found = score_page(version.nomination.category, parts_of_version(version), book, standard=standard)
    return _page(request, version.nomination, found, f"第{version.number}版")


def _page(request: HttpRequest, nomination: Nomination, found: ScorePage, of_version: str) -> HttpResponse:
    reports = found.scored.reports if found.scored else ()
    context: dict[str, Any] = {
        "nomination": nomination,
        "of_version": of_version,
        "page": found,
        "totals": [_row(pair) for pair in (found.scored.totals if found.scored else ())],
        "verified": [_row(pair) for pair in found.verified],
        "differing": [_row(pair) for pair in found.differing],
        "reports": [(report, [_score(score) for score in report.scores]) for report in reports],
    }
    return render(request, "nominations/scores.html", context)


def _row(pair: Pair) -> dict[str, Any]:
    return {
        "label": pair.label,
        "unit": pair.unit,
        "own": shown(pair.own, 4),
        "third": shown(pair.third, 4),
        "difference": shown(pair.difference, 4),
        "differs": pair.differs,
    }


def _score(score: Score) -> dict[str, Any]:
    lines = [
        {
            "label": line.label,
            "unit": line.unit,
            "value": shown(line.value, 4),
            "most": shown(line.most, 4),
            "part": shown(line.part, 4),
            "note": line.note or line.arithmetic,
        }
        for line in score.lines
    ]
    other = (score.other[0], shown(score.other[1])) if score.other else None
    return {
        "of": score,
        "value": shown(score.value),
        "stated": shown(score.stated),
        "lines": lines,
        "other": other,
    }
