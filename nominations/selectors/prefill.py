"""Ask once: what the directory already knows is not asked again (国务院令第716号 第七条)."""

from __future__ import annotations

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


def prefilled(subject: Subject, sheet: Sheet) -> dict[str, str]:
    """Return the first answers of a sheet: the known value of every field that names one in `reuse`."""
    known = known_of(subject)
    return {f.key: known[f.reuse] for f in sheet.fields() if f.reuse in known}
