"""同行业对标, for officers: where a factory stands among the listed ones of its industry, on page and paper."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from greenportal import clock
from greenportal.accounts.http import actor_of, roles
from greenportal.audit.services import record_read
from nominations.constants import SCOPE_NOMINATION
from nominations.eligibility.comparing import AREAS, DIGITS, LEVELS, RULE
from nominations.packets.comparison_pdf import comparison_pdf, shown
from nominations.selectors.comparison import comparison
from nominations.views.city import CITY
from nominations.views.district import DISTRICT
from nominations.views.shared import PDF, attachment


@roles(*DISTRICT, *CITY)
@require_GET
def page(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The comparison with chart and table per indicator; `area`, `digits`, `level` of the query change the peers."""
    context = _context(request, nomination_id)
    choices = [
        ("area", "本地区范围", [*AREAS.items()]),
        ("digits", "行业范围", [*DIGITS.items()]),
        ("level", "名单级别", [*LEVELS.items()]),
    ]
    scope = context["compared"].scope
    chosen = {"area": scope.area, "digits": scope.digits, "level": scope.level}
    options = [(key, label, chosen[key], items) for key, label, items in choices]
    return render(
        request, "nominations/comparison.html", {**context, "options": options, "asked": request.GET.urlencode()}
    )


@roles(*DISTRICT, *CITY)
@require_GET
def paper(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The same as PDF, for the officers' file."""
    context = _context(request, nomination_id)
    content = comparison_pdf(context)
    return attachment(content, name=f"同行业对标-{context['nomination'].subject.name}.pdf", kind=PDF)


def _context(request: HttpRequest, nomination_id: int) -> dict[str, Any]:
    """Read the comparison, note in the audit trail that it was read, and prepare what page and paper share."""
    actor, now = actor_of(request), clock.now()
    wanted = {key: request.GET[key] for key in ("area", "digits", "level") if key in request.GET}
    nomination, compared, book = comparison(actor=actor, nomination_id=nomination_id, as_of=now, wanted=wanted)
    record_read(actor=actor, target=f"{SCOPE_NOMINATION}:{nomination.pk}", what="同行业对标")
    return {
        "nomination": nomination,
        "compared": compared,
        "rows": [shown(position) for position in compared.positions],
        "as_of": clock.spoken(now),
        "least": int(book.rules[RULE].params.get("least", 5)),
    }
