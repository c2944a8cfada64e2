"""The city's own 汇总表: what a person put together of accepted lists, and what the city lead approved. Frozen."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from nominations.states import CityListState


class CityList(models.Model):
    """全市推荐汇总表 of one round, frozen when prepared; approved by another person, undone only before publication.

    `payload` is what the pages show (rows by category, what was left out and why); `sha256` its digest. Only one
    per round is alive (prepared, approved or published). Immutable but for the marks of its moves.
    `judged`: nomination and sentence of each thing that the approval's or publication's note speaks of; `problems`: how many things the
    newest checks hold against a list after its approval (a merge of affiliates, a sanction), 0 where none.
    """

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="+")
    number = models.IntegerField("版次")
    state = models.CharField("状态", max_length=10, choices=CityListState.choices, default=CityListState.PREPARED)
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    revision = models.ForeignKey("rounds.RoundRevision", models.PROTECT, related_name="+")
    prepared_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField("编制时间")
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approval_note = models.TextField("对需人工判断事项的意见", blank=True)
    judged = models.JSONField("已写明处理意见的事项", default=list)
    published_on = models.DateField("公示日期", null=True, blank=True)
    published_document = models.CharField("公示文件", max_length=120, blank=True)
    published_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField("登记公示时间", null=True, blank=True)
    problems = models.IntegerField("批准后发现的事项", default=0)
    problems_at = models.DateTimeField("发现时间", null=True, blank=True)
    ended_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField("作废或撤销批准时间", null=True, blank=True)
    end_reason = models.CharField("作废或撤销批准的理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "全市推荐汇总表"
        verbose_name_plural = "全市推荐汇总表"
        ordering: ClassVar = ["round_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="city_list_number_once", fields=["round", "number"]),
            models.UniqueConstraint(
                name="city_list_one_alive",
                fields=["round"],
                condition=Q(state__in=["prepared", "approved", "published"]),
            ),
            models.CheckConstraint(name="city_list_state_known", condition=Q(state__in=CityListState.values)),
            models.CheckConstraint(
                name="city_list_approved_by_another",
                condition=~Q(state__in=["approved", "undone", "published"])
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("prepared_by"))),
            ),
            models.CheckConstraint(
                name="city_list_published_with_document",
                condition=~Q(state="published")
                | (
                    Q(published_on__isnull=False, published_at__isnull=False, published_by__isnull=False)
                    & ~Q(published_document="")
                    & ~Q(published_by=F("prepared_by"))
                ),
            ),
            models.CheckConstraint(
                name="city_list_ended_with_reason",
                condition=~Q(state__in=["discarded", "undone"]) | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="city_list_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="city_list_immutable",
                fields=["round", "number", "payload", "sha256", "revision", "prepared_by", "prepared_at"],
            ),
        ]


class CityListEntry(models.Model):
    """One row of the city's 汇总表: the frozen version of a nomination, or one left out with its reason. Append-only."""

    city_list = models.ForeignKey(CityList, models.PROTECT, related_name="entries")
    nomination = models.ForeignKey("nominations.Nomination", models.PROTECT, related_name="city_entries")
    version = models.ForeignKey("nominations.NominationVersion", models.PROTECT, related_name="+")
    category = models.CharField("类别", max_length=12)
    position = models.IntegerField("序号", null=True, blank=True)
    left_out = models.CharField("不列入的理由", max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["city_list_id", "category", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="city_entry_once", fields=["city_list", "nomination"]),
            models.UniqueConstraint(name="city_entry_position_once", fields=["city_list", "category", "position"]),
            models.CheckConstraint(
                name="city_entry_numbered_or_left_out",
                condition=Q(position__gte=1, left_out="") | (Q(position=None) & ~Q(left_out="")),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="city_entry_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
