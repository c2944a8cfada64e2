"""Beginning this year's nomination from last year's."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from greenportal.accounts.http import actor_of, roles
from nominations.models import Nomination
from nominations.selectors.nominations import visible_to
from nominations.services import drafting
from nominations.views.district import DISTRICT, current_round
from nominations.views.shared import done

_PAGE = 50


@roles(*DISTRICT)
@require_GET
def earlier(request: HttpRequest) -> HttpResponse:
    """The district's nominations of earlier rounds that are not begun again in this one."""
    year = current_round()
    again = Nomination.objects.filter(round=year, subject=OuterRef("subject"), category=OuterRef("category"))
    rows = visible_to(actor_of(request)).filter(~Exists(again)).exclude(round=year)
    related = rows.select_related("subject", "applicant", "round").order_by("-round__year", "category", "pk")
    page = Paginator(related, _PAGE).get_page(request.GET.get("page"))
    return render(request, "nominations/earlier.html", {"round": year, "page": page})


@roles(*DISTRICT)
@require_POST
def copy(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Begin this round's nomination with the answers of that one."""
    actor = actor_of(request)
    made = drafting.copy_last(actor=actor, nomination_id=nomination_id, round_id=current_round().pk)
    return done(request, "已按以往年度的内容建立申报，请逐项核对更新。", "nominations:detail", made.pk)
