"""通知 四: 典型经验, sustainability reports and green commitments of listed units."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from dynamic_mgmt.models.core import ListedUnit
from dynamic_mgmt.table_states import ExperienceState


class Experience(models.Model):
    """A typical experience: the unit's text, the district's summary, the city's publication."""

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="experiences")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="管理单位")
    title = models.CharField("题目", max_length=80)
    text = models.TextField("做法和成效", max_length=4000)
    summary = models.CharField("区县总结", max_length=500, blank=True)
    state = models.CharField("状态", max_length=12, choices=ExperienceState.choices, default=ExperienceState.DRAFT)
    version = models.IntegerField(default=1)
    reason = models.CharField("理由", max_length=300, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "典型经验"
        verbose_name_plural = "典型经验"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="experience_state_known", condition=Q(state__in=ExperienceState.values)),
            models.CheckConstraint(
                name="experience_published_is_summed_up",
                condition=~Q(state__in=["recommended", "published"]) | ~Q(summary=""),
            ),
        ]


class Statement(models.Model):
    """A published sustainability report or a green commitment of a unit: date and link, nothing fetched."""

    class Kind(models.TextChoices):
        REPORT = "report", "绿色发展或可持续发展报告"
        COMMITMENT = "commitment", "绿色发展承诺"

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="statements")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    title = models.CharField("题目", max_length=120)
    issued_on = models.DateField("发布日期")
    link = models.URLField("公开链接", max_length=300, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn_reason = models.CharField("撤回理由", max_length=300, blank=True)
    withdrawn_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "绿色发展报告和承诺"
        verbose_name_plural = "绿色发展报告和承诺"
        ordering: ClassVar = ["-issued_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="statement_withdrawn_has_reason", condition=Q(withdrawn_at=None) | ~Q(withdrawn_reason="")
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="statement_kept", operation=pgtrigger.Delete)]
