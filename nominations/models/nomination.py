"""A nomination and what hangs on it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from greenportal import clock
from nominations.constants import Category
from nominations.states import NominationState


class ConfirmedVia(models.TextChoices):
    """How the legal representative's word reached us."""

    SIGNED_IN = "signed_in", "登录确认"
    LINK = "link", "链接确认"
    PAPER = "paper", "纸质签字"


class Nomination(models.Model):
    """One subject proposed in one category of one round (申报). Unique per these three, never per firm.

    `confirmed_sha256` is the digest of the content that the legal representative confirmed: any
    later change of an answer or a document makes the confirmation void by itself.
    `industry_standard`: number of the published 绿色工厂 standard of the industry; empty when an officer
    found that there is none, NULL while nobody looked.
    `independence`: an officer's finding that the evaluator had no part in the self-evaluation report
    (通知 二、第1段); NULL while nobody looked, and again when another evaluator is chosen.
    `declared_independent`: the applicant's own word on the same; `report_authors`: who wrote its self-evaluation
    report, one name a line, compared with the evaluator's staff.
    """

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+", verbose_name="年度批次")
    category = models.CharField("类别", max_length=12, choices=Category.choices)
    subject = models.ForeignKey("directory.Subject", models.PROTECT, related_name="+", verbose_name="申报对象")
    applicant = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+", verbose_name="申报单位")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="推荐单位")
    industry = models.ForeignKey(
        "directory.Industry", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属行业"
    )
    evaluator = models.ForeignKey(
        "evaluators.Evaluator", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="第三方评价机构"
    )
    engagement = models.ForeignKey("evaluators.Engagement", models.PROTECT, null=True, blank=True, related_name="+")
    standard = models.CharField("评价标准", max_length=120, blank=True)
    industry_standard = models.CharField("行业绿色工厂标准", max_length=120, null=True, blank=True)
    state = models.CharField("状态", max_length=24, choices=NominationState.choices, default=NominationState.DRAFT)
    version = models.IntegerField("修订号", default=1)
    rank = models.IntegerField("推荐排序", null=True, blank=True)
    key_energy_user = models.BooleanField("重点用能行业企业", null=True)
    key_energy_reason = models.CharField("认定理由", max_length=300, blank=True)
    key_energy_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    independence = models.BooleanField("第三方评价独立性", null=True)
    independence_reason = models.CharField("独立性核实情况", max_length=300, blank=True)
    independence_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    declared_independent = models.BooleanField("申报单位的独立性声明", null=True)
    report_authors = models.TextField("自评价报告编写人", blank=True)
    copied_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    list = models.ForeignKey(
        "nominations.RecommendationList",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="nominations",
        verbose_name="推荐汇总表",
    )
    last_check = models.ForeignKey("findings.CheckRun", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by_name = models.CharField("确认的法定代表人", max_length=60, blank=True)
    confirmed_at = models.DateTimeField("法定代表人确认时间", null=True, blank=True)
    confirmed_sha256 = models.CharField(max_length=64, blank=True)
    confirmed_via = models.CharField("确认方式", max_length=10, choices=ConfirmedVia.choices, blank=True)
    handed_in_at = models.DateTimeField("提交时间", null=True, blank=True)
    national_filed_on = models.DateField("国家平台填报日期", null=True, blank=True)
    withdrawn_reason = models.CharField("撤回理由", max_length=300, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField("创建时间")
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = "申报"
        verbose_name_plural = "申报"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="nomination_once", fields=["round", "category", "subject"], condition=~Q(state="withdrawn")
            ),
            models.UniqueConstraint(
                name="nomination_rank_once",
                fields=["round", "authority", "category", "rank"],
                condition=Q(rank__isnull=False) & ~Q(state="withdrawn"),
            ),
            models.CheckConstraint(name="nomination_state_known", condition=Q(state__in=NominationState.values)),
            models.CheckConstraint(name="nomination_category_known", condition=Q(category__in=Category.values)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["round", "authority", "category", "state"], name="nomination_board"),
            models.Index(fields=["round", "state"], name="nomination_round_state"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} {self.subject_id}"


class NominationSheet(models.Model):
    """A sheet of a nomination and the filing that holds its answers."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="sheets")
    sheet_key = models.CharField("表单", max_length=60)
    filing = models.OneToOneField("filings.Filing", models.PROTECT, related_name="+")
    position = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="nomination_sheet_once", fields=["nomination", "sheet_key"])
        ]
        ordering: ClassVar = ["nomination_id", "position", "id"]


class NominationDocument(models.Model):
    """An uploaded document in one of the slots that the rulebook asks for. Replaced, never overwritten.

    `signed` and `sealed`: what an officer saw on it; NULL while nobody looked.
    """

    class Trust(models.TextChoices):
        ISSUED = "A", "政府部门核发"
        VERIFIED = "B", "窗口核验"
        UPLOADED = "C", "上传件，待核对原件"
        DECLARED = "D", "自行声明"

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="documents")
    slot = models.CharField("材料", max_length=60)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    title = models.CharField("名称", max_length=160, blank=True)
    issued_on = models.DateField("出具日期", null=True, blank=True)
    trust = models.CharField("可信级别", max_length=1, choices=Trust.choices, default=Trust.UPLOADED)
    signed = models.BooleanField("签字齐全", null=True)
    sealed = models.BooleanField("盖章齐全", null=True)
    inspected_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    inspected_at = models.DateTimeField("签字盖章核对时间", null=True, blank=True)
    position = models.IntegerField(default=0)
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["nomination_id", "slot", "position", "id"]
        indexes: ClassVar = [
            models.Index(fields=["nomination", "slot"], name="document_slot", condition=Q(removed_at=None))
        ]


class NominationVersion(models.Model):
    """A nomination frozen: answers of every sheet, documents with hashes, rulebook revision, check run. Immutable."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="versions")
    number = models.IntegerField("版本号")
    cause = models.CharField("原因", max_length=24)
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    revision = models.ForeignKey("rounds.RoundRevision", models.PROTECT, related_name="+")
    check_run = models.ForeignKey("findings.CheckRun", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["nomination_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="nomination_version_once", fields=["nomination", "number"])
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="nomination_version_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class VersionDocument(models.Model):
    """A document as part of a frozen version: who may see the version may see the file. Append-only."""

    version = models.ForeignKey(NominationVersion, models.PROTECT, related_name="documents")
    document = models.ForeignKey(NominationDocument, models.PROTECT, related_name="frozen_in")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(name="version_document_once", fields=["version", "document"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="version_document_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class StateChange(models.Model):
    """One move of a nomination. Append-only."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="changes")
    action = models.CharField(max_length=24)
    source = models.CharField(max_length=24)
    target = models.CharField(max_length=24)
    reason = models.TextField("理由", blank=True)
    actor_id_value = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=60)
    role = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["nomination_id", "id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="state_change_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class Correction(models.Model):
    """A return for correction as an object with its own due date (not an extension)."""

    class Stage(models.TextChoices):
        DISTRICT = "district", "区县退回"
        CITY = "city", "市局退回"

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="corrections")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    version = models.ForeignKey(
        NominationVersion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="被退回的版本"
    )
    answered_version = models.ForeignKey(NominationVersion, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField("总体意见")
    due_at = models.DateTimeField("补正期限")
    needs_seal_page = models.BooleanField("须补盖章补正页", default=False)
    opened_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="correction_one_open", fields=["nomination"], condition=Q(closed_at=None)),
            models.CheckConstraint(name="correction_stage_known", condition=Q(stage__in=["district", "city"])),
        ]

    @property
    def due(self) -> str:
        """The due date as people write it: the end of a day is 24:00."""
        return clock.spoken(self.due_at)


class Decision(models.Model):
    """A named officer's written decision on a finding of severity `decision` (原则上). Append-only."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="decisions")
    rule = models.CharField("规则", max_length=40)
    keep = models.BooleanField("同意推荐")
    reason = models.TextField("理由")
    facts = models.JSONField("当时依据", default=dict)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["nomination_id", "id"]
        constraints: ClassVar = [models.CheckConstraint(name="decision_has_reason", condition=~Q(reason=""))]
        triggers: ClassVar = [
            pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
