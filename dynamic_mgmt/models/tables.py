"""Dynamic tables (附件6-9): periods, one table per unit and period, receipts, visits, reminders, what was sent up."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from dynamic_mgmt.constants import AFTER_RETURN
from dynamic_mgmt.models.core import ListedUnit, RemovalProposal
from dynamic_mgmt.table_states import Opinion, TableState

_GROUPS = ("energy", "carbon", "water", "waste", "rename", "other")


class TablePeriod(models.Model):
    """A period for which tables are asked in a round: the yearly one, and those that the city adds (定期报送).

    clock: key of the round's Deadline row, so that extensions are rows of rounds; data_year: the year the
    figures are of; periodic: the short sheet of key indicators.
    """

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+", verbose_name="年度批次")
    key = models.CharField("期", max_length=20)
    label = models.CharField("名称", max_length=80)
    periodic = models.BooleanField("关键指标定期报送", default=False)
    data_year = models.IntegerField("数据年度")
    clock = models.CharField("期限", max_length=40)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "填报期"
        verbose_name_plural = "填报期"
        ordering: ClassVar = ["-data_year", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(name="period_once", fields=["round", "key"])]

    def __str__(self) -> str:
        return self.label


class DynamicTable(models.Model):
    """What one listed unit files for one period, and what became of it.

    authority: the district that organises the filing; findings: the rules' answers at the last filing
    (Finding.as_json), warnings only; late: filed after the clock, refused_at: refused to file — both stay.
    proposal: what a reviewer of the city proposes to its lead; it falls when the table goes back, to a re-check or a visit.
    correct_by: exclusive end of the correction that a return asks for (DESIGN §4: not an extension), None where none was set.
    """

    period = models.ForeignKey(TablePeriod, models.PROTECT, related_name="tables")
    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="tables")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+", verbose_name="管理单位")
    category = models.CharField("类别", max_length=12, choices=ListedUnit.Category.choices)
    state = models.CharField("状态", max_length=20, choices=TableState.choices, default=TableState.DUE)
    version = models.IntegerField(default=1)
    filing = models.OneToOneField("filings.Filing", models.PROTECT, null=True, blank=True, related_name="+")
    findings = models.JSONField(default=list)
    filed_at = models.DateTimeField("提交时间", null=True, blank=True)
    late = models.BooleanField("逾期补报", default=False)
    refused_at = models.DateTimeField("拒不填报登记时间", null=True, blank=True)
    correct_by = models.DateTimeField("修改期限", null=True, blank=True)
    opinion = models.CharField("区县意见", max_length=14, choices=Opinion.choices, blank=True)
    opinion_reason = models.CharField("区县意见理由", max_length=500, blank=True)
    opinion_clause = models.CharField("依据", max_length=120, blank=True)
    opinion_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    opinion_at = models.DateTimeField(null=True, blank=True)
    proposal = models.CharField("审核人员建议", max_length=14, choices=Opinion.choices, blank=True)
    proposal_reason = models.CharField("审核人员建议的理由", max_length=500, blank=True)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField("市局决定", max_length=14, choices=Opinion.choices, blank=True)
    decision_reason = models.CharField("市局决定理由", max_length=500, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    removal = models.ForeignKey(RemovalProposal, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "动态管理表"
        verbose_name_plural = "动态管理表"
        constraints: ClassVar = [
            models.UniqueConstraint(name="table_once", fields=["period", "unit"]),
            models.CheckConstraint(name="table_state_known", condition=Q(state__in=TableState.values)),
            models.CheckConstraint(
                name="table_decided_has_decision",
                condition=~Q(state="decided") | (~Q(decision="") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="table_opinion_has_reason",
                condition=Q(opinion__in=["", "keep"]) | ~Q(opinion_reason=""),
            ),
            models.CheckConstraint(
                name="table_proposal_by_somebody",
                condition=Q(proposal="") | Q(proposed_by__isnull=False, proposed_at__isnull=False),
            ),
            models.CheckConstraint(name="table_late_was_filed", condition=Q(late=False) | Q(filed_at__isnull=False)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["period", "authority", "state"], name="table_board"),
            models.Index(fields=["period", "category", "state"], name="table_export"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.period_id}"


class TableChange(models.Model):
    """One move of a table, with its reason: the history that officers read. Append-only."""

    table = models.ForeignKey(DynamicTable, models.PROTECT, related_name="changes")
    action = models.CharField(max_length=30)
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)
    actor_name = models.CharField(max_length=60, blank=True)
    role = models.CharField(max_length=20)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "动态管理表变更"
        verbose_name_plural = "动态管理表变更"
        ordering: ClassVar = ["-id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="table_change_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class TableReceipt(models.Model):
    """A filing as received: the frozen answers, when, by whom, in time or late. Gated by the database; immutable."""

    table = models.ForeignKey(DynamicTable, models.PROTECT, related_name="receipts")
    filing_version = models.ForeignKey("filings.FilingVersion", models.PROTECT, related_name="+")
    received_at = models.DateTimeField("收到时间")
    late = models.BooleanField("逾期补报")
    reason = models.CharField("逾期理由", max_length=500, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField("提交人", max_length=60)
    on_behalf = models.BooleanField("区县代报", default=False)
    by_link = models.BooleanField("经链接提交", default=False)

    class Meta:
        verbose_name = "动态管理表回执"
        verbose_name_plural = "动态管理表回执"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="receipt_late_has_reason", condition=Q(late=False) | ~Q(reason="")),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="table_receipt_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    @property
    def late_words(self) -> str:
        """Return why it came after the clock, as read: a correction after a return is no 逾期补报; "" in time."""
        if not self.late:
            return ""
        return self.reason if self.reason == AFTER_RETURN else f"逾期补报：{self.reason}"


class TableEvidence(models.Model):
    """A file that a table rests on (佐证材料): statistics, an audit, a test report. Taken out it stays with its date.

    group: which figures it is for; the answers name reports in words, this is the report itself.
    added_by: nobody where it came through the unit's dated link; only such a row is taken out through a link again.
    """

    class Group(models.TextChoices):
        ENERGY = "energy", "能源"
        CARBON = "carbon", "碳排放"
        WATER = "water", "水"
        WASTE = "waste", "固体废物"
        RENAME = "rename", "更名和重大变更"
        OTHER = "other", "其他"

    table = models.ForeignKey(DynamicTable, models.PROTECT, related_name="evidence")
    group = models.CharField("用于", max_length=8, choices=Group.choices)
    title = models.CharField("名称或文号", max_length=160)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+", verbose_name="佐证材料")
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "佐证材料"
        verbose_name_plural = "佐证材料"
        ordering: ClassVar = ["group", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(name="evidence_group_known", condition=Q(group__in=_GROUPS)),
            models.CheckConstraint(
                name="evidence_removed_by_somebody",
                condition=Q(removed_at=None, removed_by=None)
                | Q(removed_at__isnull=False, removed_by__isnull=False)
                | Q(removed_at__isnull=False, added_by=None),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="evidence_not_deleted", operation=pgtrigger.Delete)]


class UnitVisit(models.Model):
    """A visit to a unit: guidance (跟踪指导), re-check or on-site evaluation with its result."""

    class Kind(models.TextChoices):
        GUIDANCE = "guidance", "跟踪指导"
        RECHECK = "recheck", "复核"
        ON_SITE = "on_site", "现场评估"

    class Result(models.TextChoices):
        FITS = "fits", "符合要求"
        FAILS = "fails", "不符合要求"

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="visits")
    table = models.ForeignKey(DynamicTable, models.PROTECT, null=True, blank=True, related_name="visits")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    done_on = models.DateField("日期")
    people = models.CharField("参加人员", max_length=200)
    text = models.TextField("情况")
    result = models.CharField("结果", max_length=6, choices=Result.choices, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "走访记录"
        verbose_name_plural = "走访记录"
        ordering: ClassVar = ["-done_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="visit_result_where_asked",
                condition=Q(kind="guidance", result="") | ~Q(kind="guidance") & ~Q(result=""),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="visit_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class TableMark(models.Model):
    """A reminder that was due for a district at a stored instant; the unique row makes it once."""

    period = models.ForeignKey(TablePeriod, models.PROTECT, related_name="marks")
    authority = models.ForeignKey("directory.Authority", models.PROTECT, related_name="+")
    mark = models.CharField(max_length=10)
    closes_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="table_mark_once", fields=["period", "authority", "mark", "closes_at"])
        ]


class ExportMap(models.Model):
    """The order of columns that the city set for one category's export: rows of [heading, source key].

    periodic: of the short sheets of 定期报送, which have other keys than the yearly tables.
    """

    category = models.CharField("类别", max_length=12, choices=ListedUnit.Category.choices)
    periodic = models.BooleanField("关键指标定期报送", default=False)
    columns = models.JSONField("列")
    note = models.CharField("依据", max_length=200, blank=True)
    version = models.IntegerField(default=1)
    updated_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "导出列序"
        verbose_name_plural = "导出列序"
        constraints: ClassVar = [
            models.UniqueConstraint(name="export_map_once", fields=["category", "periodic"]),
        ]


class Dispatch(models.Model):
    """What the city sent up (国家平台), when and under which number: one export of a category of a period (`TableExport`)."""

    period = models.ForeignKey(TablePeriod, models.PROTECT, related_name="dispatches")
    category = models.CharField("类别", max_length=12, choices=ListedUnit.Category.choices)
    sent_on = models.DateField("上报日期")
    document_no = models.CharField("文号或平台回执", max_length=120)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "上报记录"
        verbose_name_plural = "上报记录"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.CheckConstraint(name="dispatch_numbered", condition=~Q(document_no=""))]
        triggers: ClassVar = [
            pgtrigger.Protect(name="dispatch_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


__all__ = [
    "Dispatch",
    "DynamicTable",
    "ExportMap",
    "TableChange",
    "TableEvidence",
    "TableMark",
    "TablePeriod",
    "TableReceipt",
    "UnitVisit",
]
