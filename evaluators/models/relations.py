"""Relations between legal persons (关联企事业单位): said by a person with evidence, never guessed (通知 二、末2段)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from evaluators.states import RelationState


class AffiliateRelation(models.Model):
    """One relation between two legal persons, at least one of them an evaluator; `first_id` is the smaller id.

    It joins affiliate groups from `confirmed_at` until `ended_at`. The notice does not define 关联: kind,
    words and evidence are what the officer judged. A relation that ended and holds again is a new row.
    """

    class Kind(models.TextChoices):
        REPRESENTATIVE = "representative", "同一法定代表人"
        CONTROL = "control", "控制关系"
        SHAREHOLDING = "shareholding", "持股关系"
        SUBSIDIARY = "subsidiary", "事业单位下属单位"
        OTHER = "other", "其他"

    first = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+", verbose_name="单位")
    second = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+", verbose_name="另一单位")
    kind = models.CharField("关联关系", max_length=16, choices=Kind.choices)
    text = models.CharField("说明", max_length=300, blank=True)
    basis = models.CharField("依据材料", max_length=300)
    evidence = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+", verbose_name="证明文件")
    state = models.CharField("状态", max_length=10, choices=RelationState.choices, default=RelationState.PROPOSED)
    version = models.IntegerField(default=1)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("登记时间")
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField("认定时间", null=True, blank=True)
    rejected_at = models.DateTimeField("不予认定时间", null=True, blank=True)
    ended_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField("解除时间", null=True, blank=True)
    reason = models.CharField("不予认定或解除的理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "关联关系"
        verbose_name_plural = "关联关系"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="relation_in_order", condition=Q(first__lt=F("second"))),
            models.CheckConstraint(name="relation_state_known", condition=Q(state__in=RelationState.values)),
            models.CheckConstraint(name="relation_other_has_words", condition=~Q(kind="other") | ~Q(text="")),
            models.CheckConstraint(
                name="relation_confirmed_by_a_person",
                condition=~Q(state__in=["confirmed", "ended"])
                | Q(confirmed_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="relation_ended_with_reason",
                condition=~Q(state="ended")
                | (Q(ended_at__isnull=False, ended_by__isnull=False, ended_at__gte=F("confirmed_at")) & ~Q(reason="")),
            ),
            models.UniqueConstraint(
                name="relation_one_open",
                fields=["first", "second", "kind"],
                condition=Q(state__in=["proposed", "confirmed"]),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["first", "second"], name="relation_in_force", condition=Q(state="confirmed"))
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="relation_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="relation_content_stands",
                fields=["first", "second", "kind", "text", "basis", "evidence", "proposed_by", "proposed_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first_id} {self.second_id}"
