"""How an evaluation was done: the steps of 564号, and who did them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from evaluators.models.core import Engagement


class EngagementStep(models.Model):
    """One step of the evaluation procedure of an engagement as its evaluator reports it; `step` is a rulebook key.

    `people`: names, one a line. The internal technical review is by people outside the evaluation team.
    """

    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="steps")
    step = models.CharField("程序", max_length=40)
    done_on = models.DateField("完成日期", null=True, blank=True)
    people = models.TextField("人员", blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    updated_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "评价程序"
        verbose_name_plural = "评价程序"
        ordering: ClassVar = ["engagement_id", "id"]
        constraints: ClassVar = [models.UniqueConstraint(name="engagement_step_once", fields=["engagement", "step"])]
