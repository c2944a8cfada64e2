"""Published lists into the register: preview, then all or nothing; a second time changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from django.db import transaction

from dynamic_mgmt.constants import HOME_CITY
from dynamic_mgmt.models import ListedUnit, MatchDoubt, RemovalProposal, UnitSource
from dynamic_mgmt.parsing import ListedRow, parse_row
from dynamic_mgmt.rules import may_import
from dynamic_mgmt.services.asking import raise_doubts
from dynamic_mgmt.services.comparing import Doubt, doubt_rows, load, match
from dynamic_mgmt.services.locking import lock_register
from dynamic_mgmt.services.placing import Places
from dynamic_mgmt.services.removing import RemovalTold, note_removals
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.pinyin import sort_key
from greenportal.directory.tables import Row, RowProblem
from greenportal.findings.types import Invalid

DATA = Path(__file__).resolve().parent.parent / "data"
#: Fields that a later import may fill or correct; a blank in the file never clears what is stored.
_FILLED = (
    "listed_on",
    "published_year",
    "name_as_listed",
    "uscc",
    "city",
    "evaluator_name",
    "standard",
    "source",
)


@dataclass(frozen=True, slots=True)
class ListedChange:
    """One row that an import would add (`unit_id` None) or fill, with what would be written."""

    row: ListedRow
    unit_id: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListedRemoval:
    """A removal that the list tells of: written down as a proposal, confirmed by another person (two people)."""

    row: ListedRow
    unit_id: int | None


@dataclass(frozen=True, slots=True)
class ListedPreview:
    """What an import would do.

    told: (unit, further source, source that stands on the unit) of every row that is a stored unit;
    repeated: rows that stand twice in the file, taken once; doubts: rows that go to a person and not
    into the register; removals: proposals that wait for the city lead, never written by the import.
    """

    changes: tuple[ListedChange, ...]
    same: int
    repeated: int
    problems: tuple[RowProblem, ...]
    doubts: tuple[Doubt, ...] = ()
    removals: tuple[ListedRemoval, ...] = ()
    told: tuple[tuple[int, str, str], ...] = ()

    @property
    def new(self) -> int:
        """Return how many units would be added."""
        return sum(change.unit_id is None for change in self.changes)

    @property
    def updated(self) -> int:
        """Return how many stored units would be filled or corrected."""
        return len(self.changes) - self.new

    @property
    def unmatchable(self) -> int:
        """Return how many of the changed rows will never be matched by machine."""
        return sum(bool(change.row.unmatched_reason) for change in self.changes)


@lru_cache(maxsize=1)
def national_batch_dates() -> Mapping[str, date]:
    """Return national batch → day of publication, where a day is known (dynamic_mgmt/data/national_batches.csv)."""
    with (DATA / "national_batches.csv").open(encoding="utf-8", newline="") as file:
        return {r["batch"]: date.fromisoformat(r["published_on"]) for r in csv.DictReader(file) if r["published_on"]}


@lru_cache(maxsize=1)
def national_batch_years() -> Mapping[str, int]:
    """Return national batch → year of publication, known also where the day is not; it is not the list year."""
    with (DATA / "national_batches.csv").open(encoding="utf-8", newline="") as file:
        return {r["batch"]: int(r["published_year"]) for r in csv.DictReader(file)}


def _dated(row: ListedRow) -> ListedRow:
    """Fill day and year of publication of a final national row from its batch; rows of 公示 stage stay undated."""
    final = not row.unmatched_reason or "公示" not in row.unmatched_reason
    if row.level == "national" and final:
        listed_on = row.listed_on or national_batch_dates().get(row.batch)
        year = listed_on.year if listed_on else row.published_year or national_batch_years().get(row.batch)
        return replace(row, listed_on=listed_on, published_year=year)
    return row if row.listed_on is None else replace(row, published_year=row.listed_on.year)


def _values(row: ListedRow, stored: ListedUnit | None, places: Places) -> dict[str, Any]:
    """Return what would be written: everything for a new unit, differences for a stored one."""
    given = {name: getattr(row, name) for name in _FILLED} | places.of(row)
    if stored is None:
        return given
    if row.name_key != stored.name_key:  # matched by code, by another name or by a person: the listed name stays
        del given["name_as_listed"]
    changed = {name: value for name, value in given.items() if value and value != getattr(stored, name)}
    if stored.source and not (stored.unmatched_reason and not row.unmatched_reason):
        changed.pop("source", None)  # the first final source stays on the unit; further ones are rows of UnitSource
    # A source that gives the full final name lifts the bar; a worse source never lowers a better one.
    if stored.unmatched_reason and not row.unmatched_reason:
        changed |= {"matchable": True, "unmatched_reason": ""}
    if row.unmatched_reason and not stored.unmatched_reason:
        return {}
    return changed


def preview_listed(rows: Iterable[Row]) -> ListedPreview:
    """Compare rows of a list with the register; stores nothing. Five queries for any number of rows."""
    understood: dict[Any, ListedRow] = {}
    problems: list[RowProblem] = []
    repeated = 0
    places = Places()
    for raw in rows:
        row, messages = parse_row(raw)
        if row is not None:
            messages = [*places.problems(row), *removal_problems(row)]
        problems.extend(RowProblem(raw.number, f"第{raw.number}行：{message}") for message in messages)
        if row is None:
            continue
        repeated += row.identity in understood
        understood.setdefault(row.identity, _dated(row))
    found = _compared(list(understood.values()), places)
    changes, doubts, removals = found.changes, found.doubts, found.removals
    touched = {change.row.identity for change in changes} | {removal.row.identity for removal in removals}
    same = len(understood) - len(touched) - len(doubts)
    return ListedPreview(
        tuple(changes), same, repeated, tuple(problems), tuple(doubts), tuple(removals), tuple(found.told)
    )


def removal_problems(row: ListedRow) -> list[str]:
    """Return what a removal in a list lacks to be written down: reason, document, a day that has come."""
    if row.removed_on is None:
        return []
    found = []
    if row.removed_on > clock.today():
        found.append("移出日期应不晚于今天，核对后填写。")
    if not row.removal_reason.strip():
        found.append("有移出日期的，填写移出原因。")
    if not row.removal_document.strip():
        found.append("有移出日期的，填写移出文号。")
    return found


@dataclass(slots=True)
class _Compared:
    changes: list[ListedChange] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    removals: list[ListedRemoval] = field(default_factory=list)
    told: list[tuple[int, str, str]] = field(default_factory=list)


def _compared(rows: Sequence[ListedRow], places: Places) -> _Compared:
    """Return what would be written, what a person must decide, the removals that two people decide, and who told."""
    stored = load(rows)
    found = _Compared()
    gone: list[tuple[ListedRow, ListedUnit | None]] = []
    for row in rows:
        unit = match(row, stored)
        if isinstance(unit, Doubt):
            found.doubts.append(unit)
            continue
        values = _values(row, unit, places)
        if unit is None or values:
            found.changes.append(ListedChange(row, unit.pk if unit else None, values))
        if unit is not None:
            better = values.get("source", "")
            found.told.append((unit.pk, unit.source, better) if better else (unit.pk, row.source, unit.source))
        if row.removed_on is not None and (unit is None or unit.removed_on is None):
            gone.append((row, unit))
    found.removals = _not_told_before(gone)
    return found


def _not_told_before(gone: Sequence[tuple[ListedRow, ListedUnit | None]]) -> list[ListedRemoval]:
    """Leave out what waits for its decision, and what was decided about the same document. One query, none without removals."""
    ids = [unit.pk for _, unit in gone if unit is not None]
    told = (
        RemovalProposal.objects.filter(unit__in=ids).values_list("unit_id", "document_no", "decided_at") if ids else ()
    )
    waiting = {unit for unit, _, decided_at in told if decided_at is None}
    known = {(unit, document_no) for unit, document_no, _ in told}
    found: list[ListedRemoval] = []
    for row, unit in gone:
        if unit is not None and (unit.pk in waiting or (unit.pk, row.removal_document.strip()) in known):
            continue
        found.append(ListedRemoval(row, unit.pk if unit else None))
        if unit is not None:
            waiting.add(unit.pk)
    return found


def new_unit(change: ListedChange, source: str) -> ListedUnit:
    """Return the unit that a row makes, not yet stored."""
    row = change.row
    return ListedUnit(
        category=row.category,
        level=row.level,
        batch=row.batch,
        list_year=row.list_year,
        province=row.province,
        name_key=row.name_key,
        product_model=row.product_model,
        sort_key=sort_key(row.name_as_listed),
        matchable=not row.unmatched_reason,
        unmatched_reason=row.unmatched_reason,
        created_at=clock.now(),
        **{**change.values, "source": (row.source or source)[:400]},
    )


def import_listed(*, actor: Actor, rows: Iterable[Row], source: str) -> ListedPreview:
    """Store the new and fuller rows of a published list, or nothing while a row cannot be understood.

    Identity is (category, level, batch, list year, province, normalised name, model): the same file
    again changes nothing. A row that may be a stored unit waits for a person (`decide_match`) and is
    not counted until then. A removal is written down for the city lead, never carried out here. Raises `Refused` for the role, `Invalid` with every row's message.
    """
    may_import(actor).require()
    with transaction.atomic():
        lock_register()
        preview = preview_listed(rows)
        if preview.problems:
            raise Invalid("先更正下列各行，再导入。", errors={"rows": [p.message for p in preview.problems]})
        added = [new_unit(change, source) for change in preview.changes if change.unit_id is None]
        ListedUnit.objects.bulk_create(added, batch_size=1000)
        touched = _fill(preview)
        keep_sources(preview.told, source)
        removals = _propose(actor, preview, added)
        asked = doubt_rows(preview.doubts, source=source, at=clock.now())
        MatchDoubt.objects.bulk_create(asked, batch_size=1000)
        _ask_at_home(added)
        if preview.changes or asked or removals:
            record(
                actor=actor,
                action="dynamic_mgmt.import_listed",
                target="dynamic_mgmt.register:0",
                data={
                    "new": preview.new,
                    "updated": preview.updated,
                    "doubtful": len(asked),
                    "removals": len(removals),
                    "source": source,
                },
            )
            tell_nominations(
                actor=actor, cause="dynamic_mgmt.import", organisation_ids=organisations_of([*added, *touched])
            )
    return preview


def keep_sources(told: Sequence[tuple[int, str, str]], source: str) -> None:
    """Keep each further source of a stored unit, once. told: unit, source of its row ("": the list's), source on the unit."""
    now = clock.now()
    further = {(unit_id, (own or source).strip()[:400]) for unit_id, own, _ in told} - {
        (unit_id, known) for unit_id, _, known in told
    }
    rows = [UnitSource(unit_id=pk, text=text, told_at=now) for pk, text in sorted(further) if text]
    UnitSource.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _propose(actor: Actor, preview: ListedPreview, added: Sequence[ListedUnit]) -> list[RemovalProposal]:
    """Write down the removals that the list tells of; the units stay listed until the city lead confirms."""
    if not preview.removals:
        return []
    made = {(u.category, u.level, u.batch, u.list_year, u.province, u.name_key, u.product_model): u for u in added}
    kept = ListedUnit.objects.in_bulk([r.unit_id for r in preview.removals if r.unit_id is not None])
    return note_removals(
        actor=actor,
        told=[
            RemovalTold(
                unit=kept[removal.unit_id] if removal.unit_id is not None else made[removal.row.identity],
                removed_on=cast("date", removal.row.removed_on),
                reason=removal.row.removal_reason,
                document_no=removal.row.removal_document,
            )
            for removal in preview.removals
        ],
    )


def _ask_at_home(added: Sequence[ListedUnit]) -> None:
    """Ask at once about new units of our own city that no code settles."""
    home = [unit for unit in added if unit.city == HOME_CITY and unit.matchable and not unit.uscc]
    if home:
        raise_doubts(home)


def new_unit_of(row: ListedRow, source: str) -> ListedUnit:
    """Return the unit that one row makes by a person's word, not yet stored."""
    return new_unit(ListedChange(row, None, _values(row, None, Places())), source)


def fill_one(unit: ListedUnit, row: ListedRow, *, source: str) -> ListedUnit:
    """Write what a row knows better about the locked `unit` that a person says it is; its source is kept."""
    keep_sources([(unit.pk, row.source, unit.source)], source)
    values = _values(row, unit, Places())
    for name, value in values.items():
        setattr(unit, name, value)
    unit.version += 1
    unit.save(update_fields=[*values, "version"])
    return unit


def _fill(preview: ListedPreview) -> list[ListedUnit]:
    """Write what the file knows better about stored units; returns them."""
    wanted = {change.unit_id: change for change in preview.changes if change.unit_id is not None}
    units = list(ListedUnit.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    for unit in units:
        for name, value in wanted[unit.pk].values.items():
            setattr(unit, name, value)
        unit.version += 1
    ListedUnit.objects.bulk_update(
        units, [*_FILLED, "authority", "territory", "matchable", "unmatched_reason", "version"], batch_size=1000
    )
    return units


def shipped_list() -> Path:
    """Return the path of the shipped list of real units: facts, each with its source."""
    return DATA / "real_lists.csv"
