"""What may be compared between an applicant and the evaluator it named: contacts, people, documents, relations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluators.models import Engagement
from evaluators.selectors import EvaluatorStanding, FiledBody, filed_bodies, roster_names
from evaluators.selectors.groups import affiliates_of
from greenportal.accounts.models import Membership
from greenportal.directory.models import Organisation
from nominations.eligibility.facts import IndependenceFacts
from nominations.models import Nomination
from nominations.selectors.content import Content

SELF_REPORT, THIRD_REPORT = "self_report", "third_party_report"
#: Fields of the applicant's sheets that hold a phone number or an address of its own.
PHONES, MAILS = ("phone", "mobile", "legal_phone"), ("email",)

#: Fields of the evaluator's sheet that hold a phone number of its own.
THEIR_PHONES = ("evaluator_phone", "evaluator_legal_phone", "author_phone", "auditor_phone")


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of both sides of any number of nominations of one round, each loaded once."""

    phones: Mapping[int, tuple[str, ...]]
    mails: Mapping[int, tuple[str, ...]]
    staff: Mapping[int, tuple[str, ...]]
    affiliates: Mapping[int, frozenset[int]]
    filed: Mapping[int, FiledBody]

    def representative_of(self, organisation_id: int) -> str:
        """Return the legal representative that a body named in its last filed registration; "" for none."""
        return self.filed.get(organisation_id, FiledBody()).legal_representative


def around(rows: Sequence[Nomination], *, standing: Mapping[int, EvaluatorStanding], round_id: int) -> Around:
    """Return what lies around the nominations: contacts by legal person, staff by evaluator, relations. Six queries."""
    bodies = {known.organisation_id for known in standing.values()}
    filed = filed_bodies(bodies)
    phones, mails = _contacts({row.applicant_id for row in rows} | bodies, filed)
    return Around(
        phones=phones,
        mails=mails,
        staff=roster_names(standing, round_id=round_id),
        affiliates=affiliates_of(bodies),
        filed=filed,
    )


def _contacts(
    ids: Iterable[int], filed: Mapping[int, FiledBody]
) -> tuple[dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Return phones and addresses of legal persons, of those who handle their cases, of what evaluators filed. Two queries."""
    phones: dict[int, set[str]] = defaultdict(set)
    mails: dict[int, set[str]] = defaultdict(set)
    pairs = list(Organisation.objects.filter(pk__in=ids).values_list("pk", "phone", "email"))
    handlers = Membership.objects.filter(organisation_id__in=ids).order_by()
    own = handlers.values_list("organisation_id", "user__phone", "user__email")
    for pk, phone, mail in (*pairs, *own):
        phones[pk].add(phone)
        mails[pk].add(mail)
    for pk, body in filed.items():
        phones[pk].update(body.phones)
        mails[pk].update(body.mails)
    return (
        {pk: tuple(sorted(filter(None, found))) for pk, found in phones.items()},
        {pk: tuple(sorted(filter(None, found))) for pk, found in mails.items()},
    )


def independence_facts(
    nomination: Nomination,
    content: Content,
    engagement: Engagement | None,
    known: EvaluatorStanding | None,
    about: Around,
) -> IndependenceFacts | None:
    """Return what both sides declare and what may be compared; None where no evaluator is named. No query."""
    if known is None:
        return None
    body, applicant = known.organisation_id, nomination.applicant_id
    typed = [dict(part.answers) for part in content.own]
    reported = [dict(part.answers) for part in content.sheets if part.is_third_party]
    return IndependenceFacts(
        applicant_declared=nomination.declared_independent,
        evaluator_declared=engagement.independent if engagement else None,
        applicant_phones=(*about.phones.get(applicant, ()), *_typed(typed, PHONES)),
        evaluator_phones=(*about.phones.get(body, ()), *_typed(reported, THEIR_PHONES)),
        applicant_mails=(*about.mails.get(applicant, ()), *_typed(typed, MAILS)),
        evaluator_mails=about.mails.get(body, ()),
        report_authors=tuple(nomination.report_authors.splitlines()),
        staff=about.staff.get(known.evaluator_id, ()),
        document_authors=tuple(sorted({*_authors(content, SELF_REPORT), *_programs(content, SELF_REPORT)})),
        self_authors=_authors(content, SELF_REPORT),
        third_authors=_authors(content, THIRD_REPORT),
        affiliated=applicant in about.affiliates.get(body, frozenset()),
    )


def _typed(sheets: Iterable[Mapping[str, object]], keys: Iterable[str]) -> tuple[str, ...]:
    values = (sheet.get(key) for sheet in sheets for key in keys)
    return tuple(sorted({value for value in values if isinstance(value, str) and value}))


def _authors(content: Content, slot: str) -> tuple[str, ...]:
    """Return who the PDFs of a slot name as their author."""
    return _told(document.file.author for document in content.documents if document.slot == slot)


def _programs(content: Content, slot: str) -> tuple[str, ...]:
    """Return the programs that made the PDFs of a slot: some bear the name of the body that uses them."""
    return _told(document.file.creator for document in content.documents if document.slot == slot)


def _told(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(filter(None, texts))))
