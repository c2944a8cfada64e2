"""What every template may read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.http import actor_of
from greenportal.filings import worklist

ELDER_COOKIE = "portal_elder"


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the site owner, the acting membership, 长辈版, the navigation and the demonstration clock.

    Runs on every page, so nothing here queries.
    """
    actor = actor_of(request)
    demo = bool(settings.CLOCK_OFFSET)
    return {
        "site_owner": settings.SITE_OWNER,
        "actor": actor,
        "elder": request.COOKIES.get(ELDER_COOKIE) == "1",
        "navigation": _navigation(request) if actor.user_id else [],
        "demo_clock": demo,
        "demo_now": clock.spoken(clock.now()) if demo else "",
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    home = reverse("home")
    rows = [{"label": "首页", "url": home, "current": request.path == home}]
    items = worklist.navigation_for(actor_of(request))
    # Of entries that lie within one another, only the inner one is the current place.
    here = max((p for p in (i.prefix or i.url for i in items) if request.path.startswith(p)), key=len, default="")
    rows += [{"label": i.label, "url": i.url, "current": bool(here) and (i.prefix or i.url) == here} for i in items]
    return rows
