"""Accepting an invitation: opened by GET as often as one likes, used up by one POST."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.forms import AcceptForm
from greenportal.accounts.http import client_address
from greenportal.accounts.models import DatedLink, User
from greenportal.accounts.services import accept_invitation, peek_link
from greenportal.accounts.services.invitations import place_name
from greenportal.findings.types import Invalid


@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the invitation is for; on POST make the account or add the membership."""
    link = peek_link(token=token, purpose=DatedLink.Purpose.INVITATION)
    person = request.user if isinstance(request.user, User) else None
    mine = person is not None and person.email.lower() == link.email.lower()
    form = None if mine else AcceptForm(request.POST or None)
    if request.method == "POST" and (form is None or form.is_valid()):
        values = form.cleaned_data if form else {}
        try:
            accept_invitation(
                token=token,
                password=values.get("password", ""),
                username=values.get("username", ""),
                phone=values.get("phone", ""),
                user_id=person.pk if person else None,
                address=client_address(request),
            )
        except Invalid as problem:
            if form is None or not problem.errors:
                raise
            for field, texts in problem.errors.items():
                for text in texts:
                    form.add_error(field, text)
        else:
            messages.success(request, "已接受邀请。" if mine else "注册完成，请登录。")
            return HttpResponseRedirect(reverse("home" if mine else "account_login"))
    context = {
        "form": form,
        "name": link.payload["name"],
        "role": Role(link.payload["role"]).label,
        "place": place_name(link.payload["authority_id"], link.payload["organisation_id"]),
        "until": clock.spoken(link.expires_at),
    }
    return render(request, "accounts/invitation.html", context)
