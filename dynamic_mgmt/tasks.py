"""Jobs of dynamic management: ids in, service call."""

from __future__ import annotations

from dynamic_mgmt.constants import JOB_DUE
from dynamic_mgmt.models import TablePeriod
from dynamic_mgmt.services import chasing, periods
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


@periodic("dynamic_mgmt.clock", every_seconds=300, catch_up=True)
def keep_time() -> None:
    """Reminders of each district, each once."""
    chasing.keep_time()
