"""Background work: the row is the truth, Celery is only rung."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of work, written in the transaction of the change that wants it.

    lease_token fences every effect: only the run that holds it may write; it is set exactly while
    the row is `running`. `again` asks for one more run after the present one, because something
    changed after the present run may have read it. `ring_at` is when the sweeper rings next.
    """

    class State(models.TextChoices):
        DUE = "due", "排队中"
        RUNNING = "running", "处理中"
        DONE = "done", "已完成"
        CANCELLED = "cancelled", "已取消"
        DEAD = "dead", "已停止，需人工处理"
        ABANDONED = "abandoned", "已放弃"

    class Queue(models.TextChoices):
        FAST = "fast", "快速"
        PACKET = "packet", "材料生成"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("任务", max_length=60)
    queue = models.CharField("队列", max_length=10, choices=Queue.choices, default=Queue.FAST)
    payload = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=120, blank=True)
    scope = models.CharField("对象类型", max_length=40, blank=True)
    scope_id = models.BigIntegerField("对象编号", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DUE)
    attempts = models.IntegerField("已尝试次数", default=0)
    due_at = models.DateTimeField("应执行时间")
    ring_at = models.DateTimeField("下次唤醒")
    rings = models.IntegerField("唤醒次数", default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    again = models.BooleanField("完成后再执行一次", default=False)
    progress_done = models.IntegerField(default=0)
    progress_total = models.IntegerField(default=0)
    stage = models.CharField("阶段", max_length=80, blank=True)
    cancel_requested = models.BooleanField(default=False)
    error = models.TextField("错误", blank=True)
    user_message = models.CharField("给用户的说明", max_length=300, blank=True)
    result = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "后台任务"
        verbose_name_plural = "后台任务"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="job_one_open_per_key",
                fields=["kind", "dedupe_key"],
                condition=Q(state__in=["due", "running"]) & ~Q(dedupe_key=""),
            ),
            models.CheckConstraint(
                name="job_state_known",
                condition=Q(state__in=["due", "running", "done", "cancelled", "dead", "abandoned"]),
            ),
            models.CheckConstraint(
                name="job_lease_while_running",
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="job_finished_when_over",
                condition=Q(state__in=["due", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "cancelled", "dead", "abandoned"], finished_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="job_due", condition=Q(state="due")),
            models.Index(fields=["ring_at"], name="job_ring", condition=Q(state="due")),
            models.Index(fields=["lease_until"], name="job_leased", condition=Q(state="running")),
            models.Index(fields=["finished_at"], name="job_dead", condition=Q(state="dead")),
            models.Index(fields=["scope", "scope_id"], name="job_scope"),
            models.Index(fields=["kind", "finished_at"], name="job_kind_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        """True while the job waits or runs."""
        return self.state in {self.State.DUE, self.State.RUNNING}

    @property
    def percent(self) -> int:
        """Progress from 0 to 100; 0 while the amount of work is not known."""
        if self.progress_total <= 0:
            return 0
        return max(0, min(100, self.progress_done * 100 // self.progress_total))


class Tick(models.Model):
    """One planned run of a periodic task; the unique row makes two beats harmless."""

    task = models.CharField(max_length=60)
    planned_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(name="tick_once", fields=["task", "planned_at"])]

    def __str__(self) -> str:
        return f"{self.task} {self.planned_at:%Y-%m-%d %H:%M:%S}"
