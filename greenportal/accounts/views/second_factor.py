"""Enrolling the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from django.http import HttpResponse

from greenportal.accounts.http import actor_of
from greenportal.audit import services as audit


class Activate(ActivateTOTPView):
    """allauth's page; the code just proven also counts as this session's second factor."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Store the factor, prove the session with it, record it."""
        response: HttpResponse = super().form_valid(form)
        factor = Authenticator.objects.get(user_id=self.request.user.pk, type=Authenticator.Type.TOTP)
        record_authentication(self.request, self.request.user, "mfa", id=factor.pk, type=factor.type)
        audit.record(
            actor=actor_of(self.request),
            action="accounts.enrol_second_factor",
            target=f"accounts.user:{self.request.user.pk}",
        )
        return response


activate = Activate.as_view()
