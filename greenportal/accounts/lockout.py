"""Failed sign-ins: what is counted (person and address together), and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from greenportal.accounts.models import User


def username(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return under which name an attempt counts: one name per account, whether tried by name or by e-mail.

    Names that no account has are counted just the same, so that the answer tells nothing.
    """
    given = credentials or {}
    typed = str(given.get("email") or given.get("username") or request.POST.get("login") or "").strip().lower()
    if "@" in typed:
        found = User.objects.filter(email__iexact=typed).values_list("username", flat=True).first()
        return str(found or typed).lower()[:150]
    return typed[:150]


def locked(request: HttpRequest, *args: object) -> HttpResponse:
    """Answer an attempt while locked: what happened, how long, what to do."""
    return render(request, "accounts/locked.html", status=429)
