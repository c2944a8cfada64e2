"""The security administrator's pages: people, what they may be, invitations, second factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from greenportal.accounts import selectors
from greenportal.accounts.actors import Role
from greenportal.accounts.forms import DelegateForm, GrantForm, InviteForm, PeopleFilter, ReasonForm
from greenportal.accounts.http import actor_of, roles
from greenportal.accounts.models import User
from greenportal.accounts.services import (
    delegate,
    disable_user,
    enable_user,
    end_membership,
    grant_membership,
    invite,
    reset_second_factor,
)
from greenportal.findings.types import DomainError

PER_PAGE = 50


@never_cache
@roles(Role.SECURITY_ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    """List people by filters that stand in the address."""
    form = PeopleFilter(request.GET or None)
    chosen = form.chosen() if request.GET else {}
    page = Paginator(selectors.people(actor_of(request), **chosen), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "page": page, "query": query.urlencode()}
    return render(request, "accounts/people.html", context)


@never_cache
@roles(Role.SECURITY_ADMIN)
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show one person: account, memberships past and present."""
    found = selectors.person(actor_of(request), user_id)
    context = {
        "person": found,
        "memberships": selectors.memberships_of(found),
        "has_factor": selectors.has_second_factor(found),
        "own": found.pk == actor_of(request).user_id,
    }
    return render(request, "accounts/person.html", context)


@never_cache
@roles(Role.SECURITY_ADMIN)
def invite_person(request: HttpRequest) -> HttpResponse:
    """Invite a person in any role."""
    form = InviteForm(request.POST or None)

    def act() -> str:
        values = form.cleaned_data
        invite(
            actor=actor_of(request),
            role=Role(values["role"]),
            email=values["email"],
            name=values["name"],
            **form.place(),
        )
        return f"邀请已发往{values['email']}，14天内有效。"

    return _act(request, form, act, "发出邀请", title="邀请用户", back=reverse("accounts:people"))


@never_cache
@roles(Role.SECURITY_ADMIN)
def grant(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a person a role."""
    found = selectors.person(actor_of(request), user_id)
    form = GrantForm(request.POST or None)

    def act() -> str:
        values = form.cleaned_data
        grant_membership(
            actor=actor_of(request),
            user_id=found.pk,
            role=Role(values["role"]),
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            document_no=values["document_no"],
            **form.place(),
        )
        return f"已授予{found}“{Role(values['role']).label}”。"

    return _act(request, form, act, "授予", title=f"为{found}授予任职", back=_page(found))


@never_cache
@roles(Role.SECURITY_ADMIN)
def end(request: HttpRequest, membership_id: int) -> HttpResponse:
    """End a membership, with the reason."""
    row = selectors.membership(actor_of(request), membership_id)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        end_membership(actor=actor_of(request), membership_id=row.pk, reason=form.cleaned_data["reason"])
        return f"已结束{row.user}的“{row.get_role_display()}”任职。"

    title = f"结束{row.user}的“{row.get_role_display()}”任职"
    return _act(request, form, act, "结束任职", title=title, back=_page(row.user))


@never_cache
@roles(Role.SECURITY_ADMIN, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.CITY_REVIEWER, Role.CITY_LEAD)
def delegate_membership(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Hand a membership to a stand-in for a time: its holder, or the security administrator."""
    actor = actor_of(request)
    row = selectors.membership(actor, membership_id)
    form = DelegateForm(request.POST or None, colleagues=selectors.possible_stand_ins(row))

    def act() -> str:
        values = form.cleaned_data
        delegate(
            actor=actor,
            membership_id=row.pk,
            to_user_id=values["to"].pk,
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            document_no=values["document_no"],
        )
        return f"已委托{values['to']}代行“{row.get_role_display()}”。"

    back = _page(row.user) if actor.role == Role.SECURITY_ADMIN else reverse("accounts:switch")
    return _act(request, form, act, "委托", title=f"委托他人代行“{row.get_role_display()}”", back=back)


@never_cache
@roles(Role.SECURITY_ADMIN)
def switch_account(request: HttpRequest, user_id: int) -> HttpResponse:
    """Disable an account, or enable it again."""
    found = selectors.person(actor_of(request), user_id)
    form = ReasonForm(request.POST or None)
    verb, service = ("停用", disable_user) if found.is_active else ("启用", enable_user)

    def act() -> str:
        service(actor=actor_of(request), user_id=found.pk, reason=form.cleaned_data["reason"])
        return f"已{verb}{found}的账户。"

    return _act(request, form, act, verb, title=f"{verb}{found}的账户", back=_page(found))


@never_cache
@roles(Role.SECURITY_ADMIN)
def second_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    """Remove a lost second factor."""
    found = selectors.person(actor_of(request), user_id)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        reset_second_factor(actor=actor_of(request), user_id=found.pk, reason=form.cleaned_data["reason"])
        return f"已重置{found}的动态口令，下次登录时须重新登记。"

    return _act(request, form, act, "重置", title=f"重置{found}的动态口令", back=_page(found))


def _act(
    request: HttpRequest, form: forms.Form, act: Callable[[], str], submit: str, *, title: str, back: str
) -> HttpResponse:
    """Show `form`; on a valid POST do `act` and go `back` with its sentence, or show why it was refused."""
    if request.method == "POST" and form.is_valid():
        try:
            done = act()
        except DomainError as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(back)
    context: dict[str, Any] = {"form": form, "title": title, "submit": submit, "back": back}
    return render(request, "accounts/act.html", context)


def _page(user: User) -> str:
    return reverse("accounts:person", args=[user.pk])
