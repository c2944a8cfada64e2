"""Published lists into the register: preview, then all or nothing; a second time changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.parsing import ListedRow, parse_row
from dynamic_mgmt.rules import may_import
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.pinyin import sort_key
from greenportal.directory.tables import Row, RowProblem
from greenportal.findings.types import Invalid

DATA = Path(__file__).resolve().parent.parent / "data"
#: Advisory lock under which lists are brought in, one at a time.
IMPORT_LOCK = 7_310_201
#: Fields that a later import may fill or correct; a blank in the file never clears what is stored.
_FILLED = (
    "listed_on",
    "name_as_listed",
    "uscc",
    "city",
    "evaluator_name",
    "standard",
    "removed_on",
    "removal_reason",
    "removal_document",
    "source",
)


@dataclass(frozen=True, slots=True)
class ListedChange:
    """One row that an import would add (`unit_id` None) or fill, with what would be written."""

    row: ListedRow
    unit_id: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListedPreview:
    """What an import would do. repeated: rows that stand twice in the file, taken once."""

    changes: tuple[ListedChange, ...]
    same: int
    repeated: int
    problems: tuple[RowProblem, ...]

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


def _dated(row: ListedRow) -> ListedRow:
    """Fill the publication day of a final national row from its batch; rows seen at 公示 stage stay undated."""
    final = not row.unmatched_reason or "公示" not in row.unmatched_reason
    if row.listed_on is None and row.level == "national" and final:
        return replace(row, listed_on=national_batch_dates().get(row.batch))
    return row


def _values(row: ListedRow, stored: ListedUnit | None) -> dict[str, Any]:
    """Return what would be written: everything for a new unit, differences for a stored one."""
    given = {name: getattr(row, name) for name in _FILLED}
    if stored is None:
        return given
    changed = {name: value for name, value in given.items() if value and value != getattr(stored, name)}
    # A source that gives the full final name lifts the bar; a worse source never lowers a better one.
    if stored.unmatched_reason and not row.unmatched_reason:
        changed |= {"matchable": True, "unmatched_reason": ""}
    if row.unmatched_reason and not stored.unmatched_reason:
        return {}
    return changed


def preview_listed(rows: Iterable[Row]) -> ListedPreview:
    """Compare rows of a list with the register; stores nothing. One query."""
    understood: dict[Any, ListedRow] = {}
    problems: list[RowProblem] = []
    repeated = 0
    for raw in rows:
        row, messages = parse_row(raw)
        problems.extend(RowProblem(raw.number, f"第{raw.number}行：{message}") for message in messages)
        if row is None:
            continue
        repeated += row.identity in understood
        understood.setdefault(row.identity, _dated(row))
    stored = {
        (u.category, u.level, u.batch, u.list_year, u.province, u.name_key, u.product_model): u
        for u in ListedUnit.objects.filter(name_key__in={row.name_key for row in understood.values()})
    }
    changes: list[ListedChange] = []
    for identity, row in understood.items():
        unit = stored.get(identity)
        values = _values(row, unit)
        if unit is None or values:
            changes.append(ListedChange(row, unit.pk if unit else None, values))
    return ListedPreview(tuple(changes), len(understood) - len(changes), repeated, tuple(problems))


def _new_unit(change: ListedChange, source: str) -> ListedUnit:
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
    again changes nothing. Raises `Refused` for the role, `Invalid` with every row's message.
    """
    may_import(actor).require()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        preview = preview_listed(rows)
        if preview.problems:
            raise Invalid("先更正下列各行，再导入。", errors={"rows": [p.message for p in preview.problems]})
        added = [_new_unit(change, source) for change in preview.changes if change.unit_id is None]
        ListedUnit.objects.bulk_create(added, batch_size=1000)
        touched = _fill(preview)
        if preview.changes:
            record(
                actor=actor,
                action="dynamic_mgmt.import_listed",
                target="dynamic_mgmt.register:0",
                data={"new": preview.new, "updated": preview.updated, "source": source},
            )
            tell_nominations(
                actor=actor, cause="dynamic_mgmt.import", organisation_ids=organisations_of([*added, *touched])
            )
    return preview


def _fill(preview: ListedPreview) -> list[ListedUnit]:
    """Write what the file knows better about stored units; returns them."""
    wanted = {change.unit_id: change for change in preview.changes if change.unit_id is not None}
    units = list(ListedUnit.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    for unit in units:
        for name, value in wanted[unit.pk].values.items():
            setattr(unit, name, value)
        unit.version += 1
    ListedUnit.objects.bulk_update(units, [*_FILLED, "matchable", "unmatched_reason", "version"], batch_size=1000)
    return units


def shipped_list() -> Path:
    """Return the path of the shipped list of real units: facts, each with its source."""
    return DATA / "real_lists.csv"
