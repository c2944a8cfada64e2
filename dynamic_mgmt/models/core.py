"""Listed units as far as eligibility needs them."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from dynamic_mgmt.naming import split_models


class ListedUnit(models.Model):
    """One membership of a list: name as listed, level, batch, dates, removal.

    batch is the batch of that level (provincial batch 9 is not national batch 9); list_year is the
    year of the list, listed_on the day of publication where known, published_year its year where
    only that is known. Batch and list_year never change, also by a rename: renamed_to is the latest
    registered name with its key, empty while the unit still bears the name it was listed under.
    authority is who manages the unit, territory where it stands: 先导区 differ in the two.
    matchable is False for rows that a machine may never match to an organisation (公示 stage, short
    or foreign names, names not confirmed); unmatched_reason says why. A person links such a row by
    `organisation`.
    """

    class Level(models.TextChoices):
        NATIONAL = "national", "国家级"
        PROVINCIAL = "provincial", "省级"
        CITY = "city", "市级"

    class Category(models.TextChoices):
        FACTORY = "factory", "绿色工厂"
        PRODUCT = "product", "绿色设计产品"
        PARK = "park", "绿色工业园区"
        SUPPLY_CHAIN = "supply_chain", "绿色供应链管理企业"

    category = models.CharField("类别", max_length=12, choices=Category.choices)
    level = models.CharField("级别", max_length=12, choices=Level.choices)
    batch = models.CharField("批次", max_length=20, blank=True)
    list_year = models.IntegerField("名单年度", null=True, blank=True)
    listed_on = models.DateField("公布日期", null=True, blank=True)
    published_year = models.IntegerField("公布年份", null=True, blank=True)
    name_as_listed = models.CharField("列入时名称", max_length=160)
    name_key = models.CharField("归一名称", max_length=160, db_index=True)
    renamed_to = models.CharField("更名后名称", max_length=160, blank=True)
    renamed_key = models.CharField("归一更名后名称", max_length=160, blank=True, db_index=True)
    sort_key = models.CharField(max_length=400, blank=True, db_index=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, db_index=True)
    product_model = models.CharField("产品型号", max_length=300, blank=True)
    organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="对应法人单位"
    )
    authority = models.ForeignKey(
        "directory.Authority", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="管理单位"
    )
    territory = models.ForeignKey(
        "directory.Territory", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所在区划"
    )
    province = models.CharField("省份", max_length=20, blank=True)
    city = models.CharField("城市", max_length=20, blank=True)
    industry_code = models.CharField("行业代码", max_length=4, blank=True)
    evaluator_name = models.CharField("第三方评价机构", max_length=120, blank=True)
    standard = models.CharField("评价标准", max_length=120, blank=True)
    removed_on = models.DateField("移出日期", null=True, blank=True)
    removal_reason = models.CharField("移出原因", max_length=200, blank=True)
    removal_document = models.CharField("移出文号", max_length=120, blank=True)
    matchable = models.BooleanField("可自动匹配", default=True)
    unmatched_reason = models.CharField("不自动匹配的原因", max_length=60, blank=True)
    source = models.CharField("来源", max_length=400, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "名单单位"
        verbose_name_plural = "名单单位"
        ordering: ClassVar = ["sort_key", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="listed_level_known", condition=Q(level__in=["national", "provincial", "city"])
            ),
            models.CheckConstraint(
                name="listed_category_known", condition=Q(category__in=["factory", "product", "park", "supply_chain"])
            ),
            models.CheckConstraint(
                name="listed_removed_after_listed",
                condition=Q(removed_on=None) | Q(listed_on=None) | Q(removed_on__gte=models.F("listed_on")),
            ),
            models.UniqueConstraint(
                name="listed_once",
                fields=["category", "level", "batch", "list_year", "province", "name_key", "product_model"],
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["level", "category", "list_year"], name="listed_filters"),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="listed_not_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.current_name

    @property
    def current_name(self) -> str:
        """Return the registered name of today: the latest rename, else the name as listed."""
        return self.renamed_to or self.name_as_listed

    @property
    def active(self) -> bool:
        """Return whether the unit stands on its list today."""
        return self.removed_on is None

    @property
    def publication_year(self) -> int | None:
        """Return the year of publication, which from national batch 6 on is not the list year; None where unknown."""
        return self.listed_on.year if self.listed_on else self.published_year

    @property
    def product_models(self) -> tuple[str, ...]:
        """Return the models that the row holds: one row of a published list can name several."""
        return split_models(self.product_model)


class UnitSource(models.Model):
    """A further source that told of a unit: another publication, another mirror. The first stands on the unit. Append-only."""

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="sources")
    text = models.CharField("来源", max_length=400)
    told_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "名单单位来源"
        verbose_name_plural = "名单单位来源"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="source_once", fields=["unit", "text"]),
            models.CheckConstraint(name="source_told", condition=~Q(text="")),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="source_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class RemovalProposal(models.Model):
    """A removal from the list written down by one person and confirmed or dropped by another."""

    unit = models.ForeignKey(ListedUnit, models.PROTECT, related_name="removal_proposals")
    removed_on = models.DateField("移出日期")
    reason = models.CharField("移出原因", max_length=200)
    document_no = models.CharField("移出文号", max_length=120)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    confirmed = models.BooleanField(null=True)

    class Meta:
        verbose_name = "移出登记"
        verbose_name_plural = "移出登记"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="removal_one_open", fields=["unit"], condition=Q(decided_at=None)),
            models.CheckConstraint(
                name="removal_two_people",
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(name="removal_has_reason", condition=~Q(reason="") & ~Q(document_no="")),
        ]
