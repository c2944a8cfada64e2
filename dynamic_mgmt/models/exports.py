"""What the city exported for the national platform: the file as issued and which receipts stand in it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from dynamic_mgmt.models.core import ListedUnit
from dynamic_mgmt.models.tables import Dispatch, DynamicTable, TablePeriod, TableReceipt
from dynamic_mgmt.table_states import Opinion


class TableExport(models.Model):
    """One Excel of a category, kept as it was issued (StoredFile holds its SHA-256), with the columns of that day.

    dispatch: under which number it was sent up; None while it was not. file: None only for dispatches written down
    before exports were kept.
    """

    period = models.ForeignKey(TablePeriod, models.PROTECT, related_name="exports")
    category = models.CharField("类别", max_length=12, choices=ListedUnit.Category.choices)
    columns = models.JSONField("列", default=list)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    dispatch = models.OneToOneField(Dispatch, models.PROTECT, null=True, blank=True, related_name="export")
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField("导出时间")

    class Meta:
        verbose_name = "导出"
        verbose_name_plural = "导出"
        ordering: ClassVar = ["-id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="table_export_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="table_export_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("period", "category", "columns", "file", "by", "at"),
            ),
        ]


class ExportedTable(models.Model):
    """One row of an export: the receipt it was made from (None: the unit refused to file), opinion and decision as of then."""

    export = models.ForeignKey(TableExport, models.PROTECT, related_name="rows")
    table = models.ForeignKey(DynamicTable, models.PROTECT, related_name="exported")
    receipt = models.ForeignKey(TableReceipt, models.PROTECT, null=True, blank=True, related_name="+")
    opinion = models.CharField("区县意见", max_length=14, choices=Opinion.choices, blank=True)
    decision = models.CharField("市局决定", max_length=14, choices=Opinion.choices, blank=True)

    class Meta:
        verbose_name = "导出的动态管理表"
        verbose_name_plural = "导出的动态管理表"
        constraints: ClassVar = [models.UniqueConstraint(name="exported_once", fields=["export", "table"])]
        triggers: ClassVar = [
            pgtrigger.Protect(name="exported_table_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
