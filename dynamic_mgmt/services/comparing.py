"""Rows of a published list compared with the register: the same, new, fuller, or doubtful. Stores nothing."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from dynamic_mgmt.likeness import Index, index_of, slip
from dynamic_mgmt.likeness import core as core_of
from dynamic_mgmt.models import ListedUnit, MatchDoubt, UnitName
from dynamic_mgmt.parsing import ListedRow

SAME_CODE = "统一社会信用代码相同，名称不同，可能已更名"
OTHER_CODE = "名称相同，统一社会信用代码不同"
OTHER_YEAR = "名称和批次相同，名单年度或省份不一致"
#: More candidates than this help nobody; the best reasons come first.
CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored unit that a row may be, and why a person should look."""

    unit_id: int
    name: str
    because: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row that a person must decide on. asked: it waits in the queue already."""

    row: ListedRow
    key: str
    candidates: tuple[Candidate, ...]
    asked: bool


@dataclass(slots=True)
class Stored:
    """What the register holds of the lists that the rows are from, arranged for comparing."""

    units: dict[int, ListedUnit] = field(default_factory=dict)
    by_identity: dict[tuple[Any, ...], ListedUnit] = field(default_factory=dict)
    by_key: dict[tuple[Any, ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    by_code: dict[tuple[Any, ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    like: dict[tuple[str, str, str], Index] = field(default_factory=dict)
    answers: dict[str, MatchDoubt] = field(default_factory=dict)


def row_key(row: ListedRow) -> str:
    """Return what identifies a row in the queue of doubts: its identity, and its code where it has one."""
    text = json.dumps([*row.identity, row.uscc], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def load(rows: Sequence[ListedRow]) -> Stored:
    """Return the stored units of the rows' lists with former names, and the answers given. Three queries."""
    found = Stored()
    lists = {row.list_key for row in rows}
    wanted = ListedUnit.objects.select_related("organisation").filter(
        category__in={key[0] for key in lists}, level__in={key[1] for key in lists}, batch__in={key[2] for key in lists}
    )
    names: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for unit in wanted:
        key = (unit.category, unit.level, unit.batch)
        if key not in lists:
            continue
        found.units[unit.pk] = unit
        identity = (*key, unit.list_year, unit.province, unit.name_key, unit.product_model)
        found.by_identity[identity] = unit
        for name in filter(None, {unit.name_key, unit.renamed_key}):
            found.by_key[(*key, name, unit.product_model)].append(unit.pk)
        names[key] += [(unit.pk, name) for name in filter(None, {unit.name_key, unit.renamed_key})]
        if code := _code(unit):
            found.by_code[(*key, code, unit.product_model)].append(unit.pk)
    for unit_id, old_key in UnitName.objects.filter(unit_id__in=found.units).values_list("unit_id", "old_key"):
        unit = found.units[unit_id]
        here = found.by_key[(unit.category, unit.level, unit.batch, old_key, unit.product_model)]
        if unit_id not in here:
            here.append(unit_id)
    if found.units:
        found.like = {key: index_of(pairs) for key, pairs in names.items()}
    asked = MatchDoubt.objects.filter(subject=MatchDoubt.Subject.ROW, key__in={row_key(row) for row in rows})
    found.answers = {doubt.key: doubt for doubt in asked}
    return found


def match(row: ListedRow, stored: Stored) -> ListedUnit | Doubt | None:
    """Return the unit that a row is, the doubt about it, or None for a new unit.

    Sure: the exact identity; a name, also a former or later one, that one unit of the same list bears;
    the code of one unit whose name differs by spelling alone; what a person said. Doubtful: the same
    code under another name, the same name with another code or year, a name that looks alike.
    """
    answer = stored.answers.get(row_key(row))
    if answer is not None and answer.answer:
        return stored.units.get(answer.answer_unit_id) if answer.answer_unit_id else None
    exact = stored.by_identity.get(row.identity)
    if exact is not None and not _codes_differ(row, exact):
        return exact
    candidates = [] if exact is None else [Candidate(exact.pk, exact.current_name, OTHER_CODE)]
    coded = [
        stored.units[pk] for pk in stored.by_code.get((*row.list_key, row.uscc, row.product_model), []) if row.uscc
    ]
    if len(coded) == 1 and _spelling_only(row, coded[0]):
        return coded[0]
    candidates += [Candidate(unit.pk, unit.current_name, SAME_CODE) for unit in coded]
    named = [stored.units[pk] for pk in stored.by_key.get((*row.list_key, row.name_key, row.product_model), [])]
    sure = [unit for unit in named if not _codes_differ(row, unit) and _same_list(row, unit)]
    if len(sure) == 1:
        return sure[0]
    candidates += [
        Candidate(unit.pk, unit.current_name, OTHER_CODE if _codes_differ(row, unit) else OTHER_YEAR) for unit in named
    ]
    candidates += _alike(row, stored)
    once = {candidate.unit_id: candidate for candidate in reversed(candidates)}
    if not once:
        return None
    kept = tuple(candidate for candidate in dict.fromkeys(candidates) if once[candidate.unit_id] is candidate)
    return Doubt(row, row_key(row), kept[:CANDIDATES], answer is not None)


def _code(unit: ListedUnit) -> str:
    """Return the code that stands on the unit, or that of the legal person that it was linked to (`link_unit`)."""
    return unit.uscc or (unit.organisation.uscc if unit.organisation else "")


def _codes_differ(row: ListedRow, unit: ListedUnit) -> bool:
    code = _code(unit)
    return bool(row.uscc and code and row.uscc != code)


def _same_list(row: ListedRow, unit: ListedUnit) -> bool:
    return row.list_year == unit.list_year and row.province == unit.province


def _spelling_only(row: ListedRow, unit: ListedUnit) -> bool:
    """Whether a shared code and nearly the same name leave no question: legal form, place or one character."""
    bare = core_of(row.name_as_listed)
    return any(
        core_of(name) == bare or slip(core_of(name), bare) for name in {unit.name_as_listed, unit.current_name}
    ) and _same_list(row, unit)


def _alike(row: ListedRow, stored: Stored) -> list[Candidate]:
    """Units of the same list, same model, whose name looks like the row's and whose code does not speak against it."""
    index = stored.like.get(row.list_key)
    if index is None:
        return []
    found = []
    for unit_id, because in sorted(index.like(row.name_key).items()):
        unit = stored.units[unit_id]
        same_place = not row.province or not unit.province or row.province == unit.province
        if unit.product_model == row.product_model and same_place and not _codes_differ(row, unit):
            found.append(Candidate(unit.pk, unit.current_name, because))
    return found


def as_json(row: ListedRow) -> dict[str, Any]:
    """Return a row as the queue keeps it."""
    values = asdict(row)
    for name in ("listed_on", "removed_on"):
        values[name] = values[name].isoformat() if values[name] else None
    return values


def from_json(values: Mapping[str, Any]) -> ListedRow:
    """Return the row that the queue kept."""
    dates = {name: date.fromisoformat(values[name]) if values[name] else None for name in ("listed_on", "removed_on")}
    return ListedRow(**{**values, **dates})


def doubt_rows(doubts: Iterable[Doubt], *, source: str, at: datetime) -> list[MatchDoubt]:
    """Return the rows of the queue for doubts that do not wait there yet."""
    return [
        MatchDoubt(
            subject=MatchDoubt.Subject.ROW,
            key=doubt.key,
            name=doubt.row.name_as_listed,
            row=as_json(doubt.row),
            candidates=[
                {"id": candidate.unit_id, "name": candidate.name, "because": candidate.because}
                for candidate in doubt.candidates
            ],
            source=(doubt.row.source or source)[:400],
            raised_at=at,
        )
        for doubt in doubts
        if not doubt.asked
    ]
