"""The district looks at what was handed in: checked, or not any more."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from greenportal.accounts.actors import Actor
from nominations import rules
from nominations.models import Nomination
from nominations.selectors.people import hats
from nominations.services.moving import lock_with_list, move
from nominations.services.ranking import close_gap


def evaluator_organisation(nomination: Nomination) -> int | None:
    """Return the organisation of the named evaluator, for the two-hat rule."""
    return nomination.evaluator.organisation_id if nomination.evaluator else None


def may_judge(actor: Actor, nomination: Nomination) -> None:
    """Raise Refused unless the actor may judge this nomination for its district."""
    organisation_id = evaluator_organisation(nomination)
    rules.may_judge(actor, nomination, hats=hats(actor), evaluator_organisation_id=organisation_id).require()


def may_establish(actor: Actor, nomination: Nomination) -> None:
    """Raise Refused unless the actor may record what the district found out about this nomination."""
    organisation_id = evaluator_organisation(nomination)
    rules.may_establish(actor, nomination, hats=hats(actor), evaluator_organisation_id=organisation_id).require()


def check(*, actor: Actor, nomination_id: int, seen_version: int) -> Nomination:
    """Mark as checked; it takes the next place in its category's ranking."""
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version)
        may_judge(actor, nomination)
        ranked = Nomination.objects.filter(
            round_id=nomination.round_id, authority_id=nomination.authority_id, category=nomination.category
        ).exclude(state="withdrawn")
        last = ranked.aggregate(last=Max("rank"))["last"] or 0
        nomination.rank = last + 1
        move(nomination, "check", actor=actor, fields=["rank"], data={"rank": nomination.rank})
        return nomination


def uncheck(*, actor: Actor, nomination_id: int, seen_version: int) -> Nomination:
    """Take the check back; the ranking closes behind it."""
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version, ranking=True)
        may_judge(actor, nomination)
        nomination.rank = None
        move(nomination, "uncheck", actor=actor, fields=["rank"])
        close_gap(nomination)
        return nomination
