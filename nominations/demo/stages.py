"""The four stages, each standing on the one before, and the guard before all of them."""

from __future__ import annotations

from django.conf import settings

from greenportal.accounts.models import User
from greenportal.findings.types import Refused
from nominations.demo import people
from nominations.demo.collecting import collecting
from nominations.demo.fiction import cast
from nominations.demo.managing import dynamic
from nominations.demo.opening import Say, opened
from nominations.demo.sending import corrected, submitted

STAGES = ("opened", "collecting", "submitted", "corrected")


def guard() -> None:
    """Refuse where a demonstration has no business: without the setting, or among other people's accounts."""
    if not settings.DEMO_ALLOWED:
        raise Refused("演示数据只能载入演示环境。确需载入的，设置环境变量 GREENPORTAL_DEMO=1 后再执行。")
    others = [user.username for user in User.objects.order_by("pk") if not people.is_ours(user)]
    if others:
        named = "、".join(others[:3])
        raise Refused(f"数据库中已有其他账户（{named}等{len(others)}个）。请换用空数据库后再载入演示数据。")


def load(stage: str, say: Say, *, heavy: bool = False, limit: int | None = None) -> None:
    """Bring the database to `stage`; what is there already stays as it is.

    limit: only so many applicants, the tutorial's district first. Raises Refused, ValueError for another stage.
    """
    wanted = STAGES[: STAGES.index(stage) + 1]
    guard()
    applicants = cast(limit)
    year = opened(applicants, say)
    if "collecting" in wanted:
        collecting(year, applicants, say, heavy=heavy)
        dynamic(year, say)
    if "submitted" in wanted:
        submitted(year, say)
    if "corrected" in wanted:
        corrected(year, say)
