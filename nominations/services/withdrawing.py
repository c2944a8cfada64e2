"""An applicant or its district takes a nomination out, before publication, with the reason."""

from __future__ import annotations

from django.db import transaction

from evaluators.services import withdraw as withdraw_engagement
from greenportal import clock
from greenportal.accounts.actors import Actor
from nominations import rules
from nominations.models import Nomination
from nominations.services.answering import open_correction
from nominations.services.correcting import list_whole_again
from nominations.services.handing_in import current_content, lock_filings
from nominations.services.moving import lock_with_list, move
from nominations.services.ranking import close_gap
from nominations.states import WITH_CITY


def withdraw(*, actor: Actor, nomination_id: int, seen_version: int, reason: str) -> Nomination:
    """Withdraw: filings locked, engagement and open return ended, ranking closed, the list whole again if it can be.

    A nomination on a finalised list is not withdrawn: reopen the list first. One that the city has
    received stays visible to it. Raises ReasonRequired, WrongState, Stale, Refused.
    """
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version, ranking=True)
        rules.owns(actor, nomination).require()
        was_sent = nomination.state in WITH_CITY
        nomination.withdrawn_reason = " ".join(reason.split())[:300]
        if not was_sent:
            nomination.rank = None
        move(nomination, "withdraw", actor=actor, reason=reason, fields=["withdrawn_reason", "rank"])
        lock_filings(current_content(nomination), locked=True)
        if nomination.engagement_id is not None:
            withdraw_engagement(actor=actor, engagement_id=nomination.engagement_id, reason="申报已撤回")
        correction = open_correction(nomination)
        if correction is not None:
            correction.closed_at = clock.now()
            correction.save(update_fields=["closed_at"])
        if was_sent:
            list_whole_again(nomination, actor=actor)
        else:
            close_gap(nomination)
        return nomination
