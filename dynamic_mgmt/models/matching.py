"""Doubtful matches that wait for a person, and what the person said."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from dynamic_mgmt.models.core import ListedUnit


class MatchDoubt(models.Model):
    """A row of a published list, or a listed unit, that may be what is stored already.

    subject `row`: `row` holds the published row; is it one of the units in `candidates`?
    subject `unit`: does the listed `unit` belong to one of the legal persons in `candidates`?
    key identifies the question, so that a second import neither asks again nor forgets the answer.
    candidates: list of {"id", "name", "because"}.
    """

    class Subject(models.TextChoices):
        ROW = "row", "名单中的一行"
        UNIT = "unit", "名单单位与法人单位"

    class Answer(models.TextChoices):
        SAME = "same", "就是所列的一项"
        OTHER = "other", "是另外一项"
        NONE = "none", "都不是"

    subject = models.CharField("事项", max_length=6, choices=Subject.choices)
    key = models.CharField(max_length=64)
    name = models.CharField("名称", max_length=160)
    row = models.JSONField(default=dict)
    unit = models.ForeignKey(ListedUnit, models.PROTECT, null=True, blank=True, related_name="doubts")
    candidates = models.JSONField(default=list)
    source = models.CharField("来源", max_length=400, blank=True)
    raised_at = models.DateTimeField()
    answer = models.CharField("答复", max_length=6, choices=Answer.choices, blank=True)
    answer_unit = models.ForeignKey(ListedUnit, models.PROTECT, null=True, blank=True, related_name="+")
    answer_organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField("依据", max_length=200, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "待确认的匹配"
        verbose_name_plural = "待确认的匹配"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="match_doubt_once", fields=["subject", "key"]),
            models.CheckConstraint(
                name="match_doubt_answered_whole",
                condition=Q(answer="", decided_at=None)
                | ~Q(answer="") & ~Q(reason="") & Q(decided_at__isnull=False) & Q(decided_by__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["answer", "subject"], name="match_doubt_queue")]
        triggers: ClassVar = [pgtrigger.Protect(name="match_doubt_not_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name
