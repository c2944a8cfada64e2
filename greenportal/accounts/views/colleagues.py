"""The handlers of one's own organisation: who they are, inviting, handing over, ending."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from greenportal.accounts import rules, selectors
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.forms import ColleagueForm, ReasonForm
from greenportal.accounts.http import actor_of, roles
from greenportal.accounts.models import Membership
from greenportal.accounts.services import end_membership, hand_over, invite
from greenportal.findings.types import DomainError, Invalid, NotVisible


@never_cache
@roles(Role.APPLICANT, Role.EVALUATOR, Role.EVALUATOR_ADMIN)
def colleagues(request: HttpRequest) -> HttpResponse:
    """List them; on POST invite one more in the same role."""
    actor = actor_of(request)
    may_invite = bool(rules.GRANTS.get(actor.role))
    form = ColleagueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invite(actor=actor, role=actor.role, organisation_id=actor.organisation_id, **form.cleaned_data)
        except Invalid as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, f"邀请已发往{form.cleaned_data['email']}，14天内有效。")
            return HttpResponseRedirect(reverse("accounts:colleagues"))
    context = {"memberships": selectors.memberships_at(actor), "form": form, "may_invite": may_invite, "own": actor}
    return render(request, "accounts/colleagues.html", context)


@never_cache
@roles(Role.APPLICANT, Role.EVALUATOR_ADMIN)
def end(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Ask for the reason, then end a colleague's membership."""
    row = _row(actor_of(request), membership_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_membership(actor=actor_of(request), membership_id=row.pk, reason=form.cleaned_data["reason"])
        except DomainError as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, f"已结束{row.user}的任职。")
            return HttpResponseRedirect(reverse("accounts:colleagues"))
    context = {"form": form, "membership": row, "back": reverse("accounts:colleagues")}
    return render(request, "accounts/membership_end.html", context)


@never_cache
@roles(Role.APPLICANT, Role.EVALUATOR_ADMIN)
def hand_over_to(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Hand a membership to a colleague with an account, or invite a successor who replaces it on acceptance."""
    actor = actor_of(request)
    row = _row(actor, membership_id)
    form = ColleagueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        successor = selectors.handler_by_email(actor, email)
        try:
            if successor is not None:
                hand_over(actor=actor, membership_id=row.pk, to_user_id=successor.pk, reason="人员变动")
                messages.success(request, f"已移交给{successor}。")
            else:
                invite(
                    actor=actor,
                    role=Role(row.role),
                    organisation_id=row.organisation_id,
                    replaces_membership_id=row.pk,
                    **form.cleaned_data,
                )
                messages.success(request, f"移交邀请已发往{email}。对方接受后，{row.user}的任职即告结束。")
        except DomainError as problem:
            form.add_error(None, problem.message)
        else:
            return HttpResponseRedirect(reverse("accounts:colleagues"))
    return render(request, "accounts/hand_over.html", {"form": form, "membership": row})


def _row(actor: Actor, membership_id: int) -> Membership:
    """Return a membership of the actor's own organisation; foreign and absent ones answer alike."""
    found = selectors.memberships_at(actor).filter(pk=membership_id).first()
    if found is None:
        raise NotVisible
    return found
