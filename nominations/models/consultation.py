"""征求意见: what the departments say of the nominees (通知 一、第2段)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Consultation(models.Model):
    """One request of a district to one department for all its nominees at once."""

    class State(models.TextChoices):
        ASKED = "asked", "已发出"
        ANSWERED = "answered", "已答复"
        CANCELLED = "cancelled", "已取消"

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="推荐单位")
    department = models.CharField("部门", max_length=60)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField("发出时间")
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    due_on = models.DateField("答复期限")
    link = models.ForeignKey("accounts.DatedLink", models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_name = models.CharField("答复人", max_length=60, blank=True)
    via = models.CharField("答复方式", max_length=10, blank=True)
    reply_file = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "征求意见"
        verbose_name_plural = "征求意见"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="consultation_state_known", condition=Q(state__in=["asked", "answered", "cancelled"])
            )
        ]


class ConsultationItem(models.Model):
    """A department's opinion on one nominee."""

    class Opinion(models.TextChoices):
        NONE = "none", "未答复"
        NO_OBJECTION = "no_objection", "无意见"
        OBJECTION = "objection", "有意见"

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="items")
    nomination = models.ForeignKey("nominations.Nomination", models.PROTECT, related_name="opinions")
    opinion = models.CharField("意见", max_length=14, choices=Opinion.choices, default=Opinion.NONE)
    text = models.TextField("说明", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="consultation_item_once", fields=["consultation", "nomination"]),
            models.CheckConstraint(
                name="consultation_objection_has_text", condition=~Q(opinion="objection") | ~Q(text="")
            ),
        ]
