"""Business time: one instant per request, deadline arithmetic in Asia/Shanghai.

Nothing else in the code base asks the operating system for the time; ruff bans it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

LOCAL = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"
_instant: ContextVar[datetime | None] = ContextVar("greenportal_instant", default=None)


def now() -> datetime:
    """Return the instant of the current request, or the present one outside requests. Aware, UTC."""
    return _instant.get() or running()


def running() -> datetime:
    """Return the present instant even inside a request: for leases and heartbeats. Aware, UTC."""
    offset: timedelta = settings.CLOCK_OFFSET
    return datetime.now(UTC) + offset


@contextmanager
def fixed(instant: datetime) -> Iterator[datetime]:
    """Hold `now()` at `instant` for the block: a request's time of receipt, or a test."""
    token = _instant.set(instant)
    try:
        yield instant
    finally:
        _instant.reset(token)


def local(instant: datetime) -> datetime:
    """Return `instant` on Dalian's wall clock."""
    return instant.astimezone(LOCAL)


def today() -> date:
    """Return the local date of `now()`."""
    return local(now()).date()


def local_instant(day: date, at: time = time(0)) -> datetime:
    """Return the UTC instant of the local wall-clock time `at` on `day`."""
    return datetime.combine(day, at, tzinfo=LOCAL).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the first instant after the local `day`: a period "by `day`" is open before it."""
    return local_instant(day + timedelta(days=1))


def spoken(instant: datetime) -> str:
    """Return `instant` as people of the bureau write it: 2022年10月15日（星期六）24:00.

    Midnight is shown as 24:00 of the day that it closes.
    """
    moment = local(instant)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0):
        return f"{spoken_date((moment - timedelta(days=1)).date())}24:00"
    return f"{spoken_date(moment.date())}{moment:%H:%M}"


def spoken_date(day: date) -> str:
    """Return 2022年10月15日（星期六）."""
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"
