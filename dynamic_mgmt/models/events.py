"""What happens to a listed unit: renames and major changes, with proof and dates (通知 三)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from dynamic_mgmt.models.core import ListedUnit
from dynamic_mgmt.states import ChangeState


class UnitChange(models.Model):
    """A rename or major change told by a unit or its district and decided by the city.

    changed_on is the day of registration or of the change itself. old_name is the name at the time
    of proposing; new_name is empty except for a rename. document or document_no is the proof.
    Batch and list year of the unit never change by it.
    """

    class Kind(models.TextChoices):
        RENAME = "rename", "更名"
        MERGER = "merger", "兼并重组"
        ADDRESS = "address", "地址变更"
        BOUNDARY = "boundary", "组织边界变更"
        SCOPE = "scope", "生产范围变更"

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="changes", verbose_name="名单单位")
    kind = models.CharField("变更类别", max_length=12, choices=Kind.choices)
    state = models.CharField("状态", max_length=12, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    changed_on = models.DateField("变更日期")
    old_name = models.CharField("变更前名称", max_length=160)
    new_name = models.CharField("变更后名称", max_length=160, blank=True)
    text = models.CharField("变更说明", max_length=1000, blank=True)
    document = models.ForeignKey(
        "files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="证明材料"
    )
    document_no = models.CharField("证明文件名称或文号", max_length=120, blank=True)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposer_role = models.CharField(max_length=20)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField("决定理由", max_length=400, blank=True)
    recheck_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    recheck_at = models.DateTimeField(null=True, blank=True)
    recheck_text = models.CharField("复核结果", max_length=1000, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        verbose_name = "更名和重大变更"
        verbose_name_plural = "更名和重大变更"
        ordering: ClassVar = ["-changed_on", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="change_one_open", fields=["unit", "kind"], condition=Q(state__in=["proposed", "recheck"])
            ),
            models.CheckConstraint(name="change_state_known", condition=Q(state__in=ChangeState.values)),
            models.CheckConstraint(
                name="change_rename_has_name",
                condition=Q(kind="rename") & ~Q(new_name="") | ~Q(kind="rename") & Q(new_name="") & ~Q(text=""),
            ),
            models.CheckConstraint(name="change_has_proof", condition=Q(document__isnull=False) | ~Q(document_no="")),
            models.CheckConstraint(
                name="change_two_people",
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("proposed_by")) | Q(state=ChangeState.WITHDRAWN),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "kind"], name="change_worklist")]
        triggers: ClassVar = [pgtrigger.Protect(name="change_not_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.old_name}"


class UnitName(models.Model):
    """One step of a unit's name: from what to what, since when, by which proof. Never changed."""

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="names")
    change = models.ForeignKey(UnitChange, models.PROTECT, related_name="names")
    old_name = models.CharField("原名称", max_length=160)
    old_key = models.CharField(max_length=160, db_index=True)
    new_name = models.CharField("现名称", max_length=160)
    new_key = models.CharField(max_length=160, db_index=True)
    changed_on = models.DateField("变更日期")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = "名称沿革"
        verbose_name_plural = "名称沿革"
        ordering: ClassVar = ["changed_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="unit_name_once_per_change", fields=["unit", "change"]),
            models.CheckConstraint(name="unit_name_changes", condition=~Q(old_name=models.F("new_name"))),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="unit_name_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.old_name} → {self.new_name}"
