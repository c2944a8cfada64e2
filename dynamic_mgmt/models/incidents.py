"""Incidents (事故/违法上报, 通知 三): told at once by the district, verified by the city, corrected only by addition."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from dynamic_mgmt.models.core import ListedUnit
from dynamic_mgmt.states import IncidentState


class Incident(models.Model):
    """One incident of a legal person or of a listed unit that no legal person is known for.

    authority is the district that reported, None for the city itself. What was reported stands in
    the revisions; `current` is the newest. It counts once the city has verified it.
    """

    organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="法人单位"
    )
    unit = models.ForeignKey(
        ListedUnit, models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name="名单单位"
    )
    authority = models.ForeignKey(
        "directory.Authority", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="上报单位"
    )
    state = models.CharField("状态", max_length=12, choices=IncidentState.choices, default=IncidentState.REPORTED)
    reported_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    reported_at = models.DateTimeField("上报时间")
    current = models.ForeignKey(
        "dynamic_mgmt.IncidentRevision", models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField("理由", max_length=400, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        verbose_name = "事故和违法情况"
        verbose_name_plural = "事故和违法情况"
        ordering: ClassVar = ["-reported_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="incident_is_about_somebody", condition=Q(organisation__isnull=False) | Q(unit__isnull=False)
            ),
            models.CheckConstraint(name="incident_state_known", condition=Q(state__in=IncidentState.values)),
            models.CheckConstraint(
                name="incident_two_people",
                condition=~Q(state=IncidentState.VERIFIED)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("reported_by")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "state"], name="incident_of_organisation")]
        triggers: ClassVar = [pgtrigger.Protect(name="incident_not_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.about

    @property
    def about(self) -> str:
        """Return the name of whom it is about."""
        if self.organisation is not None:
            return self.organisation.name
        return self.unit.current_name if self.unit is not None else ""


class IncidentRevision(models.Model):
    """What was reported, as reported at one time. A correction is another row with its reason."""

    class Kind(models.TextChoices):
        SAFETY = "safety", "生产安全"
        DATA = "data", "网络安全、数据安全"
        QUALITY = "quality", "产品质量"
        ENVIRONMENT = "environment", "环境污染"
        TAX = "tax", "偷漏税"
        DISHONEST = "dishonest", "失信被执行人"
        OTHER = "other", "其他违法违规"

    class Severity(models.TextChoices):
        EXTREME = "extreme", "特别重大"
        MAJOR = "major", "重大"
        LARGER = "larger", "较大"
        ORDINARY = "ordinary", "一般"
        UNGRADED = "ungraded", "未定级或不分级"

    class Source(models.TextChoices):
        CREDITCHINA = "creditchina", "信用中国"
        GSXT = "gsxt", "国家企业信用信息公示系统"
        OTHER = "other", "其他"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="revisions")
    number = models.IntegerField("次序")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    severity = models.CharField("等级", max_length=12, choices=Severity.choices)
    source = models.CharField("信息来源", max_length=12, choices=Source.choices)
    source_text = models.CharField("来源说明", max_length=200, blank=True)
    happened_on = models.DateField("发生或认定日期")
    text = models.CharField("情况说明", max_length=1000)
    document_no = models.CharField("文书名称或文号", max_length=120, blank=True)
    document = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField("更正理由", max_length=400, blank=True)
    written_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "上报内容"
        verbose_name_plural = "上报内容"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="incident_revision_number", fields=["incident", "number"]),
            models.CheckConstraint(
                name="incident_other_source_told", condition=~Q(source="other") | ~Q(source_text="")
            ),
            models.CheckConstraint(
                name="incident_correction_has_reason", condition=Q(number=1) | Q(number__gt=1) & ~Q(reason="")
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="incident_revision_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_on}"

    @property
    def source_words(self) -> str:
        """Return the source as read: its name, or what was told of another one."""
        return self.source_text if self.source == self.Source.OTHER else self.get_source_display()


class IncidentStep(models.Model):
    """One move of an incident: reported, corrected, withdrawn, verified, rejected. The state as of a day is read here."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="steps")
    action = models.CharField("办理", max_length=12)
    state = models.CharField("办理后状态", max_length=12, choices=IncidentState.choices)
    reason = models.CharField("理由", max_length=400, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "办理记录"
        verbose_name_plural = "办理记录"
        ordering: ClassVar = ["id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="incident_step_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d}"
