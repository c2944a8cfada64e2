"""Numbers of the job system. Values and reasons: docs/explanation/jobs.md.

An installation or a test overrides single values with the setting `JOBS = {"lease_seconds": 5}`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

QUEUES = ("fast", "packet")
#: Seconds (soft, hard) that one run may take: the soft limit raises in the handler, the hard one kills it.
TIME_LIMITS: dict[str, tuple[int, int]] = {"fast": (120, 180), "packet": (600, 720)}
#: Redis hands an unacknowledged message out again after this; shorter than a run would double it.
VISIBILITY_TIMEOUT = int(max(hard for _, hard in TIME_LIMITS.values()) * 1.1)
RUN_TASK = "greenportal.jobs.run"
SWEEP_TASK = "greenportal.jobs.sweep"
TICK_TASK = "greenportal.jobs.tick"


@dataclass(frozen=True, slots=True)
class JobsConf:
    """All durations are in seconds.

    crash_at: name of the fault point at which a first attempt kills its own process; tests only.
    fencing: False switches the lease guard off, so that a test can show what the guard prevents.
    """

    lease_seconds: float = 60
    heartbeat_seconds: float = 15
    sweep_seconds: float = 15
    ring_again_seconds: float = 15
    ring_again_max_seconds: float = 60
    batch: int = 50
    batches_per_sweep: int = 20
    backoff_seconds: float = 10
    breaker_seconds: float = 30
    progress_write_seconds: float = 0.5
    keep_days: int = 90
    alarm_seconds: float = 180
    crash_at: str = ""
    fencing: bool = True


def values() -> JobsConf:
    """Return the numbers in force; a misspelt key in the setting raises TypeError."""
    overrides: dict[str, Any] = getattr(settings, "JOBS", {})
    return replace(JobsConf(), **overrides)


def celery_settings() -> dict[str, Any]:
    """Return the Celery configuration that the job system relies on (see docs/explanation/jobs.md)."""
    transport = {
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }
    sweep = values().sweep_seconds
    # A beat's call that nobody took is dropped when later ones wait: they do the same.
    expires = max(2 * sweep, 10.0)
    return {
        "imports": ("greenportal.jobs.worker",),
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        # Safe only because attempts are counted in the row: a poison job ends dead, not in a loop.
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_create_missing_queues": True,
        "task_default_queue": "fast",
        "task_soft_time_limit": TIME_LIMITS["fast"][0],
        "task_time_limit": TIME_LIMITS["fast"][1],
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 50,
        "worker_soft_shutdown_timeout": 60.0,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": transport,
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "timezone": "Asia/Shanghai",
        "enable_utc": True,
        "beat_schedule": {
            "sweep": {"task": SWEEP_TASK, "schedule": sweep, "options": {"expires": expires}},
            "tick": {"task": TICK_TASK, "schedule": sweep, "options": {"expires": expires}},
        },
    }
