"""Reports follow the evaluation table of their standard or system: also one that the city enters afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import repin
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.rulebook import sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import load
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK, Category
from nominations.models import Nomination
from nominations.scoring.forming import carried, with_table
from nominations.states import EDITABLE

_FOLLOWING = (Category.FACTORY, Category.SUPPLY_CHAIN)


def follow_table(nomination: Nomination, actor: Actor, *, book: Rulebook | None = None) -> bool:
    """Let both reports bear the rows of the table now in force for them; returns whether a form changed.

    Answers are carried to the row with the same words; what the new form does not ask stays in the version that is
    written first. In the caller's transaction, which holds the nomination's lock.
    """
    if nomination.category not in _FOLLOWING:
        return False
    category = nomination.category
    rulebook = book or rulebook_at(nomination.round_id)[0]
    held = {row.sheet_key: row for row in nomination.sheets.select_related("filing")}
    conditions = held.get("supply_chain_conditions")
    given: dict[str, Any] = conditions.filing.answers if conditions else {}
    standard = nomination.standard if category == Category.FACTORY else ""
    table = rulebook.evaluation_table(category, standard=standard, system=str(given.get("system") or ""))
    changed = False
    for key in (f"{category}{SELF_MARK}", f"{category}{THIRD_PARTY_MARK}"):
        if key not in held:
            continue
        filing, old = held[key].filing, sheet_of(held[key].filing)
        new = with_table(load(sheet_file(rulebook.key, key)), table)
        if new.sha256 != old.sha256 and _rows(new) != _rows(old):
            answers = carried(old, new, filing.answers)
            repin(filing_id=filing.pk, sheet=new, cause="table", actor=actor, answers=answers)
            changed = True
    return changed


def _rows(sheet: Any) -> dict[str, Any]:
    """Return the printed rows; a form that only reads otherwise in a newer release is not begun again for that."""
    return {table.key: [(row.id, dict(row.values)) for row in table.fixed] for table in sheet.tables()}


def follow(*, nomination_ids: Iterable[int]) -> int:
    """Follow the tables in force for the nominations that are still with their applicants; returns how many changed.

    Others keep the form under which they were handed in, until they are returned.
    """
    done = 0
    rows = Nomination.objects.filter(pk__in=list(nomination_ids), state__in=EDITABLE, category__in=_FOLLOWING)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            nomination = Nomination.objects.select_for_update(no_key=True).get(pk=pk)
            if nomination.state in EDITABLE:
                done += follow_table(nomination, Actor.system("nominations.recheck"))
    return done
