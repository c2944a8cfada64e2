"""Who of an evaluator's people leads which evaluation."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ProjectLead(models.Model):
    """A project lead (项目负责人) with delegated rights: may act on this evaluation from `assigned_at` to `ended_at`."""

    engagement = models.ForeignKey("evaluators.Engagement", models.PROTECT, related_name="leads")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    assigned_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "项目负责人"
        verbose_name_plural = "项目负责人"
        constraints: ClassVar = [
            models.UniqueConstraint(name="project_lead_once", fields=["engagement", "user"], condition=Q(ended_at=None))
        ]
        indexes: ClassVar = [models.Index(fields=["user", "ended_at"], name="project_lead_user")]
