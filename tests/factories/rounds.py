"""Rounds for tests: opened from the real 2022 rulebook, with ends moved where a test needs it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.rounds import services
from greenportal.rounds.models import Round

_numbers = itertools.count(1)
#: An instant inside every clock of the 2022 round.
DURING = datetime(2022, 9, 20, 1, 0, tzinfo=UTC)


def make_lead(**values: Any) -> Actor:
    """Return the city lead, a real user behind it (rows point to who did things)."""
    number = next(_numbers)
    user = User.objects.create(username=f"round-lead-{number}", name="市局负责人", **values)
    return Actor(role=Role.CITY_LEAD, user_id=user.pk, name="市局负责人")


def prepare_round_2022(*, actor: Actor | None = None) -> Round:
    """Return a round in preparation from the shipped 2022 rulebook."""
    return services.prepare_round(actor=actor or make_lead(), rulebook_key="2022")


def open_round_2022(*, actor: Actor | None = None, cap: int | None = None, **deadlines: datetime) -> Round:
    """Return an open 2022 round.

    deadlines: `hand_in=`, `submit=`, `paper=`, `report=`, `tables=` give another exclusive end (aware). An
    end of `submit` before that of `hand_in` takes the applicants' end with it, as the rulebook demands.
    cap: another number of evaluations than fifteen, so that few nominations reach it.
    """
    actor = actor or make_lead()
    keys = {
        "hand_in": "nominations.hand_in",
        "submit": "nominations.submit",
        "paper": "nominations.paper",
        "report": "evaluators.report",
        "tables": "dynamic_mgmt.tables",
    }
    if "submit" in deadlines and "hand_in" not in deadlines:
        deadlines["hand_in"] = deadlines["submit"]
    changes: dict[str, Any] = {f"deadlines|{keys[name]}|closes_at": at for name, at in deadlines.items()}
    if cap is not None:
        changes["cap_rule|limit"] = cap
    with clock.fixed(DURING):
        row = prepare_round_2022(actor=actor)
        if changes:
            services.revise(
                actor=actor, round_id=row.pk, seen_version=row.version, changes=changes, reason="试验用期限"
            )
            row.refresh_from_db()
        return services.open_round(actor=actor, round_id=row.pk, seen_version=row.version)
