"""Stored answers of any sheet."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

#: Causes of versions that are written before a filing goes on under another definition of its form.
FORM_CAUSES = frozenset({"form", "table"})


class Filing(models.Model):
    """The living answers of one sheet for one owner.

    scope/scope_id name the owner (`nominations.nomination`, 12); `definition_sha256` pins the sheet
    definition; `answers` maps field keys to canonical strings, tables to lists of row objects with a
    permanent `_id`; `version` counts saves and is what a form posts back; `touched` says of each path in
    which version, by which open page and by whom it was last changed: what conflicts are told from;
    `former_sha256` is the definition it was filled in under before it followed a newer one, empty once it is
    frozen for any other cause: until then its pages say what the form asks anew and what no more.
    """

    scope = models.CharField("对象类型", max_length=40)
    scope_id = models.BigIntegerField("对象编号")
    sheet_key = models.CharField("表单", max_length=60)
    definition_sha256 = models.CharField(max_length=64)
    former_sha256 = models.CharField(max_length=64, blank=True, default="")
    answers = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    touched = models.JSONField(default=dict)
    done_sections = models.JSONField("已确认的部分", default=list)
    locked = models.BooleanField("锁定", default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "填报表"
        verbose_name_plural = "填报表"
        constraints: ClassVar = [models.UniqueConstraint(name="filing_once", fields=["scope", "scope_id", "sheet_key"])]


class SheetDefinition(models.Model):
    """A sheet definition as it was when a filing began, by content hash."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    key = models.CharField(max_length=60)
    definition = models.JSONField()
    created_at = models.DateTimeField()


class FilingVersion(models.Model):
    """Frozen answers: written when something is handed in or finalised, never by autosave. Immutable."""

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="versions")
    number = models.IntegerField("版本号")
    answers = models.JSONField()
    definition_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    cause = models.CharField("原因", max_length=40)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "填报版本"
        verbose_name_plural = "填报版本"
        constraints: ClassVar = [models.UniqueConstraint(name="filing_version_once", fields=["filing", "number"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="filing_version_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class FieldComment(models.Model):
    """A reviewer's remark at one field, answered by a change or by a stated reason.

    `correction_id` groups the comments of one return; `path` is `sheet.field` or
    `sheet.table[row id].column`, or `document:<slot>`.
    """

    class Kind(models.TextChoices):
        WRONG = "wrong", "不实或有误"
        INCOMPLETE = "incomplete", "不完整"
        OUTDATED = "outdated", "已过期"
        OTHER = "other", "其他"

    class Answer(models.TextChoices):
        OPEN = "open", "待修改"
        CHANGED = "changed", "已修改"
        EXPLAINED = "explained", "已说明理由"

    scope = models.CharField("对象类型", max_length=40)
    scope_id = models.BigIntegerField("对象编号")
    correction_id = models.BigIntegerField("退回编号", null=True, blank=True)
    path = models.CharField("位置", max_length=160)
    label = models.CharField("位置名称", max_length=160)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    text = models.TextField("意见")
    clause = models.CharField("依据", max_length=120, blank=True)
    value_seen = models.TextField("退回时的内容", blank=True)
    answer = models.CharField("答复", max_length=12, choices=Answer.choices, default=Answer.OPEN)
    answer_text = models.TextField("理由", blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    answered_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "字段意见"
        verbose_name_plural = "字段意见"
        indexes: ClassVar = [models.Index(fields=["scope", "scope_id"]), models.Index(fields=["correction_id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="comment_explained_has_text", condition=~Q(answer="explained") | ~Q(answer_text="")
            ),
        ]
