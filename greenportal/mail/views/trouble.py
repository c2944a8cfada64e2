"""The system administrator's page of messages that did not go out."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from greenportal import clock
from greenportal.accounts import masking
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.mail import selectors, services
from greenportal.mail.models import OutboxMail

PER_PAGE = 50


@never_cache
@roles(Role.SYSTEM_ADMIN)
def troubled(request: HttpRequest) -> HttpResponse:
    """List what failed or is doubtful; recipients masked, no text."""
    page = Paginator(selectors.troubled(actor_of(request)), PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "pk": mail.pk,
            "event": mail.event.partition(":")[0],
            "recipient": masking.email(mail.recipient) if "@" in mail.recipient else masking.phone(mail.recipient),
            "state": mail.get_state_display(),
            "doubtful": mail.state == OutboxMail.State.UNKNOWN,
            "error": mail.error,
            "created": clock.spoken(mail.created_at),
            "attempts": mail.attempts,
        }
        for mail in page.object_list
    ]
    return render(request, "mail/troubled.html", {"page": page, "rows": rows})


@require_POST
@roles(Role.SYSTEM_ADMIN)
def retry(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Send it again."""
    services.retry(actor=actor_of(request), mail_id=mail_id)
    messages.success(request, "已重新排入发送。")
    return HttpResponseRedirect(reverse("mail:troubled"))


@require_POST
@roles(Role.SYSTEM_ADMIN)
def abandon(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Give it up."""
    services.abandon(actor=actor_of(request), mail_id=mail_id)
    messages.success(request, "已放弃发送。")
    return HttpResponseRedirect(reverse("mail:troubled"))
