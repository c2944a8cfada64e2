"""The staff of an evaluator, as dated rows without any identity number."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class StaffMember(models.Model):
    """One person of an evaluator's roster from `created_at` until `removed_at`.

    A change of what is known ends the row and writes another (`replaces`), so that the roster can
    be read as of any instant. `id_print` is a keyed HMAC of the identity number and `id_tail` its last
    four characters, both empty when no number was given: the number itself is never stored.
    """

    class Title(models.TextChoices):
        SENIOR = "senior", "高级职称"
        INTERMEDIATE = "intermediate", "中级职称"
        OTHER = "other", "其他"

    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="staff")
    name = models.CharField("姓名", max_length=40)
    title = models.CharField("职称级别", max_length=12, choices=Title.choices)
    title_name = models.CharField("职称名称", max_length=60, blank=True)
    field = models.CharField("职称专业", max_length=20)
    field_text = models.CharField("其他专业", max_length=60, blank=True)
    full_time = models.BooleanField("专职")
    education = models.CharField("学历", max_length=40, blank=True)
    major = models.CharField("专业", max_length=60, blank=True)
    years = models.IntegerField("从事绿色评价年限", null=True, blank=True)
    certificate_no = models.CharField("职称证书编号", max_length=60, blank=True)
    id_print = models.CharField(max_length=64, blank=True)
    id_tail = models.CharField("证件号码末四位", max_length=4, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "评价人员"
        verbose_name_plural = "评价人员"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="staff_person_once",
                fields=["evaluator", "id_print"],
                condition=Q(removed_at=None) & ~Q(id_print=""),
            ),
            models.CheckConstraint(
                name="staff_title_known", condition=Q(title__in=["senior", "intermediate", "other"])
            ),
            models.CheckConstraint(
                name="staff_print_is_no_number", condition=Q(id_print="") | Q(id_print__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="staff_print_with_tail",
                condition=Q(id_print="", id_tail="") | (~Q(id_print="") & Q(id_tail__regex=r"^[0-9]{3}[0-9X]$")),
            ),
            models.CheckConstraint(name="staff_years_sane", condition=Q(years=None) | Q(years__gte=0, years__lte=70)),
        ]
        indexes: ClassVar = [models.Index(fields=["id_print"], name="staff_id_print")]


class RosterBatch(models.Model):
    """Rows read from an uploaded roster and waiting for a look: numbers are already turned into prints.

    The workbook itself is removed in the request that read it. The rows go when the batch is
    applied or dropped.
    """

    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="+")
    rows = models.JSONField(default=list)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "人员名册导入"
        verbose_name_plural = "人员名册导入"
        constraints: ClassVar = [
            models.UniqueConstraint(name="roster_batch_one_each", fields=["evaluator", "created_by"])
        ]
