"""Who is told what: messages written with the change, one per event and address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenportal import clock
from greenportal.accounts.actors import DISTRICT_ROLES, Role
from greenportal.accounts.models import User
from greenportal.accounts.selectors import handlers_of
from greenportal.mail.services import post
from nominations.models import Correction, Nomination, Submission


def tell(people: Iterable[User], *, event: str, template: str, context: Mapping[str, Any]) -> int:
    """Write one message to each person with an address; returns how many."""
    addresses = {p.email.strip() for p in people if p.email.strip()}
    for address in sorted(addresses):
        post(event=event, recipient=address, template=template, context=context)
    return len(addresses)


def applicants_of(nomination: Nomination) -> list[User]:
    """Return the handlers of the applicant. One query."""
    return list(handlers_of(organisation_id=nomination.applicant_id, roles=[Role.APPLICANT]))


def district_of(authority_id: int) -> list[User]:
    """Return officers and lead of a district. One query."""
    return list(handlers_of(authority_id=authority_id, roles=DISTRICT_ROLES))


def returned(nomination: Nomination, correction: Correction) -> None:
    """Tell the applicant, and for a return of the city its district too, what is asked and by when."""
    people = applicants_of(nomination)
    if correction.stage == Correction.Stage.CITY:
        people += district_of(nomination.authority_id)
    context = {
        "category": nomination.get_category_display(),
        "subject": nomination.subject.name,
        "stage": correction.get_stage_display(),
        "reason": correction.reason,
        "due": clock.spoken(correction.due_at),
        "nomination_id": nomination.pk,
    }
    tell(people, event=f"nominations.returned:{correction.pk}", template="nomination_returned", context=context)


def corrected(nomination: Nomination, correction: Correction) -> None:
    """Tell the officer who returned it that the correction is in."""
    context = {
        "category": nomination.get_category_display(),
        "subject": nomination.subject.name,
        "nomination_id": nomination.pk,
        "seal_page": correction.needs_seal_page,
    }
    event = f"nominations.corrected:{correction.pk}:{correction.answered_version_id}"
    tell([correction.opened_by], event=event, template="nomination_corrected", context=context)


def submitted(submission: Submission, *, count: int) -> None:
    """Send the receipt to the district."""
    context = {
        "receipt_no": submission.receipt_no,
        "received_at": clock.local(submission.received_at).isoformat(timespec="seconds"),
        "received_spoken": clock.spoken(submission.received_at),
        "district": submission.list.authority.name,
        "round": submission.round.name,
        "count": count,
    }
    people = district_of(submission.list.authority_id)
    tell(people, event=f"nominations.submitted:{submission.pk}", template="list_submitted", context=context)
