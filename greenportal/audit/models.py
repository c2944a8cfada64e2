"""The append-only audit trail: one hash chain per stream."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models


class AuditEntry(models.Model):
    """One thing that happened, was read, or was refused.

    `digest` = SHA-256 over the canonical JSON of this row's content and `previous`; `position` is
    dense per stream. The application's database role may only insert.
    """

    class Result(models.TextChoices):
        OK = "ok", "成功"
        REFUSED = "refused", "被拒"
        FAILED = "failed", "失败"

    stream = models.CharField("流", max_length=80)
    position = models.BigIntegerField("序号")
    at = models.DateTimeField("时间")
    user_id = models.BigIntegerField("用户编号", null=True)
    actor_name = models.CharField("操作人", max_length=60)
    role = models.CharField("角色", max_length=20)
    authority_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    address = models.CharField("来源地址", max_length=64, blank=True)
    action = models.CharField("动作", max_length=60)
    target = models.CharField("对象", max_length=80)
    result = models.CharField("结果", max_length=10, choices=Result.choices)
    data = models.JSONField("内容", default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = "审计记录"
        verbose_name_plural = "审计记录"
        constraints: ClassVar = [models.UniqueConstraint(name="audit_position_dense", fields=["stream", "position"])]
        indexes: ClassVar = [
            models.Index(fields=["target"]),
            models.Index(fields=["user_id", "at"]),
            models.Index(fields=["at"]),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="audit_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class AuditHead(models.Model):
    """The last position and digest of a stream; locked while an entry is appended."""

    stream = models.CharField(max_length=80, primary_key=True)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)


class AuditAnchor(models.Model):
    """A head written down at a moment, so that a chain rewritten as a whole is noticed too.

    Each run of `anchor()` writes the heads that moved, then one row of stream `*`: the seal. The
    seal's digest covers the previous seal and the rows of its run, its position counts them; a
    seal copied off the machine therefore vouches for every stream that existed then.
    """

    stream = models.CharField(max_length=80)
    position = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "审计锚点"
        verbose_name_plural = "审计锚点"
        indexes: ClassVar = [models.Index(fields=["stream", "position"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="anchor_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
