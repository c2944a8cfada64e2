"""Django admin of the outbox: for looking only, without texts and links."""

from __future__ import annotations

from django.contrib import admin

from greenportal.accounts.admin import ReadOnly
from greenportal.mail.models import OutboxMail


@admin.register(OutboxMail)
class OutboxMailAdmin(ReadOnly):
    """What was sent, by state."""

    list_display = ("event", "channel", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "channel")
    fields = ("event", "channel", "template", "state", "attempts", "error", "created_at", "sent_at")
