"""Choosing in which membership one acts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from greenportal.accounts import selectors, sessions
from greenportal.accounts.http import actor_of
from greenportal.accounts.models import User
from greenportal.accounts.views.resume import to_sign_in
from greenportal.audit import services as audit
from greenportal.findings.types import NotVisible


@never_cache
def switch(request: HttpRequest) -> HttpResponse:
    """GET: the memberships in force. POST `membership`: act in that one from now on."""
    user = request.user
    if not isinstance(user, User):
        return to_sign_in(request)
    held = selectors.current_memberships(user)
    actor = actor_of(request)
    if request.method != "POST":
        return render(request, "accounts/switch.html", {"memberships": held, "chosen": actor.membership_id})
    chosen = next((row for row in held if str(row.pk) == request.POST.get("membership", "")), None)
    if chosen is None:
        raise NotVisible("没有找到所选的身份，或其任职已结束，请重新选择。")
    request.session[sessions.MEMBERSHIP_KEY] = chosen.pk
    audit.record(
        actor=actor,
        action="accounts.switch",
        target=f"accounts.user:{user.pk}",
        data={"membership": chosen.pk, "role": chosen.role},
    )
    messages.success(request, f"现在以“{chosen.get_role_display()}”身份办理。")
    return HttpResponseRedirect(reverse("home"))
