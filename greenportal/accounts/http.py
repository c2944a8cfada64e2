"""What a view needs to know of who is asking. The only bridge from requests to actors."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.views.resume import to_sign_in
from greenportal.findings.types import Refused

View = Callable[..., HttpResponseBase]


class PortalRequest(HttpRequest):
    """A request that passed the middleware: `actor` is set. For annotations of views."""

    actor: Actor


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in `request`; anonymous when the middleware did not see it."""
    return cast("Actor", getattr(request, "actor", None)) or Actor.anonymous(client_address(request))


def asked(request: HttpRequest, name: str) -> str:
    """Return a search text of the address, whole, for it stands in its field again; without NUL, which no database compares."""
    return request.GET.get(name, "").replace("\x00", "").strip()


def client_address(request: HttpRequest) -> str:
    """Return the address of the client as the trusted proxies saw it.

    Each trusted proxy appends the address it was called from to X-Forwarded-For; what stands
    further left was written by the client and is never believed. With TRUSTED_PROXY_COUNT = 0
    the header is not read at all.
    """
    direct = str(request.META.get("REMOTE_ADDR") or "")
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted <= 0:
        return direct
    hops = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    hops.append(direct)
    if len(hops) <= trusted:
        return direct
    try:
        return str(ipaddress.ip_address(hops[-1 - trusted]))
    except ValueError:
        return direct


def roles(*allowed: Role) -> Callable[[View], View]:
    """Let only actors in one of `allowed` reach the view.

    Nobody signed in: the sign-in page, and what a form carried is kept for after it. Another
    role: the refusal page (403), recorded in the audit trail.
    """
    permitted = frozenset(allowed)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = actor_of(request)
            if actor.user_id is None:
                return to_sign_in(request)
            if actor.role not in permitted:
                raise Refused(_not_this_role(actor, permitted))
            return view(request, *args, **kwargs)

        guarded.permitted_roles = permitted  # type: ignore[attr-defined]
        return guarded

    return decorate


def _not_this_role(actor: Actor, permitted: frozenset[Role]) -> str:
    names = "、".join(role.label for role in Role if role in permitted)
    if actor.role == Role.ANONYMOUS:
        return "您的账户目前没有任职，请联系安全管理员或您单位的经办人授予。"
    return f"本页面供{names}使用，您当前的身份是{actor.role.label}。如有多个身份，请先切换。"
