"""Read-only views for the system's keepers: every change goes through a service, none through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from nominations.models import (
    Consultation,
    Correction,
    Decision,
    ListVersion,
    Nomination,
    NominationVersion,
    Packet,
    RecommendationList,
    SealScan,
    Submission,
)

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """Nothing can be added, changed or deleted."""

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


for model in (
    Consultation,
    Correction,
    Decision,
    ListVersion,
    Nomination,
    NominationVersion,
    Packet,
    RecommendationList,
    SealScan,
    Submission,
):
    admin.site.register(model, ReadOnly)
