"""Outgoing messages, written with the change that causes them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class OutboxMail(models.Model):
    """One message to one recipient for one event; sent at most once, never blindly again.

    `sending` is written before the message leaves. Found again in that state, nobody knows whether
    it left: the state becomes `unknown` and a person decides.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENDING = "sending", "发送中"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        UNKNOWN = "unknown", "不确定是否发出"
        ABANDONED = "abandoned", "已放弃"

    class Channel(models.TextChoices):
        EMAIL = "email", "电子邮件"
        SMS = "sms", "短信或政务消息"

    event = models.CharField("事件", max_length=120)
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.CharField("收件人", max_length=254)
    template = models.CharField("模板", max_length=60)
    context = models.JSONField(default=dict)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField("已尝试次数", default=0)
    error = models.TextField("原因", blank=True)
    created_at = models.DateTimeField("生成时间")
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = "消息"
        verbose_name_plural = "消息"
        constraints: ClassVar = [
            models.UniqueConstraint(name="mail_once_per_event", fields=["event", "recipient"]),
            models.CheckConstraint(
                name="mail_state_known",
                condition=Q(state__in=["queued", "sending", "sent", "failed", "unknown", "abandoned"]),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="mail_trouble", condition=Q(state__in=["failed", "unknown"])),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.get_state_display()}"
