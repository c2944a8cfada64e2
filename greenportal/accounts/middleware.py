"""Who acts in this request, and what stands before anything else: session, second factor, password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from greenportal.accounts import passwords, selectors, sessions
from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Actor, Role
from greenportal.accounts.http import client_address
from greenportal.accounts.models import Membership, User
from greenportal.accounts.services import note_seen
from greenportal.accounts.views.resume import to_sign_in

GetResponse = Callable[[HttpRequest], HttpResponse]

#: Reachable whatever is still missing; without these nobody could mend it.
ALWAYS = frozenset({"account_logout", "account_login", "account_inactive", "appearance", "accounts:resume"})
ENROLMENT = ALWAYS | {"mfa_activate_totp", "account_reauthenticate", "mfa_reauthenticate"}
PASSWORD = ALWAYS | {"account_change_password", "account_reauthenticate", "mfa_reauthenticate"}


class ActorMiddleware:
    """Sets `request.actor` from the signed-in user and the membership chosen in the session.

    Memberships are read at each request: one that ended a second ago gives no rights any more.
    Ends sessions that rested or lasted too long. Before any other page it asks for the second
    factor (roles of SECOND_FACTOR_ROLES) and for a new password (set by others, or too old).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = client_address(request)
        user = request.user
        request.actor = Actor.anonymous(address)  # type: ignore[attr-defined]
        request.session_ended_for = None  # type: ignore[attr-defined]
        if isinstance(user, User):
            memberships = selectors.current_memberships(user)
            chosen = sessions.choose(request.session.get(sessions.MEMBERSHIP_KEY), memberships)
            role = Role(chosen.role) if chosen else Role.ANONYMOUS
            powers = {Role(row.role) for row in memberships}
            if sessions.ended(request.session, role) or _unproven(request, user, powers):
                request.session_ended_for = user.pk  # type: ignore[attr-defined]
                logout(request)
            else:
                request.actor = actor_for(user, chosen, address=address)  # type: ignore[attr-defined]
                request.membership = chosen  # type: ignore[attr-defined]
                request.must_enrol = bool(powers & SECOND_FACTOR_ROLES) and not _proven(request, user)  # type: ignore[attr-defined]
                if not _only_watching(request) and sessions.touch(request.session):
                    note_seen(user_id=user.pk)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Stand before the view, after the check of the CSRF token."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        ended_for = request.session_ended_for  # type: ignore[attr-defined]
        if ended_for is not None and request.method == "POST" and name not in ALWAYS:
            return to_sign_in(request, user_id=ended_for)
        user = request.user
        if not isinstance(user, User):
            return None
        if request.must_enrol and name not in ENROLMENT:  # type: ignore[attr-defined]
            return _send(request, "mfa_activate_totp")
        if passwords.must_change(user) and not request.must_enrol and name not in PASSWORD:  # type: ignore[attr-defined]
            return _send(request, "account_change_password")
        return None


def actor_for(user: User, membership: Membership | None, *, address: str = "") -> Actor:
    """Return the actor of `user` in `membership`; without one, a person who may do nothing."""
    if membership is None:
        return Actor(role=Role.ANONYMOUS, user_id=user.pk, name=str(user), address=address)
    return Actor(
        role=Role(membership.role),
        user_id=user.pk,
        name=str(user),
        membership_id=membership.pk,
        authority_id=membership.authority_id,
        organisation_id=membership.organisation_id,
        address=address,
    )


def _proven(request: HttpRequest, user: User) -> bool:
    """True when this session was opened, or confirmed since, with the second factor."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def _unproven(request: HttpRequest, user: User, powers: set[Role]) -> bool:
    """True when the role asks for a second factor, the person has one, and this session was opened without it.

    It then was opened before the role was given or the factor enrolled, and has to be opened anew.
    """
    if not powers & SECOND_FACTOR_ROLES or _proven(request, user):
        return False
    return selectors.has_second_factor(user)


def _only_watching(request: HttpRequest) -> bool:
    """True for a page that asks by itself (a progress bar): it does not keep a session alive."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def _send(request: HttpRequest, name: str) -> HttpResponse:
    """Send the person to the page that comes first; an HTMX request as a whole, not into its fragment."""
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = reverse(name)
        return answer
    return HttpResponseRedirect(reverse(name))
