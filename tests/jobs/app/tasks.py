"""Handlers for tests. Each counts its effects as rows, so that a doubled effect is a second row."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from greenportal import clock
from greenportal.files.services import store_issued
from greenportal.findings.types import Refused
from greenportal.jobs import faults
from greenportal.jobs.context import JobContext
from greenportal.jobs.models import Tick
from greenportal.jobs.registry import job


def note(name: str) -> None:
    """One effect: a row of its own."""
    Tick.objects.create(task=f"effect:{name}", planned_at=clock.running(), created_at=clock.running())


def effects(name: str) -> int:
    return Tick.objects.filter(task=f"effect:{name}").count()


@job("test.effect")
def effect(context: JobContext, *, name: str, seconds: float = 0) -> None:
    time.sleep(seconds)
    with context.fenced():
        note(name)
        context.finish({"name": name})


@job("test.steps")
def steps(context: JobContext, *, name: str, total: int = 50, pause: float = 0.1) -> None:
    for number in range(total):
        context.step(number, total, f"第{number}步")
        time.sleep(pause)
    with context.fenced():
        note(name)
        context.finish()


@job("test.file")
def file(context: JobContext, *, name: str) -> None:
    faults.point("in_handler")
    with context.fenced():
        stored = store_issued(
            source=name.encode() * 50, name=f"{name}.txt", kind="test.issued", content_type="text/plain"
        )
        note(name)
        context.finish({"file": str(stored.pk)})


@job("test.die_once")
def die_once(context: JobContext, *, name: str) -> None:
    """Is killed mid-way the first time."""
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with context.fenced():
        note(name)
        context.finish()


@job("test.poison", max_attempts=3)
def poison(context: JobContext) -> None:
    """Kills whoever runs it."""
    os.kill(os.getpid(), signal.SIGKILL)


@job("test.fail", max_attempts=3)
def fail(context: JobContext, *, name: str = "") -> None:
    with context.fenced():
        note(name)
        raise ZeroDivisionError("例外")


@job("test.refused")
def refused(context: JobContext) -> None:
    raise Refused("请先定稿。")


@job("test.result")
def result(context: JobContext, **values: Any) -> dict[str, Any]:
    return values
