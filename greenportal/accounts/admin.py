"""Django admin of accounts: for looking only, since services own these rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from greenportal.accounts.models import DatedLink, Membership


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who is what."""

    list_display = ("user", "role", "starts_at", "ends_at")
    list_filter = ("role",)


@admin.register(DatedLink)
class DatedLinkAdmin(ReadOnly):
    """Links: without tokens, payload and addresses."""

    list_display = ("purpose", "scope", "scope_id", "created_at", "expires_at", "used_at")
    fields = ("purpose", "scope", "scope_id", "created_at", "expires_at", "used_at", "revoked_at")
