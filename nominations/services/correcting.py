"""Answering a return of the city: the next version, and a sealed page where the printed list changes."""

from __future__ import annotations

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.findings.types import Refused, WrongState
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.models import Correction, ListEntry, Nomination, NominationVersion
from nominations.selectors.listing import printed_row
from nominations.services import answering, notifying, rechecking
from nominations.services.freezing import freeze_nomination
from nominations.services.handing_in import HandedIn, current_content, lock_filings, require_complete
from nominations.services.moving import lock_with_list, move, move_list
from nominations.states import ListState, NominationState


def correct(*, actor: Actor, nomination_id: int, seen_version: int) -> HandedIn:
    """Hand the correction in: complete, confirmed again, every comment changed or explained.

    Freezes the next NominationVersion. When the row printed on 附件1 differs from the sealed one, the
    correction is marked as needing a sealed 补正页; the seal of the list stays valid otherwise. The
    list is whole again when this was its last open return. Raises Invalid with the list of comments, or of
    the blockers that the correction brings.
    """
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version)
        rules.owns(actor, nomination).require()
        if nomination.state != NominationState.RETURNED_BY_CITY:
            raise WrongState("这项申报没有待补正的退回，请刷新页面查看最新状态。")
        lock_filings(current_content(nomination), locked=True)
        content = current_content(nomination)
        missing = require_complete(nomination, content)
        _, revision = rulebook_at(nomination.round_id)
        run = rechecking.check_now([nomination], cause="correct")[nomination.pk]
        rechecking.refuse_blockers(run, "补正后的内容有不得申报的情形，不能提交补正。请核实修改，或撤回申报。")
        version = freeze_nomination(
            nomination, content=content, gaps=missing, revision=revision, check_run=run, cause="correct", actor=actor
        )
        correction = answering.close_answered(
            nomination, content, actor=actor, stage=Correction.Stage.CITY, answered_version=version
        )
        if correction is None:
            raise WrongState("这项申报没有待补正的退回，请刷新页面查看最新状态。")
        correction.needs_seal_page = _row_changed(nomination, version)
        correction.save(update_fields=["needs_seal_page"])
        data = {"nomination_version": version.pk, "seal_page": correction.needs_seal_page}
        move(nomination, "correct", actor=actor, data=data)
        list_whole_again(nomination, actor=actor)
        notifying.corrected(nomination, correction)
        return HandedIn(nomination, missing)


def _row_changed(nomination: Nomination, version: NominationVersion) -> bool:
    """True when the printed 附件1 row of `version` differs from the one on the submitted list."""
    entry = ListEntry.objects.filter(nomination=nomination, list_version__submission__isnull=False).first()
    if entry is None:
        raise Refused("没有找到已报送的汇总表版本，请联系市局。")
    return bool(printed_row(version.payload, entry.printed) != entry.printed)


def list_whole_again(nomination: Nomination, *, actor: Actor) -> None:
    """Move a partly returned list back to submitted when none of its nominations is out for correction."""
    row = nomination.list
    if row is None or row.state != ListState.PARTLY_RETURNED:
        return
    if not row.nominations.filter(state=NominationState.RETURNED_BY_CITY).exists():
        move_list(row, "corrections_in", actor=actor)
