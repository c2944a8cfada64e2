"""Results of a round enter the register (called by nominations)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from dynamic_mgmt.constants import HOME_CITY, HOME_PROVINCE
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.rules import may_enrol
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
    """Put the successful of a round on the register, linked to their legal persons; returns all of them.

    Repeatable: a unit that stands there already (imported from the published list, or by an earlier
    call) is linked, not added. Raises `Refused`, `Invalid`.
    """
    may_enrol(actor).require()
    if level not in ListedUnit.Level.values or any(i.category not in ListedUnit.Category.values for i in items):
        raise Invalid("核对入选名单的级别和类别。")
    if not document_no.strip():
        raise Invalid("填写公布名单的文号。", errors={"document_no": ["填写公布名单的文号。"]})
    with transaction.atomic():
        lock_register()
        codes = dict(Organisation.objects.filter(pk__in=[i.organisation_id for i in items]).values_list("id", "uscc"))
        units = [
            _enrolled(item, codes[item.organisation_id], level, batch, list_year, listed_on, document_no.strip())
            for item in items
        ]
        record(
            actor=actor,
            action="dynamic_mgmt.enrol",
            target="dynamic_mgmt.register:0",
            data={"units": [unit.pk for unit in units], "batch": batch, "year": list_year, "document_no": document_no},
        )
    return units


def _enrolled(
    item: EnrolItem, uscc: str, level: str, batch: str, list_year: int, listed_on: date, document_no: str
) -> ListedUnit:
    """Return the row of one item, made or linked."""
    unit, made = ListedUnit.objects.select_for_update(of=("self",)).get_or_create(
        category=item.category,
        level=level,
        batch=batch,
        list_year=list_year,
        province=HOME_PROVINCE,
        name_key=name_key(item.name),
        product_model=item.product_model,
        defaults={
            "name_as_listed": item.name,
            "sort_key": sort_key(item.name),
            "listed_on": listed_on,
            "uscc": uscc,
            "organisation_id": item.organisation_id,
            "authority_id": item.authority_id,
            "industry_code": item.industry_code,
            "evaluator_name": item.evaluator_name,
            "standard": item.standard,
            "city": HOME_CITY,
            "source": document_no,
            "created_at": clock.now(),
        },
    )
    if not made:
        unit.organisation_id, unit.uscc = item.organisation_id, uscc
        unit.authority_id = item.authority_id or unit.authority_id
        unit.listed_on = unit.listed_on or listed_on
        unit.version += 1
        unit.save(update_fields=["organisation", "uscc", "authority", "listed_on", "version"])
        keep_sources([(unit.pk, document_no, unit.source)], document_no)
    return unit
