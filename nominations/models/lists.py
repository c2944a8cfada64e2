"""A district's recommendation list, its packet, its seal and its receipt."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from nominations.states import ListState


class RecommendationList(models.Model):
    """推荐汇总表 of one district in one round."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="推荐单位")
    state = models.CharField("状态", max_length=16, choices=ListState.choices, default=ListState.DRAFTING)
    version = models.IntegerField("修订号", default=1)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    filled_on = models.DateField("填报日期", null=True, blank=True)
    current = models.ForeignKey("nominations.ListVersion", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "推荐汇总表"
        verbose_name_plural = "推荐汇总表"
        constraints: ClassVar = [
            models.UniqueConstraint(name="list_once_per_district", fields=["round", "authority"]),
            models.CheckConstraint(name="list_state_known", condition=Q(state__in=ListState.values)),
        ]


class ListVersion(models.Model):
    """The list as finalised (定稿): rows in order, nomination versions, rulebook revision.

    Immutable but for the marks that void it.
    """

    list = models.ForeignKey(RecommendationList, models.PROTECT, related_name="versions")
    number = models.IntegerField("版本号")
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    revision = models.ForeignKey("rounds.RoundRevision", models.PROTECT, related_name="+")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    void_reason = models.CharField("作废理由", max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["list_id", "number"]
        constraints: ClassVar = [models.UniqueConstraint(name="list_version_once", fields=["list", "number"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="list_version_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="list_version_immutable",
                fields=["list", "number", "payload", "sha256", "revision", "created_by", "created_at"],
            ),
        ]


class ListEntry(models.Model):
    """One row of a list version: the nomination's frozen version, its place, and the row as printed on 附件1."""

    list_version = models.ForeignKey(ListVersion, models.PROTECT, related_name="entries")
    nomination = models.ForeignKey("nominations.Nomination", models.PROTECT, related_name="entries")
    version = models.ForeignKey("nominations.NominationVersion", models.PROTECT, related_name="entries")
    category = models.CharField("类别", max_length=12)
    position = models.IntegerField("序号")
    printed = models.JSONField("附件1一行")

    class Meta:
        ordering: ClassVar = ["list_version_id", "category", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="entry_once", fields=["list_version", "nomination"]),
            models.UniqueConstraint(name="entry_position_once", fields=["list_version", "category", "position"]),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="list_entry_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class Packet(models.Model):
    """申报材料 of a list version: made by a job, offered when complete."""

    list_version = models.OneToOneField(ListVersion, models.PROTECT, related_name="packet")
    content_key = models.CharField(max_length=64)
    job_id = models.UUIDField(null=True, blank=True)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    manifest = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)


class PacketPart(models.Model):
    """A part already made for some packet, found again by what it was made from."""

    content_key = models.CharField(max_length=64, unique=True)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    pages = models.IntegerField(default=0)
    created_at = models.DateTimeField()


class SealScan(models.Model):
    """A sealed scan that came back and the version it belongs to."""

    class Method(models.TextChoices):
        CODE = "code", "二维码核对"
        DECLARED = "declared", "经办人声明"

    list_version = models.ForeignKey(ListVersion, models.PROTECT, related_name="scans")
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    method = models.CharField("核对方式", max_length=10, choices=Method.choices)
    code_text = models.CharField(max_length=300, blank=True)
    declared_reason = models.CharField("声明理由", max_length=300, blank=True)
    correction = models.ForeignKey("nominations.Correction", models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="scan_declared_has_reason", condition=~Q(method="declared") | ~Q(declared_reason="")
            )
        ]


class Submission(models.Model):
    """The receipt of a district's submission: one per list, numbered without gaps per round.

    `received_at` is the request's time of receipt; a trigger compares it with Deadline/Extension.
    """

    list = models.OneToOneField(RecommendationList, models.PROTECT, related_name="submission")
    list_version = models.OneToOneField(ListVersion, models.PROTECT, related_name="submission")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    serial = models.IntegerField("序号")
    receipt_no = models.CharField("回执编号", max_length=40, unique=True)
    received_at = models.DateTimeField("接收时间")
    extension = models.ForeignKey("rounds.Extension", models.PROTECT, null=True, blank=True, related_name="+")
    submitted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(name="submission_serial_once", fields=["round", "serial"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="submission_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class PaperCount(models.Model):
    """The paper copies that reached the bureau: how many, with which hash printed on them."""

    list = models.ForeignKey(RecommendationList, models.PROTECT, related_name="paper_counts")
    copies = models.IntegerField("份数")
    hash_seen = models.CharField("纸面校验码", max_length=64)
    matches = models.BooleanField("与报送版本一致")
    note = models.CharField("说明", max_length=300, blank=True)
    counted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="paper_copies_positive", condition=Q(copies__gte=0))]


class DeadlineMark(models.Model):
    """A reminder, a recheck or the closing that happened for one district and one closing instant: once only."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+")
    mark = models.CharField(max_length=10)
    closes_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="deadline_mark_once", fields=["round", "authority", "mark", "closes_at"])
        ]
