"""Figures of listed units by year: what trends, comparison and judgement read."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from dynamic_mgmt.models.core import ListedUnit

YEARLY = "year"


class UnitFigure(models.Model):
    """One indicator of one listed unit for one year, with where it was read.

    indicator: key of the rulebook's `dynamic_indicators`; unit_of_measure: the value's own unit, compared
    only with itself (a product unit is part of it: tce/台); period: `year`, or the key of a further period.
    A later value replaces the current one, which keeps `superseded_at`: one current value per unit, year,
    period and indicator. Values are never changed nor deleted.
    """

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="figures", verbose_name="名单单位")
    data_year = models.IntegerField("数据年度")
    period = models.CharField("期", max_length=20, default=YEARLY)
    indicator = models.CharField("指标", max_length=60)
    unit_of_measure = models.CharField("计量单位", max_length=40, blank=True)
    value = models.DecimalField("数值", max_digits=30, decimal_places=8)
    source = models.CharField("来源", max_length=200)
    recorded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField("记录时间")
    superseded_at = models.DateTimeField("被取代时间", null=True, blank=True)

    class Meta:
        verbose_name = "名单单位数据"
        verbose_name_plural = "名单单位数据"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="figure_one_current",
                fields=["unit", "data_year", "period", "indicator"],
                condition=Q(superseded_at=None),
            ),
            models.CheckConstraint(name="figure_year_sane", condition=Q(data_year__gte=2000) & Q(data_year__lte=2100)),
            models.CheckConstraint(
                name="figure_superseded_later", condition=Q(superseded_at=None) | Q(superseded_at__gte=F("recorded_at"))
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["indicator", "data_year", "unit"],
                name="figure_current",
                condition=Q(superseded_at=None),
                include=["value", "unit_of_measure", "period"],
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="figure_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="figure_value_immutable",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "unit", "data_year", "period", "indicator", "unit_of_measure", "value", "source", "recorded_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.data_year}"
