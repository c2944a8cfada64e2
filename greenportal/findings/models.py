"""Kept runs of checks."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models


class CheckRun(models.Model):
    """What a set of rules said about a subject as of an instant. Append-only.

    facts_sha256 and rulebook_sha256 tell whether a later run could differ at all.
    """

    scope = models.CharField("对象类型", max_length=40)
    scope_id = models.BigIntegerField("对象编号")
    as_of = models.DateTimeField("核查时点")
    facts_sha256 = models.CharField(max_length=64)
    rulebook_sha256 = models.CharField(max_length=64)
    cause = models.CharField("触发", max_length=40)
    findings = models.JSONField(default=list)
    blockers = models.IntegerField(default=0)
    decisions = models.IntegerField(default=0)
    manual = models.IntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "核查记录"
        verbose_name_plural = "核查记录"
        indexes: ClassVar = [models.Index(fields=["scope", "scope_id", "-id"], name="checkrun_latest")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="checkrun_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
