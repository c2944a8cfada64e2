"""One probe per part that can fail. A probe answers within about two seconds and never raises."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from greenportal.jobs.health import health

DISK_MINIMUM_MB = 1024


@dataclass(frozen=True)
class Reading:
    """What a probe found: `ok`, and a figure or a word for people."""

    name: str
    ok: bool
    value: str | int | dict[str, float | int | None]


def database() -> Reading:
    """Read one row from the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return Reading("database", False, "unreachable")
    return Reading("database", True, "reachable")


def cached() -> Reading:
    """Write and read back one value of the cache."""
    try:
        cache.set("health", "1", 10)
        ok = cache.get("health") == "1"
    except redis.RedisError:
        ok = False
    return Reading("cache", ok, "reachable" if ok else "unreachable")


def broker() -> Reading:
    """Ping the broker once, without redis-py's patient retries."""
    try:
        client = redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)
        )
        client.ping()
        client.close()
    except redis.RedisError:
        return Reading("broker", False, "unreachable")
    return Reading("broker", True, "reachable")


def jobs() -> Reading:
    """Return whether background work moves: ages in s of the oldest due job, the last tick and the last canary."""
    facts = health()
    value = {
        "oldest_due_seconds": facts.oldest_due_seconds,
        "last_tick_seconds": facts.last_tick_seconds,
        "last_canary_seconds": facts.last_canary_seconds,
        "dead": facts.dead,
    }
    return Reading("jobs", facts.healthy, value)


def disk() -> Reading:
    """Return the free space where this process keeps its files. Unit: MB."""
    settings.LOCAL_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.LOCAL_DIR).free // (1024 * 1024)
    return Reading("disk_free_mb", free >= DISK_MINIMUM_MB, free)


READY: tuple[Callable[[], Reading], ...] = (database,)
FURTHER: tuple[Callable[[], Reading], ...] = (cached, broker, disk)


def readiness() -> list[Reading]:
    """Return what decides whether this process may get requests."""
    return [probe() for probe in READY]


def everything() -> list[Reading]:
    """Return all readings; those of jobs are left out where the database is not reachable."""
    readings = [*readiness(), *(probe() for probe in FURTHER)]
    if readings[0].ok:
        readings.append(jobs())
    return readings
