"""The annual work report (附件10): drafted, filed by the round's clock, sealed, accepted; and who is reminded."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from evaluators.states import ReportState


class AnnualReport(models.Model):
    """An evaluator's report of one round: one row, many filed versions (`ReportFiling`)."""

    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="reports")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    filing = models.OneToOneField("filings.Filing", models.PROTECT, null=True, related_name="+")
    version = models.IntegerField(default=1)
    current = models.ForeignKey("evaluators.ReportFiling", models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField("接收时间", null=True, blank=True)
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "年度工作情况报告"
        verbose_name_plural = "年度工作情况报告"
        constraints: ClassVar = [
            models.UniqueConstraint(name="annual_report_once", fields=["evaluator", "round"]),
            models.CheckConstraint(name="annual_report_state_known", condition=Q(state__in=ReportState.values)),
            models.CheckConstraint(
                name="annual_report_filed_is_frozen", condition=Q(state="draft") | Q(current__isnull=False)
            ),
            models.CheckConstraint(
                name="annual_report_accepted_by_somebody",
                condition=~Q(state="accepted") | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="annual_report_not_deleted", operation=pgtrigger.Delete)]


class ReportFiling(models.Model):
    """A report as it was filed: frozen answers and what stood beside them. Immutable.

    The database compares `received_at` with the round's clock, an open return's due day and the
    city's leave to file late. `late`: received after the round's clock. `payload`: roster row ids and
    counts, engagements of this portal, totals against the cap. `sha256` is over answers and payload.
    """

    report = models.ForeignKey(AnnualReport, models.PROTECT, related_name="filings")
    number = models.IntegerField("版本号")
    frozen = models.ForeignKey("filings.FilingVersion", models.PROTECT, related_name="+")
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField("收到时间")
    late = models.BooleanField("迟报")
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "年度报告版本"
        verbose_name_plural = "年度报告版本"
        ordering: ClassVar = ["report_id", "number"]
        constraints: ClassVar = [models.UniqueConstraint(name="report_filing_once", fields=["report", "number"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="report_filing_immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


class ReportSeal(models.Model):
    """The sealed scan of a filed version, matched by the code printed on it or declared by a person."""

    class Method(models.TextChoices):
        CODE = "code", "二维码核对一致"
        DECLARED = "declared", "经办人声明一致"

    filing = models.ForeignKey(ReportFiling, models.PROTECT, related_name="seals")
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    method = models.CharField("核对方式", max_length=10, choices=Method.choices)
    declared_reason = models.CharField("核对情况", max_length=300, blank=True)
    uploaded_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        verbose_name = "年度报告盖章件"
        verbose_name_plural = "年度报告盖章件"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="report_seal_declared_with_reason", condition=~Q(method="declared") | ~Q(declared_reason="")
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="report_seal_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


class LateAllowance(models.Model):
    """The city's written leave to file an annual report after the round's clock; the report stays 迟报."""

    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="+")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    until = models.DateTimeField("补报期限")
    reason = models.CharField("理由", max_length=300)
    granted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        verbose_name = "同意补报"
        verbose_name_plural = "同意补报"
        constraints: ClassVar = [
            models.CheckConstraint(name="late_allowance_ends_later", condition=Q(until__gt=models.F("granted_at")))
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="late_allowance_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


class ReportMark(models.Model):
    """A stored moment of the annual report's clock: each mark of each closing instant is told once."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    mark = models.CharField(max_length=10)
    closes_at = models.DateTimeField()
    told = models.IntegerField("提醒家数", default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "年度报告提醒"
        verbose_name_plural = "年度报告提醒"
        constraints: ClassVar = [
            models.UniqueConstraint(name="report_mark_once", fields=["round", "mark", "closes_at"])
        ]
