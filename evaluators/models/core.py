"""The rows that eligibility needs of evaluators (通知 二)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Deferrable, Q

from evaluators.states import COUNTED, EngagementState


class Evaluator(models.Model):
    """A third-party evaluation body (第三方评价机构), one per legal person."""

    organisation = models.OneToOneField(
        "directory.Organisation", models.PROTECT, related_name="evaluator", verbose_name="法人单位"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "第三方评价机构"
        verbose_name_plural = "第三方评价机构"

    def __str__(self) -> str:
        return self.organisation.name


class EvaluatorRegistration(models.Model):
    """What an evaluator proved for a round; numbers are None until somebody enters them. Immutable.

    A correction is one more row with the next `number`; the standing as of an instant is read from
    the last row acknowledged by then.
    """

    evaluator = models.ForeignKey(Evaluator, models.PROTECT, related_name="registrations")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    number = models.IntegerField("序号", default=1)
    acknowledged_at = models.DateTimeField("确认时间", null=True, blank=True)
    registered_in_china = models.BooleanField("境内注册独立法人", null=True)
    has_experience = models.BooleanField("具有评价经验和能力", null=True)
    has_office = models.BooleanField("固定办公场所和条件", null=True)
    has_finance_system = models.BooleanField("健全的财务管理制度", null=True)
    staff_intermediate = models.IntegerField("中级职称以上专职人员", null=True, blank=True)
    staff_senior = models.IntegerField("其中相关专业高级职称", null=True, blank=True)
    knows_rules = models.BooleanField("熟悉政策和标准规范", null=True)
    latest_record_on = models.DateField("近五年业绩最近日期", null=True, blank=True)
    covers_three_fields = models.BooleanField("具备工厂、园区、供应链评价能力", null=True)
    declared_elsewhere = models.IntegerField("机构申报的本系统外评价项目数", null=True, blank=True)
    source = models.CharField("来源", max_length=120, blank=True)
    recorded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "评价机构登记"
        verbose_name_plural = "评价机构登记"
        ordering: ClassVar = ["evaluator_id", "round_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="registration_number_once", fields=["evaluator", "round", "number"]),
            models.CheckConstraint(
                name="registration_seniors_inside_staff",
                condition=Q(staff_intermediate=None)
                | Q(staff_senior=None)
                | Q(staff_senior__lte=models.F("staff_intermediate")),
            ),
            models.CheckConstraint(
                name="registration_counts_not_negative",
                condition=(Q(staff_intermediate=None) | Q(staff_intermediate__gte=0))
                & (Q(staff_senior=None) | Q(staff_senior__gte=0))
                & (Q(declared_elsewhere=None) | Q(declared_elsewhere__gte=0)),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="registration_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class AffiliateGroup(models.Model):
    """Evaluators that count as one for the cap: confirmed by a person, never merged automatically.

    Every evaluator stands in exactly one group, alone at first, so that the row to lock for a
    count always exists. `merged_into` is set when a group ends; its rows stay as history.
    """

    name = models.CharField("名称", max_length=120)
    basis = models.CharField("认定依据", max_length=300, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "关联企事业单位组"
        verbose_name_plural = "关联企事业单位组"

    def __str__(self) -> str:
        return self.name


class AffiliateMember(models.Model):
    """An evaluator's place in a group from `created_at` to `ended_at`; one open place at a time."""

    group = models.ForeignKey(AffiliateGroup, models.PROTECT, related_name="members")
    evaluator = models.ForeignKey(Evaluator, models.PROTECT, related_name="affiliations")
    reason = models.CharField("关联关系", max_length=200, blank=True)
    confirmed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "关联组成员"
        verbose_name_plural = "关联组成员"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="affiliate_one_group_at_a_time", fields=["evaluator"], condition=Q(ended_at=None)
            )
        ]


class Sanction(models.Model):
    """Results of a legal person not accepted for a span (不予采信), recorded by one person, confirmed by another.

    It bites from `verified_on` once `confirmed_at` is set, until the day before `until`, or until
    `lifted_on` where a lifting or a successful appeal was confirmed (`SanctionStep`). Never deleted.
    """

    organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, related_name="+", verbose_name="法人单位"
    )
    verified_on = models.DateField("查实日期")
    until = models.DateField("不予采信至")
    document_no = models.CharField("依据文号", max_length=120)
    facts = models.TextField("事实", blank=True)
    verified_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    second_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField("复核时间", null=True, blank=True)
    lifted_on = models.DateField("解除日期", null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "不予采信"
        verbose_name_plural = "不予采信"
        ordering: ClassVar = ["-verified_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="sanction_ends_after_start", condition=Q(until__gt=models.F("verified_on"))),
            models.CheckConstraint(
                name="sanction_two_people",
                condition=Q(verified_by=None) | Q(second_by=None) | ~Q(verified_by=models.F("second_by")),
            ),
            models.CheckConstraint(
                name="sanction_confirmed_by_two",
                condition=Q(confirmed_at=None) | Q(verified_by__isnull=False, second_by__isnull=False),
            ),
            models.CheckConstraint(
                name="sanction_lifted_after_confirmation",
                condition=Q(lifted_on=None)
                | Q(
                    confirmed_at__isnull=False, lifted_on__gte=models.F("verified_on"), lifted_on__lte=models.F("until")
                ),
            ),
            models.UniqueConstraint(name="sanction_once_per_document", fields=["organisation", "document_no"]),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="sanction_not_deleted", operation=pgtrigger.Delete)]


class Engagement(models.Model):
    """One evaluation of one subject in one category of one round (评价项目). Made by nominations.

    `ordinal` is dense per group and round over the counted ones, in order of recording (id);
    `over_cap` marks those beyond the cap. Both are None/False while the engagement does not count.
    """

    evaluator = models.ForeignKey(Evaluator, models.PROTECT, related_name="engagements")
    group = models.ForeignKey(AffiliateGroup, models.PROTECT, related_name="engagements")
    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    subject = models.ForeignKey("directory.Subject", models.PROTECT, related_name="+")
    category = models.CharField("类别", max_length=12)
    state = models.CharField("状态", max_length=12, choices=EngagementState.choices, default=EngagementState.CLAIMED)
    ordinal = models.IntegerField("序号", null=True, blank=True)
    over_cap = models.BooleanField("超出上限", default=False)
    version = models.IntegerField(default=1)
    claimed_at = models.DateTimeField("申报时间")
    claimed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    confirm_due_at = models.DateTimeField("机构确认期限", null=True, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    report_on = models.DateField("评价报告日期", null=True, blank=True)
    contract_no = models.CharField("合同编号", max_length=80, blank=True)
    contract_on = models.DateField("合同日期", null=True, blank=True)
    visit_from = models.DateField("现场评价开始日期", null=True, blank=True)
    visit_to = models.DateField("现场评价结束日期", null=True, blank=True)
    score = models.DecimalField("评价得分", max_digits=6, decimal_places=2, null=True, blank=True)
    statement = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    independent = models.BooleanField("机构的独立性声明", null=True)
    independent_at = models.DateTimeField("声明时间", null=True, blank=True)
    cap_seen_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    disputed_at = models.DateTimeField("提出异议时间", null=True, blank=True)
    dispute_reason = models.CharField("异议理由", max_length=300, blank=True)
    dispute_due_at = models.DateTimeField("市局认定期限", null=True, blank=True)
    decided_at = models.DateTimeField("市局认定时间", null=True, blank=True)
    decision_reason = models.CharField("认定理由", max_length=300, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawal_reason = models.CharField("撤回理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "评价项目"
        verbose_name_plural = "评价项目"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="engagement_once",
                fields=["round", "category", "subject"],
                condition=~Q(state__in=["withdrawn", "void"]),
            ),
            models.UniqueConstraint(
                name="engagement_ordinal_once",
                fields=["group", "round", "ordinal"],
                deferrable=Deferrable.DEFERRED,
            ),
            models.CheckConstraint(name="engagement_state_known", condition=Q(state__in=EngagementState.values)),
            models.CheckConstraint(
                name="engagement_category_has_report", condition=Q(category__in=["factory", "park", "supply_chain"])
            ),
            models.CheckConstraint(
                name="engagement_visit_in_order",
                condition=Q(visit_from=None) | Q(visit_to=None) | Q(visit_to__gte=models.F("visit_from")),
            ),
            models.CheckConstraint(
                name="engagement_score_in_range", condition=Q(score=None) | Q(score__gte=0, score__lte=100)
            ),
            models.CheckConstraint(
                name="engagement_ordinal_when_counted",
                condition=Q(state__in=sorted(COUNTED), ordinal__gte=1)
                | (~Q(state__in=sorted(COUNTED)) & Q(ordinal=None, over_cap=False)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["group", "round", "state"], name="engagement_counted"),
            models.Index(fields=["evaluator", "round"], name="engagement_evaluator_round"),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="engagement_not_deleted", operation=pgtrigger.Delete)]
