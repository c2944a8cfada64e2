"""Ask once: what the directory already knows is not asked again (国务院令第716号 第七条)."""

from __future__ import annotations

from evaluators.models import Evaluator
from greenportal.directory.models import Subject
from greenportal.sheets import Sheet


def known_of(subject: Subject) -> dict[str, str]:
    """Return what the directory knows of a subject, by the names that sheets use in `reuse`. Empty ones are left out."""
    firm = subject.organisation
    values = {
        "organisation.name": firm.name,
        "organisation.uscc": firm.uscc,
        "organisation.legal_representative": firm.legal_representative,
        "organisation.address": firm.address,
        "organisation.established_on": firm.established_on.isoformat() if firm.established_on else "",
        "organisation.ownership": firm.ownership,
        "organisation.phone": firm.phone,
        "organisation.email": firm.email,
        "subject.name": subject.name,
        "subject.address": subject.address or firm.address,
        "subject.industry": subject.industry_id or "",
    }
    return {key: value for key, value in values.items() if value}


def known_of_evaluator(evaluator: Evaluator) -> dict[str, str]:
    """Return what the directory knows of the named evaluator, by the names that third-party sheets use in `reuse`."""
    body = evaluator.organisation
    values = {
        "evaluator.name": body.name,
        "evaluator.uscc": body.uscc,
        "evaluator.legal_representative": body.legal_representative,
        "evaluator.address": body.address,
        "evaluator.phone": body.phone,
        "evaluator.email": body.email,
    }
    return {key: value for key, value in values.items() if value}


def prefilled(subject: Subject, sheet: Sheet, evaluator: Evaluator | None = None) -> dict[str, str]:
    """Return the first answers of a sheet: the known value of every field that names one in `reuse`."""
    known = known_of(subject) | (known_of_evaluator(evaluator) if evaluator else {})
    return {f.key: known[f.reuse] for f in sheet.fields() if f.reuse in known}
