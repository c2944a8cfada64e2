"""Results of a round enter the register (called by nominations)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from dynamic_mgmt.constants import HOME_CITY, HOME_PROVINCE
from dynamic_mgmt.models import ListedUnit, MatchDoubt
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.parsing import ListedRow
from dynamic_mgmt.rules import may_enrol
from dynamic_mgmt.services.comparing import Doubt, doubt_rows, load, match
from dynamic_mgmt.services.importing import keep_sources
from dynamic_mgmt.services.locking import lock_register
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.directory.pinyin import sort_key
from greenportal.findings.types import Invalid


@dataclass(frozen=True, slots=True)
class EnrolItem:
    """One unit that made the list: who, under which name, with what."""

    organisation_id: int
    category: str
    name: str
    product_model: str = ""
    authority_id: int | None = None
    industry_code: str = ""
    evaluator_name: str = ""
    standard: str = ""


def enrol(
    *,
    actor: Actor,
    items: Sequence[EnrolItem],
    level: str,
    batch: str,
    list_year: int,
    listed_on: date,
    document_no: str,
) -> list[ListedUnit]:
    """Put the successful of a round on the register, linked to their legal persons; returns those that now stand there.

    Matched as the import matches (`comparing.match`): by code, then by normalised name, former and later names included;
    who stands there already is linked, not added. What is doubtful waits for a person (`decide_match`) and is left out of
    the answer; the same call after his answer enrols it. Repeatable. Raises `Refused`, `Invalid`.
    """
    may_enrol(actor).require()
    if level not in ListedUnit.Level.values or any(i.category not in ListedUnit.Category.values for i in items):
        raise Invalid("核对入选名单的级别和类别。")
    if not document_no.strip():
        raise Invalid("填写公布名单的文号。", errors={"document_no": ["填写公布名单的文号。"]})
    told = _Told(level, batch, list_year, listed_on, document_no.strip())
    with transaction.atomic():
        lock_register()
        codes = dict(Organisation.objects.filter(pk__in=[i.organisation_id for i in items]).values_list("id", "uscc"))
        rows = [_row(item, n, codes[item.organisation_id], told) for n, item in enumerate(items, start=1)]
        units, doubts = _settled(items, rows)
        MatchDoubt.objects.bulk_create(doubt_rows(doubts, source=told.document_no, at=clock.now()))
        data = {"units": [unit.pk for unit in units], "batch": batch, "year": list_year, "document_no": document_no}
        record(
            actor=actor,
            action="dynamic_mgmt.enrol",
            target="dynamic_mgmt.register:0",
            data={**data, "doubtful": len(doubts)},
        )
    return units


@dataclass(frozen=True, slots=True)
class _Told:
    """The list that the items made."""

    level: str
    batch: str
    list_year: int
    listed_on: date
    document_no: str


def _settled(items: Sequence[EnrolItem], rows: Sequence[ListedRow]) -> tuple[list[ListedUnit], list[Doubt]]:
    """Return the units made or linked, and the rows that a person must decide first, each once."""
    stored = load(rows)
    units: list[ListedUnit] = []
    doubts: dict[str, Doubt] = {}
    made: dict[tuple[Any, ...], ListedUnit] = {}
    for item, row in zip(items, rows, strict=True):
        unit = made.get(row.identity) or match(row, stored)
        if isinstance(unit, Doubt):
            doubts[unit.key] = unit
            continue
        done = _made(item, row) if unit is None else _linked(item, row, unit)
        made[row.identity] = done
        units.append(done)
    return units, list(doubts.values())


def _row(item: EnrolItem, number: int, uscc: str, told: _Told) -> ListedRow:
    """Return an item as a row of its list, to be matched as the import matches."""
    return ListedRow(
        number=number,
        category=item.category,
        level=told.level,
        batch=told.batch,
        list_year=told.list_year,
        listed_on=told.listed_on,
        name_as_listed=item.name,
        name_key=name_key(item.name),
        product_model=item.product_model,
        uscc=uscc,
        province=HOME_PROVINCE,
        city=HOME_CITY,
        evaluator_name=item.evaluator_name,
        standard=item.standard,
        removed_on=None,
        removal_reason="",
        removal_document="",
        unmatched_reason="",
        source=told.document_no,
    )


def _made(item: EnrolItem, row: ListedRow) -> ListedUnit:
    """Store the row of an item that the register did not hold."""
    return ListedUnit.objects.create(
        category=row.category,
        level=row.level,
        batch=row.batch,
        list_year=row.list_year,
        province=row.province,
        name_key=row.name_key,
        product_model=row.product_model,
        name_as_listed=row.name_as_listed,
        sort_key=sort_key(row.name_as_listed),
        listed_on=row.listed_on,
        uscc=row.uscc,
        organisation_id=item.organisation_id,
        authority_id=item.authority_id,
        industry_code=item.industry_code,
        evaluator_name=item.evaluator_name,
        standard=item.standard,
        city=row.city,
        source=row.source,
        created_at=clock.now(),
    )


def _linked(item: EnrolItem, row: ListedRow, unit: ListedUnit) -> ListedUnit:
    """Link the stored unit that an item is to its legal person."""
    unit = ListedUnit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    unit.organisation_id, unit.uscc = item.organisation_id, row.uscc
    unit.authority_id = item.authority_id or unit.authority_id
    unit.listed_on = unit.listed_on or row.listed_on
    unit.version += 1
    unit.save(update_fields=["organisation", "uscc", "authority", "listed_on", "version"])
    keep_sources([(unit.pk, row.source, unit.source)], row.source)
    return unit
