"""A year's round, its frozen rulebook revisions, its deadlines and who got longer."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q


class Round(models.Model):
    """One yearly batch (年度批次), opened from a rulebook."""

    class State(models.TextChoices):
        PREPARING = "preparing", "准备中"
        OPEN = "open", "进行中"
        CLOSED = "closed", "已结束"

    year = models.IntegerField("年度")
    name = models.CharField("名称", max_length=80)
    rulebook_key = models.CharField("规则书", max_length=20)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PREPARING)
    version = models.IntegerField(default=1)
    opened_at = models.DateTimeField("启动时间", null=True, blank=True)
    opened_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "年度批次"
        verbose_name_plural = "年度批次"
        ordering: ClassVar = ["-year", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="round_state_known", condition=Q(state__in=["preparing", "open", "closed"])),
            models.UniqueConstraint(name="round_one_open_per_year", fields=["year"], condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.name


class RoundRevision(models.Model):
    """The rulebook as it stood for the round from `created_at` on. Immutable."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="revisions")
    number = models.IntegerField("修订号")
    rulebook = models.JSONField()
    sha256 = models.CharField(max_length=64)
    document = models.ForeignKey(
        "files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="补充通知"
    )
    reason = models.CharField("修订说明", max_length=300, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "批次规则修订"
        verbose_name_plural = "批次规则修订"
        ordering: ClassVar = ["round_id", "number"]
        constraints: ClassVar = [models.UniqueConstraint(name="revision_number_once", fields=["round", "number"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="revision_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class Deadline(models.Model):
    """One clock of a round: what must arrive before `closes_at` (exclusive)."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="deadlines")
    key = models.CharField("事项", max_length=40)
    label = models.CharField("名称", max_length=80)
    authority = models.ForeignKey(
        "directory.Authority", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用区市县"
    )
    opens_at = models.DateTimeField("开始")
    closes_at = models.DateTimeField("截止")
    clause = models.CharField("依据", max_length=120, blank=True)

    class Meta:
        verbose_name = "期限"
        verbose_name_plural = "期限"
        constraints: ClassVar = [
            models.UniqueConstraint(name="deadline_once", fields=["round", "key", "authority"], nulls_distinct=False),
            models.CheckConstraint(name="deadline_opens_before_close", condition=Q(closes_at__gt=models.F("opens_at"))),
        ]


class Extension(models.Model):
    """A longer time for one authority, granted with a document; revoked by a dated mark, never deleted."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="extensions")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="区市县")
    until = models.DateTimeField("延至")
    document_no = models.CharField("文号", max_length=80)
    reason = models.CharField("理由", max_length=300)
    granted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    revoked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "延期"
        verbose_name_plural = "延期"
