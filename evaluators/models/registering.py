"""An evaluator's own registration in a round, its evidence, and what the city sent back."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from evaluators.states import RegistrationState


class RegistrationCase(models.Model):
    """The registration that an evaluator drafts and files for a round: one per evaluator and round.

    What counts as proved is never read from here but from `EvaluatorRegistration`, which an
    acknowledgement adds to: `acknowledged_row` is the last such row.
    """

    evaluator = models.ForeignKey("evaluators.Evaluator", models.PROTECT, related_name="cases")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=14, choices=RegistrationState.choices, default=RegistrationState.DRAFT)
    filing = models.OneToOneField("filings.Filing", models.PROTECT, null=True, related_name="+")
    version = models.IntegerField(default=1)
    frozen = models.ForeignKey("filings.FilingVersion", models.PROTECT, null=True, blank=True, related_name="+")
    filed_at = models.DateTimeField("提交时间", null=True, blank=True)
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_row = models.ForeignKey(
        "evaluators.EvaluatorRegistration", models.PROTECT, null=True, blank=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField("确认时间", null=True, blank=True)
    acknowledged_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "评价机构登记申报"
        verbose_name_plural = "评价机构登记申报"
        constraints: ClassVar = [
            models.UniqueConstraint(name="registration_case_once", fields=["evaluator", "round"]),
            models.CheckConstraint(
                name="registration_case_state_known", condition=Q(state__in=RegistrationState.values)
            ),
            models.CheckConstraint(
                name="registration_case_filed_is_frozen",
                condition=~Q(state__in=["filed", "returned", "acknowledged"])
                | Q(frozen__isnull=False, filed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="registration_case_acknowledged_has_row",
                condition=~Q(state="acknowledged")
                | Q(acknowledged_row__isnull=False, acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="registration_case_not_deleted", operation=pgtrigger.Delete)]


class CaseEvidence(models.Model):
    """A file that proves one of the five conditions. Removed rows stay with their date."""

    class Condition(models.TextChoices):
        LEGAL_PERSON = "legal_person", "（一）独立法人，经验和能力"
        OFFICE = "office", "（二）办公场所、条件和财务制度"
        STAFF = "staff", "（三）专职人员"
        KNOWLEDGE = "knowledge", "（四）熟悉政策和标准规范"
        ABILITY = "ability", "（五）评价能力和近五年业绩"

    case = models.ForeignKey(RegistrationCase, models.PROTECT, related_name="evidence")
    condition = models.CharField("基本条件", max_length=14, choices=Condition.choices)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    title = models.CharField("名称", max_length=160)
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "登记证明材料"
        verbose_name_plural = "登记证明材料"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="case_evidence_condition_known",
                condition=Q(condition__in=["legal_person", "office", "staff", "knowledge", "ability"]),
            )
        ]


class FiledReturn(models.Model):
    """A return by the city of a registration or an annual report, with its own due day.

    The remarks at fields are `filings.FieldComment` of the same scope and scope_id, without a
    correction id: all open ones belong to the return that is not closed.
    """

    scope = models.CharField(max_length=40)
    scope_id = models.BigIntegerField()
    reason = models.CharField("总体意见", max_length=2000)
    due_at = models.DateTimeField("修改期限")
    opened_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "退回"
        verbose_name_plural = "退回"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="filed_return_one_open", fields=["scope", "scope_id"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(name="filed_return_due_later", condition=Q(due_at__gt=models.F("opened_at"))),
        ]
