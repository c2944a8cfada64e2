"""Forms follow what is in force: reports the evaluation table of their standard or system, all sheets their definition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import repin
from greenportal.rounds.booktypes import EvaluationTable, Rulebook
from greenportal.rounds.rulebook import RulebookError, keys, sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet, load
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK, Category
from nominations.models import Nomination
from nominations.scoring.forming import carried, with_table
from nominations.states import EDITABLE

_FOLLOWING = (Category.FACTORY, Category.SUPPLY_CHAIN)


@lru_cache(maxsize=128)
def shipped(book_key: str, sheet_key: str) -> Sheet:
    """Return the definition of a sheet as this release ships it for a rulebook. Read once in a process."""
    return load(sheet_file(book_key, sheet_key))


def is_shipped(sheet_key: str, sha256: str) -> bool:
    """Whether a filing's definition is one that this release ships for any year: then it has nothing to follow.

    So the common page asks no query. A filing never moves between years.
    """
    return any(_sha_of(book, sheet_key) == sha256 for book in keys())


def _sha_of(book_key: str, sheet_key: str) -> str:
    try:
        return shipped(book_key, sheet_key).sha256
    except RulebookError:
        return ""  # a year whose programme has no such sheet


def open_forms(*, nomination_id: int, sheet_keys: Collection[str]) -> bool:
    """Bring these sheets of a nomination that is still with its applicant to the definitions in force; True when one changed.

    Called when a page to fill in is opened: nobody asks for it, so the portal itself is the actor. Answers stay at
    their permanent keys; what a form does not ask any more stays in a version written first. A locked filing (an
    evaluator's finished report) and everything handed in keeps its form. No lock while all are in force; then at
    most three queries.
    """
    nomination = Nomination.objects.filter(pk=nomination_id, state__in=EDITABLE).first()
    if nomination is None or not _behind(nomination, sheet_keys):
        return False
    with transaction.atomic():
        held = Nomination.objects.select_for_update(no_key=True).get(pk=nomination_id)
        if held.state not in EDITABLE:
            return False
        behind = _behind(held, sheet_keys)
        for filing, new, plain in behind:
            carry = partial(_carried, new, plain)
            repin(filing_id=filing.pk, sheet=new, cause="form", actor=Actor.system("nominations.form"), carry=carry)
    return bool(behind)


def _carried(new: Sheet, plain: Sheet, old: Sheet, answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Carry the answers from `old` to `new`: in tables whose rows an evaluation table gives, or gave, by their words."""
    printed = {item.key: item for item in plain.tables()}
    given = {item.key for item in new.tables() if item.fixed != printed[item.key].fixed}
    gave = {t.key for t in old.tables() if t.fixed and t.key in printed and t.source != printed[t.key].source}
    return carried(old, new, answers, borne=given | gave)


def _behind(nomination: Nomination, sheet_keys: Collection[str]) -> list[tuple[Filing, Sheet, Sheet]]:
    """Return the filings under another definition than the one in force, with it, with and without an evaluation table."""
    rulebook = rulebook_at(nomination.round_id)[0]
    held = {row.sheet_key: row.filing for row in nomination.sheets.select_related("filing")}
    table = _table_of(nomination, rulebook, held)
    found = []
    for key in sheet_keys:
        plain, filing = shipped(rulebook.key, key), held.get(key)
        new = with_table(plain, table) if _bears(nomination.category, key) else plain
        if filing is not None and not filing.locked and filing.definition_sha256 != new.sha256:
            found.append((filing, new, plain))
    return found


def _bears(category: str, sheet_key: str) -> bool:
    return sheet_key in {f"{category}{SELF_MARK}", f"{category}{THIRD_PARTY_MARK}"}


def _table_of(nomination: Nomination, book: Rulebook, held: Mapping[str, Filing]) -> EvaluationTable | None:
    """Return the evaluation table in force for a nomination's reports."""
    if nomination.category not in _FOLLOWING:
        return None
    conditions = held.get("supply_chain_conditions")
    given: Mapping[str, Any] = conditions.answers if conditions else {}
    standard = nomination.standard if nomination.category == Category.FACTORY else ""
    return book.evaluation_table(nomination.category, standard=standard, system=str(given.get("system") or ""))


def follow_table(nomination: Nomination, actor: Actor, *, book: Rulebook | None = None) -> bool:
    """Let both reports bear the rows of the table now in force for them; returns whether a form changed.

    Answers are carried to the row with the same words; what the new form does not ask stays in the version that is
    written first. A locked report (an evaluator's finished one) stays as it was confirmed; opened again, it follows
    when its page is drawn. In the caller's transaction, which holds the nomination's lock.
    """
    if nomination.category not in _FOLLOWING:
        return False
    category = nomination.category
    rulebook = book or rulebook_at(nomination.round_id)[0]
    held = {row.sheet_key: row.filing for row in nomination.sheets.select_related("filing")}
    table = _table_of(nomination, rulebook, held)
    changed = False
    for key in (f"{category}{SELF_MARK}", f"{category}{THIRD_PARTY_MARK}"):
        if key not in held or held[key].locked:
            continue
        filing, old = held[key], sheet_of(held[key])
        new = with_table(shipped(rulebook.key, key), table)
        if new.sha256 != old.sha256 and _rows(new) != _rows(old):
            repin(filing_id=filing.pk, sheet=new, cause="table", actor=actor, carry=partial(_by_words, new))
            changed = True
    return changed


def _by_words(new: Sheet, old: Sheet, answers: Mapping[str, Any]) -> Mapping[str, Any]:
    return carried(old, new, answers)


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
