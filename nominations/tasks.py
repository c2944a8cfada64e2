"""Jobs of nominations: ids in, service call. Planned work: nightly recheck, and the clock of each district."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.services.counting import recount_round
from greenportal.jobs.context import JobContext
from greenportal.jobs.registry import job, periodic
from greenportal.jobs.services import enqueue
from greenportal.rounds.models import Round
from nominations.constants import JOB_CHANGED, JOB_PACKET, JOB_RECHECK, SCOPE_NOMINATION
from nominations.packets.kitchen import PacketKitchen
from nominations.services import approving, closing, following, producing, rechecking

_CHUNK = 500


@job(JOB_RECHECK, stoppable=False)
def recheck(
    ctx: JobContext,
    *,
    cause: str = "recheck",
    nomination_ids: Sequence[int] = (),
    engagement_ids: Sequence[int] = (),
    organisation_ids: Sequence[int] = (),
    round_ids: Sequence[int] = (),
) -> None:
    """Run the eligibility rules of open nominations; safe to repeat: an equal result writes nothing.

    Apps below ask for it by name with the ids they know: of engagements, organisations or rounds.
    """
    ids = rechecking.affected_ids(
        nomination_ids=nomination_ids,
        engagement_ids=engagement_ids,
        organisation_ids=organisation_ids,
        round_ids=round_ids,
    )
    if round_ids:
        # A revised cap first: the rules read the flags of what lies beyond it.
        for round_id in sorted(set(round_ids)):
            recount_round(round_id)
        following.follow(nomination_ids=ids)
    done = 0
    for start in range(0, len(ids), _CHUNK):
        done += rechecking.recheck(nomination_ids=ids[start : start + _CHUNK], cause=cause)
        ctx.step(done, len(ids), "正在核查申报资格")
    with ctx.fenced():
        # An approved city list that no longer holds is shown to the city by the same job.
        approving.look_again(nomination_ids=ids)
        ctx.finish({"checked": done})


@job(JOB_CHANGED, stoppable=False)
def filing_changed(ctx: JobContext, *, scope: str, scope_id: int) -> None:
    """An answer changed: check its nomination again."""
    if scope == SCOPE_NOMINATION:
        following.follow(nomination_ids=[scope_id])
    done = rechecking.recheck(nomination_ids=[scope_id], cause="answers") if scope == SCOPE_NOMINATION else 0
    with ctx.fenced():
        ctx.finish({"checked": done})


@job(JOB_PACKET, max_attempts=3)
def build_packet(ctx: JobContext, *, packet_id: int) -> None:
    """Make the packet of a list version, part by part, with progress and cancel."""
    producing.produce(ctx, packet_id=packet_id, kitchen=PacketKitchen())


@periodic("nominations.nightly", hour=2, minute=30, catch_up=True)
def nightly() -> None:
    """Ask for a recheck of every open nomination of every open round: what changed outside shows in the morning."""
    for year in Round.objects.filter(state=Round.State.OPEN).order_by("pk"):
        ids = rechecking.open_ids(round_id=year.pk)
        if ids:
            enqueue(JOB_RECHECK, payload={"nomination_ids": ids, "cause": "nightly"}, dedupe_key=f"nightly:{year.pk}")


@periodic("nominations.clock", every_seconds=300, catch_up=True)
def keep_time() -> None:
    """Reminders, rechecks and the closing word of each district, each once."""
    closing.keep_time()
