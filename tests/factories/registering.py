"""Registrations of evaluators at their stages, filled in by bodies that do not exist."""

from __future__ import annotations

from typing import Any

from evaluators.models import RegistrationCase
from evaluators.services import registering
from greenportal.accounts.actors import Actor
from greenportal.filings.services import save
from greenportal.rounds.models import Round

#: Answers that leave nothing hard open and meet every condition that the sheet speaks of.
ANSWERS: dict[str, Any] = {
    "legal_representative": "赵试验",
    "registered_address": "试验市试验路1号",
    "contact": "钱试验",
    "contact_phone": "0411-12345678",
    "registered_in_china": "yes",
    "has_experience": "yes",
    "experience_text": "试验：2018年以来开展绿色工厂评价。",
    "has_office": "yes",
    "office_address": "试验市试验路1号",
    "has_finance_system": "yes",
    "knows_rules": "yes",
    "covers_factory": "yes",
    "covers_park": "yes",
    "covers_supply_chain": "yes",
    "declared_elsewhere": "2",
    "records": [{"_id": "a", "kind": "evaluation", "name": "试验项目", "ended_on": "2021-06-01", "part": "lead"}],
}


def make_case(admin: Actor, round_: Round) -> RegistrationCase:
    """Return a draft of the administrator's body."""
    return registering.begin(actor=admin, round_id=round_.pk)


def complete(case: RegistrationCase, admin: Actor, **changes: Any) -> None:
    """Fill in every hard field, except what `changes` say."""
    values = {**ANSWERS, **changes}
    rows = values.pop("records")
    flat = {f"records[{row['_id']}].{key}": text for row in rows for key, text in row.items() if key != "_id"}
    filing = case.filing
    assert filing is not None
    filing.refresh_from_db()
    save(filing_id=filing.pk, seen_version=filing.version, changes={**values, **flat}, actor=admin)


def make_filed(admin: Actor, round_: Round) -> RegistrationCase:
    """Return a complete registration that waits for the city."""
    case = make_case(admin, round_)
    complete(case, admin)
    return registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
