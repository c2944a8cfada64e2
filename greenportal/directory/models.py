"""Authorities, territory, industries, legal persons and what of theirs is nominated."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from greenportal.findings.types import Confidence


class Territory(models.Model):
    """A county-level division of GB/T 2260. Separate from who administers it."""

    code = models.CharField("行政区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=40)

    class Meta:
        verbose_name = "行政区划"
        verbose_name_plural = "行政区划"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class Authority(models.Model):
    """A body that receives or answers: the city bureau, a district, a 先导区, a department.

    confidence says how sure we are that the row is right as of today; rows below `high` are shown
    with their note until the city lead has edited them. edited_at tells `load_directory` to leave
    the row alone.
    """

    class Kind(models.TextChoices):
        CITY = "city", "市局"
        DISTRICT = "district", "区市县"
        ZONE = "zone", "先导区"
        DEPARTMENT = "department", "征求意见部门"

    code = models.CharField("代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    bureau_name = models.CharField("主管部门全称", max_length=80, blank=True)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    territories = models.ManyToManyField(Territory, blank=True, verbose_name="所辖区划")
    starts_on = models.DateField("设立日期", null=True, blank=True)
    ends_on = models.DateField("撤并日期", null=True, blank=True)
    sort_key = models.CharField(max_length=120, blank=True, db_index=True)
    note = models.CharField("说明", max_length=200, blank=True)
    source = models.CharField("依据", max_length=200, blank=True)
    confidence = models.CharField("可信程度", max_length=10, choices=Confidence.choices, default=Confidence.OFFICIAL)
    edited_at = models.DateTimeField("最近修改时间", null=True, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        verbose_name = "主管部门"
        verbose_name_plural = "主管部门"
        ordering: ClassVar = ["sort_key", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(name="authority_confidence_known", condition=Q(confidence__in=Confidence.values)),
            models.CheckConstraint(
                name="authority_ends_after_start",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
            ),
            models.CheckConstraint(
                name="authority_kind_known", condition=Q(kind__in=["city", "district", "zone", "department"])
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Industry(models.Model):
    """A class of GB/T 4754-2017 (four digits, without the letter).

    name_checked is False for a code that was used before the list of the standard was imported.
    """

    code = models.CharField("行业代码", max_length=4, primary_key=True)
    section = models.CharField("门类", max_length=1)
    name = models.CharField("名称", max_length=80)
    name_checked = models.BooleanField("名称已与标准核对", default=True)
    edition = models.CharField("版本", max_length=40, default="GB/T 4754-2017")
    sort_key = models.CharField(max_length=400, blank=True, db_index=True)
    search_key = models.CharField(max_length=400, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)

    class Meta:
        verbose_name = "国民经济行业"
        verbose_name_plural = "国民经济行业"
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.CheckConstraint(name="industry_code_shape", condition=Q(code__regex=r"^[0-9]{4}$")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Organisation(models.Model):
    """A legal person, known by its unified social credit code."""

    class Ownership(models.TextChoices):
        STATE = "state", "内资（国有）"
        COLLECTIVE = "collective", "内资（集体）"
        PRIVATE = "private", "内资（民营）"
        JOINT = "joint", "中外合资"
        HMT = "hmt", "港澳台"
        FOREIGN = "foreign", "外商独资"

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("单位名称", max_length=120)
    sort_key = models.CharField(max_length=400, blank=True, db_index=True)
    ownership = models.CharField("单位性质", max_length=12, choices=Ownership.choices, blank=True)
    is_central = models.BooleanField("央企（含下属）", default=False)
    legal_representative = models.CharField("法定代表人", max_length=60, blank=True)
    address = models.CharField("注册地址", max_length=200, blank=True)
    established_on = models.DateField("成立日期", null=True, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    email = models.EmailField("电子邮箱", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "法人单位"
        verbose_name_plural = "法人单位"
        ordering: ClassVar = ["sort_key", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="organisation_uscc_shape", condition=Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Subject(models.Model):
    """What is nominated or listed: a site, a product line, a park, a supply chain of an organisation."""

    class Kind(models.TextChoices):
        FACTORY = "factory", "工厂"
        PRODUCT = "product", "产品"
        PARK = "park", "园区"
        SUPPLY_CHAIN = "supply_chain", "供应链"

    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="subjects", verbose_name="所属单位")
    name = models.CharField("名称", max_length=120)
    sort_key = models.CharField(max_length=400, blank=True, db_index=True)
    authority = models.ForeignKey(Authority, models.PROTECT, related_name="+", verbose_name="推荐单位")
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所在区划"
    )
    address = models.CharField("地址", max_length=200, blank=True)
    industry = models.ForeignKey(
        Industry, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属行业"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "申报对象"
        verbose_name_plural = "申报对象"
        ordering: ClassVar = ["sort_key", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="subject_once_per_organisation", fields=["organisation", "kind", "name"]),
            models.CheckConstraint(name="subject_has_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="subject_kind_known", condition=Q(kind__in=["factory", "product", "park", "supply_chain"])
            ),
        ]

    def __str__(self) -> str:
        return self.name
