"""Dynamic management in the demonstration: a district's listed units with their tables in every state."""

from __future__ import annotations

from dynamic_mgmt.demo.tables import play
from greenportal.directory.models import Authority
from greenportal.rounds.models import Round
from nominations.demo import people
from nominations.demo.opening import Say, at

#: 金州区: its accounts are `jz-officer` and `jz-lead`.
DISTRICT = "210213"


def dynamic(year: Round, say: Say) -> None:
    """Play the yearly tables of one district; safe to repeat."""
    play(
        round_id=year.pk,
        authority_id=Authority.objects.get(code=people.authority_code(DISTRICT)).pk,
        officer=people.actor_named(f"{people.PREFIXES[DISTRICT]}-officer"),
        reviewer=people.actor_named("dl-reviewer"),
        lead=people.actor_named("dl-lead"),
        at=at(9, 22),
        say=say,
    )
