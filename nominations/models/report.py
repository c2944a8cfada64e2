"""What the named evaluator states about its report."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from nominations.models.nomination import Nomination


class ReportStatement(models.Model):
    """The evaluator's word on its third-party report: finished, with author and date, or opened again. Append-only.

    A report is finished when the last statement of the evaluator now named says so; what another evaluator stated
    before does not count. `filing_version` holds what was finished.
    """

    class Kind(models.TextChoices):
        FINISHED = "finished", "已完成"
        REOPENED = "reopened", "重新填写"

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="report_statements")
    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    filing_version = models.ForeignKey("filings.FilingVersion", models.PROTECT, null=True, blank=True, related_name="+")
    author = models.CharField("报告编制负责人", max_length=60, blank=True)
    report_on = models.DateField("报告日期", null=True, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    stated_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["nomination_id", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="report_finished_is_whole",
                condition=~Q(kind="finished")
                | (Q(filing_version__isnull=False) & Q(report_on__isnull=False) & ~Q(author="")),
            ),
            models.CheckConstraint(name="report_reopened_has_reason", condition=~Q(kind="reopened") | ~Q(reason="")),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="report_statement_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
