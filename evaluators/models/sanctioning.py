"""What happens to a sanction after it was confirmed: appeals, their outcome, an early end. Dated rows."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from evaluators.models.core import Sanction


class SanctionStep(models.Model):
    """One dated step about a sanction: 申诉, 维持, 撤销, 解除. Never deleted; its content never changes.

    An appeal is written down by one person and takes effect as a record. An outcome or a lifting is proposed by
    one and takes effect when another confirms. `on`: the day that the step bears itself (of the letter, of the end).
    """

    class Kind(models.TextChoices):
        APPEAL = "appeal", "机构申诉"
        KEEP = "keep", "申诉处理：维持"
        REVOKE = "revoke", "申诉处理：撤销"
        LIFT = "lift", "提前解除"

    sanction = models.ForeignKey(Sanction, models.PROTECT, related_name="steps")
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    on = models.DateField("日期")
    text = models.TextField("内容或理由")
    document_no = models.CharField("文号", max_length=120, blank=True)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    appeal = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="outcomes")
    written_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    second_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField("复核时间", null=True, blank=True)
    dropped_at = models.DateTimeField("复核不同意时间", null=True, blank=True)
    dropped_reason = models.CharField("复核不同意的理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "不予采信后续事项"
        verbose_name_plural = "不予采信后续事项"
        ordering: ClassVar = ["sanction_id", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sanction_step_two_people",
                condition=Q(kind="appeal")
                | Q(confirmed_at=None)
                | (Q(second_by__isnull=False) & ~Q(second_by=F("written_by"))),
            ),
            models.CheckConstraint(
                name="sanction_outcome_of_an_appeal",
                condition=Q(kind__in=["keep", "revoke"], appeal__isnull=False)
                | Q(kind__in=["appeal", "lift"], appeal=None),
            ),
            models.UniqueConstraint(
                name="sanction_step_one_waiting",
                fields=["sanction"],
                condition=~Q(kind="appeal") & Q(confirmed_at=None, dropped_at=None),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="sanction_step_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="sanction_step_content_stands",
                fields=["sanction", "kind", "on", "text", "document_no", "file", "appeal", "written_by", "written_at"],
            ),
        ]
