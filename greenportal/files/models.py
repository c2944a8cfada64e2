"""Private files: one row per stored content with its purpose."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q


class StoredFile(models.Model):
    """A file that passed the upload pipeline, or that we issued. Bytes are found by `key`.

    kind: registered purpose (`nominations.document`, `nominations.packet` …), decides who sees it;
    sha256: of the original bytes; served_sha256: of the cleaned bytes that are served.
    author, creator: what an uploaded PDF says of who made it and with what; shown to nobody but as a finding.
    """

    class Scan(models.TextChoices):
        CLEAN = "clean", "已查毒"
        UNSCANNED = "unscanned", "未查毒"
        INFECTED = "infected", "发现病毒"

    class DataClass(models.TextChoices):
        ORDINARY = "ordinary", "一般"
        RESTRICTED = "restricted", "含个人信息"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("用途", max_length=40, db_index=True)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.BigIntegerField("字节数")
    pages = models.IntegerField("页数", null=True, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    served_sha256 = models.CharField(max_length=64)
    key = models.CharField("存储键", max_length=200)
    scan = models.CharField("查毒", max_length=10, choices=Scan.choices, default=Scan.UNSCANNED)
    data_class = models.CharField("数据级别", max_length=12, choices=DataClass.choices, default=DataClass.ORDINARY)
    author = models.CharField("文档作者", max_length=120, blank=True)
    creator = models.CharField("文档生成工具", max_length=120, blank=True)
    issued = models.BooleanField("本系统生成", default=False)
    owner_organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+"
    )
    owner_authority = models.ForeignKey("directory.Authority", models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField("上传时间")
    expires_at = models.DateTimeField("到期清除", null=True, blank=True)

    class Meta:
        verbose_name = "文件"
        verbose_name_plural = "文件"
        constraints: ClassVar = [
            # A repeated job that makes the same bytes leaves one row.
            models.UniqueConstraint(
                name="file_issued_once",
                fields=["kind", "name", "sha256", "owner_organisation", "owner_authority"],
                condition=Q(issued=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="file_size_positive", condition=Q(size__gt=0)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["key"], name="file_key"),
            models.Index(fields=["created_at"], name="file_unscanned", condition=Q(scan="unscanned")),
        ]

    def __str__(self) -> str:
        return self.name
