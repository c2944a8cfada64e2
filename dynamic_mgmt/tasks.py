"""Jobs of dynamic management: ids in, service call."""

from __future__ import annotations

from dynamic_mgmt.constants import JOB_ARCHIVE, JOB_DUE, JOB_REASSESS
from dynamic_mgmt.models import TablePeriod
from dynamic_mgmt.services import archiving, assessing, chasing, periods
from greenportal.files import blobs
from greenportal.jobs.context import JobContext
from greenportal.jobs.registry import job, periodic

_CHUNK = 1000


@job(JOB_DUE, stoppable=False)
def make_due(ctx: JobContext, *, period_id: int) -> None:
    """Make every active unit due for a period, a thousand at a time; safe to repeat."""
    ids = periods.due_units(TablePeriod.objects.get(pk=period_id))
    made = 0
    for start in range(0, len(ids), _CHUNK):
        made += periods.make_due(period_id=period_id, unit_ids=ids[start : start + _CHUNK])
        ctx.step(start, len(ids), "正在生成待填报的动态管理表")
    with ctx.fenced():
        ctx.finish({"made": made})


@job(JOB_REASSESS, stoppable=False)
def reassess(ctx: JobContext, *, organisation_id: int | None, unit_id: int | None) -> None:
    """Judge again the open tables of a legal person or unit of whom an incident was told; safe to repeat."""
    made = assessing.reassess_tables(organisation_id=organisation_id, unit_id=unit_id)
    with ctx.fenced():
        ctx.finish({"tables": made})


@job(JOB_ARCHIVE)
def make_archive(ctx: JobContext, *, period_id: int, category: str) -> None:
    """Make the ZIP of a category's received tables; safe to repeat, an equal ZIP is kept once."""
    with blobs.scratch(".zip") as target:
        made = archiving.make_archive(
            period_id=period_id,
            category=category,
            target=target,
            step=lambda done, total: ctx.step(done, total, "正在生成动态管理表存档"),
        )
        with ctx.fenced():
            file = archiving.keep_archive(period_id=period_id, category=category, source=target)
            ctx.finish({"tables": made, "file": str(file.pk)})


@periodic("dynamic_mgmt.clock", every_seconds=300, catch_up=True)
def keep_time() -> None:
    """Reminders of each district, each once."""
    chasing.keep_time()
