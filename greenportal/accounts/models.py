"""People and what they may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Coalesce, Lower

from greenportal.accounts.actors import ADMIN_ROLES, CITY_ROLES, DISTRICT_ROLES, EVALUATOR_ROLES, Role


class TsTzRange(Func):
    """The half-open span from `starts_at` to `ends_at`, open-ended when the end is NULL."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def _stored(roles: Iterable[Role]) -> list[str]:
    """The stored values in a fixed order: migrations compare them."""
    return sorted(str(role) for role in roles)


def _power() -> Case:
    """Which of the powers that exclude each other a role carries: 0 cases, 1–3 the administrators."""
    cases = [When(role=str(role), then=Value(n)) for n, role in enumerate(sorted(ADMIN_ROLES), start=1)]
    return Case(*cases, default=Value(0), output_field=models.IntegerField())


class User(AbstractUser):
    """A person who signs in. What the person may do is said by memberships, never by is_staff."""

    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机号码", max_length=20, blank=True)
    password_changed_at = models.DateTimeField("密码更改时间", null=True, blank=True)
    must_change_password = models.BooleanField("须更改密码", default=False)
    last_seen_at = models.DateTimeField("最近使用时间", null=True, blank=True)
    elder_mode = models.BooleanField("长辈版", default=False)

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_once", condition=~Q(email="")),
            models.UniqueConstraint(Lower("username"), name="user_username_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.username


class Membership(models.Model):
    """A role that a person holds for an authority or an organisation during a span of time.

    A delegation is a membership with `delegated_by` and `ends_at`: a district with one person
    gets a dated row instead of a shared password.

    The database refuses that one person holds, at any one moment, two of: the auditor's, the
    system administrator's, the security administrator's power, the power over cases (等保 三员分立).
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name="用户")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    authority = models.ForeignKey("directory.Authority", models.PROTECT, null=True, blank=True, verbose_name="主管部门")
    organisation = models.ForeignKey(
        "directory.Organisation", models.PROTECT, null=True, blank=True, verbose_name="单位"
    )
    delegated_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="委托人"
    )
    document_no = models.CharField("委托文号", max_length=80, blank=True)
    starts_at = models.DateTimeField("起")
    ends_at = models.DateTimeField("止", null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="授予人")
    created_at = models.DateTimeField("授予时间")
    ended_reason = models.CharField("结束原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "任职"
        verbose_name_plural = "任职"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="membership_role_known",
                condition=Q(role__in=[r.value for r in Role if r not in {Role.SYSTEM, Role.ANONYMOUS}]),
            ),
            models.CheckConstraint(
                name="membership_belongs_where_its_role_works",
                condition=(
                    Q(
                        role__in=_stored(DISTRICT_ROLES | CITY_ROLES | {Role.DEPARTMENT}),
                        authority__isnull=False,
                        organisation=None,
                    )
                    | Q(
                        role__in=_stored(EVALUATOR_ROLES | {Role.APPLICANT}), authority=None, organisation__isnull=False
                    )
                    | Q(role__in=_stored(ADMIN_ROLES), authority=None, organisation=None)
                ),
            ),
            models.CheckConstraint(
                name="membership_ends_after_start",
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")),
            ),
            ExclusionConstraint(
                name="membership_powers_apart",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (_power(), RangeOperators.NOT_EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="审计管理员、系统管理员、安全管理员与业务身份须由不同人员担任，请先结束此人现有的任职。",
            ),
            ExclusionConstraint(
                name="membership_held_once",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce(F("authority"), 0), RangeOperators.EQUAL),
                    (Coalesce(F("organisation"), 0), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="此人在这段时间已有同一任职，无需重复授予。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"


class DatedLink(models.Model):
    """A single-purpose link with an end: invitation, department opinion, legal representative's word.

    Only the SHA-256 of the token is stored. A link is used up by POST, never by opening it.
    """

    class Purpose(models.TextChoices):
        INVITATION = "invitation", "邀请注册"
        OPINION = "opinion", "部门意见"
        CONFIRMATION = "confirmation", "法定代表人确认"
        EVALUATOR = "evaluator", "评价机构填报"
        DYNAMIC_TABLE = "dynamic_table", "动态管理表填报"
        PASSWORD = "password", "设置密码"

    purpose = models.CharField("用途", max_length=20, choices=Purpose.choices)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField("对象类型", max_length=40)
    scope_id = models.BigIntegerField("对象编号")
    email = models.EmailField("邮箱", blank=True)
    payload = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "限时链接"
        verbose_name_plural = "限时链接"
        indexes: ClassVar = [models.Index(fields=["scope", "scope_id"])]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.scope}:{self.scope_id}"
