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
    for item in worklist.navigation_for(actor_of(request)):
        rows.append({"label": item.label, "url": item.url, "current": request.path.startswith(item.prefix or item.url)})
    return rows
