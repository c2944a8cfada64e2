"""`/readyz` for the load balancer, `/healthz` for the watchdog. No session, no account, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from greenportal.health import probes


def _answer(readings: Sequence[probes.Reading]) -> HttpResponse:
    ok = all(reading.ok for reading in readings)
    body = {
        "status": "ok" if ok else "failing",
        "failing": [reading.name for reading in readings if not reading.ok],
        "readings": {reading.name: reading.value for reading in readings},
    }
    return JsonResponse(body, status=200 if ok else 503)


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when this process can serve, else 503."""
    return _answer(probes.readiness())


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when all parts are well, else 503 naming those that are not."""
    return _answer(probes.everything())
