"""Facts of any number of nominations in a constant number of queries, for the eligibility rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from dynamic_mgmt.selectors import IncidentFact, ListedFact, incident_facts, register_facts
from evaluators.models import Engagement
from evaluators.selectors import EvaluatorStanding, standing
from greenportal import clock
from greenportal.rounds.rulebook import Rulebook
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet
from nominations.constants import THIRD_PARTY_MARK, Category
from nominations.eligibility import judgements
from nominations.eligibility.answers import every
from nominations.eligibility.comparing import RULE, as_figures
from nominations.eligibility.earlier import year_figures
from nominations.eligibility.engine import facts_hash
from nominations.eligibility.facts import (
    DocumentFact,
    EngagementFacts,
    EvaluatorFacts,
    IncidentRecord,
    Listing,
    NominationFacts,
    Opinion,
    PeerFigure,
    ProductFacts,
    ReportFigures,
    ReportHands,
    SanctionFact,
)
from nominations.eligibility.figures import report_figures
from nominations.models import Consultation, ConsultationItem, Nomination
from nominations.selectors import answers as read
from nominations.selectors import independence
from nominations.selectors.comparison import Compared, asked_of, compare
from nominations.selectors.content import Content, contents, is_blank, may_be_left, worded
from nominations.selectors.earlier import last_years
from nominations.selectors.reports import ReportState, report_states
from nominations.states import OPEN

facts_digest = facts_hash


@dataclass(frozen=True, slots=True)
class _Around:
    """What lies around the nominations of one round, each loaded once."""

    book: Rulebook
    contents: Mapping[int, Content]
    standing: Mapping[int, EvaluatorStanding]
    engagements: Mapping[int, Engagement]
    register: Mapping[int, tuple[ListedFact, ...]]
    incidents: Mapping[int, tuple[IncidentFact, ...]]
    opinions: Mapping[int, tuple[Opinion, ...]]
    namesakes: Mapping[tuple[str, str], tuple[tuple[int, int, str], ...]]
    compared: Mapping[int, Compared]
    reports: Mapping[int, ReportState]
    earlier: Mapping[int, Content]
    independence: independence.Around


def load(nomination_ids: Iterable[int], *, as_of: datetime) -> list[NominationFacts]:
    """Return the facts of the nominations, in the order of the ids, as known at `as_of`.

    About twenty queries per round, whatever the number. Ids that do not exist are left out.
    """
    ids = list(nomination_ids)
    related = Nomination.objects.select_related("subject", "applicant", "authority", "industry")
    found = related.in_bulk(ids)
    rows = [found[pk] for pk in ids if pk in found]
    by_round: dict[int, list[Nomination]] = defaultdict(list)
    for row in rows:
        by_round[row.round_id].append(row)
    facts = {
        nomination.pk: fact
        for mine in by_round.values()
        for nomination, fact in zip(mine, load_rows(mine, as_of=as_of), strict=True)
    }
    return [facts[row.pk] for row in rows]


def load_rows(rows: Sequence[Nomination], *, as_of: datetime, book: Rulebook | None = None) -> list[NominationFacts]:
    """Return the facts of nominations of one round that are already at hand, in their order; `book` where it is too."""
    if not rows:
        return []
    ids = [n.pk for n in rows]
    full = Nomination.objects.select_related("subject", "applicant", "authority", "industry").in_bulk(ids)
    around = _around(list(full.values()), as_of, book)
    return [_facts(full[pk], around, as_of) for pk in ids]


def _around(rows: Sequence[Nomination], as_of: datetime, book: Rulebook | None) -> _Around:
    ids = [n.pk for n in rows]
    round_id = rows[0].round_id
    engagements = Engagement.objects.in_bulk([n.engagement_id for n in rows if n.engagement_id])
    held, year = contents(ids), book or rulebook_at(round_id)[0]
    known = standing([n.evaluator_id for n in rows if n.evaluator_id], round_id=round_id, as_of=as_of)
    return _Around(
        book=year,
        contents=held,
        standing=known,
        independence=independence.around(rows, standing=known, round_id=round_id),
        engagements=engagements,
        register=register_facts({n.applicant_id for n in rows}, as_of=as_of),
        incidents=incident_facts({n.applicant_id for n in rows}, as_of=as_of),
        opinions=_opinions(ids),
        namesakes=_namesakes(rows, round_id),
        compared=_compared(rows, held, year, as_of),
        reports=report_states(ids),
        earlier=last_years(rows, year=year.year),
    )


def _compared(
    rows: Sequence[Nomination], held: Mapping[int, Content], book: Rulebook, as_of: datetime
) -> dict[int, Compared]:
    """Factories beside the listed ones of their industries. Two queries; none without a factory."""
    asked = [asked_of(n, held[n.pk]) for n in rows if n.category == Category.FACTORY]
    spec = book.rules.get(RULE)
    return compare(asked, spec=spec, as_of=as_of) if asked and spec else {}


def _opinions(ids: Sequence[int]) -> dict[int, tuple[Opinion, ...]]:
    """The latest word of each department on each nomination; cancelled requests do not count. One query."""
    rows = ConsultationItem.objects.filter(nomination_id__in=ids).exclude(
        consultation__state=Consultation.State.CANCELLED
    )
    latest: dict[int, dict[str, Opinion]] = {pk: {} for pk in ids}
    for item in rows.select_related("consultation").order_by("pk"):
        asked = item.consultation
        latest[item.nomination_id][asked.department] = Opinion(
            department=asked.department,
            opinion=item.opinion,
            text=item.text,
            answered_on=clock.local(asked.answered_at).date() if asked.answered_at else None,
        )
    return {pk: tuple(found.values()) for pk, found in latest.items()}


def _namesakes(rows: Sequence[Nomination], round_id: int) -> dict[tuple[str, str], tuple[tuple[int, int, str], ...]]:
    """Open nominations of these districts by category and subject name: id, applicant, district. One query.

    What lies with another district is its own until the city sees it: not even that it exists is told here.
    """
    names = {n.subject.name for n in rows}
    districts = {n.authority_id for n in rows}
    found: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    open_rows = Nomination.objects.filter(
        round_id=round_id, state__in=OPEN, subject__name__in=names, authority_id__in=districts
    ).order_by("pk")
    columns = ("category", "subject__name", "pk", "applicant_id", "authority__name")
    for category, name, pk, applicant_id, authority in open_rows.values_list(*columns):
        found[category, name].append((pk, applicant_id, authority))
    return {key: tuple(value) for key, value in found.items()}


def facts_of_answers(
    nomination: Nomination, content: Content, book: Rulebook, *, as_of: datetime, figures: bool = True
) -> NominationFacts:
    """Return what the nomination's own row, sheets and documents say; all that lies around it stays unknown. Pure.

    subject, applicant and authority are loaded on the row. `figures=False` leaves out the figures of the reports.
    """
    merged: dict[str, Any] = {}
    for sheet in content.own:
        if not may_be_left(sheet.key):
            merged.update(sheet.answers)
    category = nomination.category
    parts = _parts(content)
    return NominationFacts(
        ref=str(nomination.pk),
        category=category,
        as_of=clock.local(as_of).date(),
        name=nomination.subject.name,
        organisation_name=nomination.applicant.name,
        uscc=nomination.applicant.uscc,
        legal_representative=_representative(merged) or nomination.applicant.legal_representative,
        authority=nomination.authority.name,
        industry_code=nomination.industry_id or "",
        statements=read.statements(merged),
        credit=read.credit(merged),
        standard=nomination.standard or None,
        industry_standard=nomination.industry_standard,
        key_energy_user=nomination.key_energy_user,
        key_energy_reason=nomination.key_energy_reason,
        energy=read.energy(content.answers.get("energy", {})),
        product=_product(merged, content) if category == Category.PRODUCT else None,
        park=read.park(merged) if category == Category.PARK else None,
        supply_chain=read.supply_chain(merged) if category == Category.SUPPLY_CHAIN else None,
        basic=read.basic(merged),
        third_basic=judgements.third_basic(content.answers.get(f"{category}{THIRD_PARTY_MARK}", {})),
        general=judgements.general(parts),
        musts=judgements.musts(parts),
        figures=report_figures(
            category, parts, book, standard=nomination.standard, energy=content.answers.get("energy")
        )
        if figures
        else None,
        documents=_documents(content),
        hands=_hands(content, nomination),
    )


def _representative(answers: Mapping[str, Any]) -> str:
    """Return the 法定代表人 that the applicant typed: the directory holds one only where it was imported."""
    typed = answers.get("legal_representative")
    return typed.strip() if isinstance(typed, str) else ""


def listings_of(facts: Iterable[ListedFact]) -> tuple[Listing, ...]:
    """Return what the register holds of an applicant, as the rules read it."""
    return tuple(map(_listing, facts))


def incidents_of(facts: Iterable[IncidentFact]) -> tuple[IncidentRecord, ...]:
    """Return what districts reported of an applicant, as the rules read it."""
    return tuple(map(_incident, facts))


def _facts(nomination: Nomination, around: _Around, as_of: datetime) -> NominationFacts:
    content = around.contents[nomination.pk]
    own = facts_of_answers(nomination, content, around.book, as_of=as_of)
    return replace(
        own,
        figures=_with_last_year(own.figures, content, around.earlier.get(nomination.pk)),
        hands=_with_author(own.hands, around.reports[nomination.pk]),
        listings=listings_of(around.register.get(nomination.applicant_id, ())),
        incidents=incidents_of(around.incidents.get(nomination.applicant_id, ())),
        peers=_peers(nomination, around),
        peer_units=around.compared[nomination.pk].units if nomination.pk in around.compared else None,
        evaluator=_evaluator(nomination, around),
        engagement=_engagement(nomination, around),
        independence=independence.independence_facts(
            nomination,
            content,
            around.engagements.get(nomination.engagement_id or 0),
            around.standing.get(nomination.evaluator_id or 0),
            around.independence,
        ),
        opinions=around.opinions[nomination.pk],
        duplicates=_duplicates(nomination, around),
    )


def _with_last_year(figures: ReportFigures | None, now: Content, before: Content | None) -> ReportFigures | None:
    if figures is None or before is None:
        return figures
    this, last = (worded([(part.key, part.sheet, part.answers) for part in content.own]) for content in (now, before))
    return replace(figures, years=(*figures.years, *year_figures(this, last)))


def _parts(content: Content) -> list[tuple[str, Sheet, Mapping[str, Any]]]:
    """The sheets that hold figures to compare; an unbegun report has none."""
    begun = [
        p
        for p in content.sheets
        if p.key.endswith("_conditions") or (may_be_left(p.key) and not is_blank(p.sheet, p.answers))
    ]
    return worded([(p.key, p.sheet, p.answers) for p in begun])


def _product(merged: Mapping[str, Any], content: Content) -> ProductFacts:
    return read.product(merged, content.answers.get("product_self", {}))


def _incident(fact: IncidentFact) -> IncidentRecord:
    return IncidentRecord(
        kind=fact.kind,
        source=fact.source,
        on=fact.happened_on,
        verified=fact.verified,
        label=f"{fact.kind_words}（{fact.severity_words}，来源：{fact.source_words}）",
    )


def _peers(nomination: Nomination, around: _Around) -> tuple[PeerFigure, ...] | None:
    """What the register holds of listed factories; None when there is nothing. No form asks for others' figures."""
    compared = around.compared.get(nomination.pk)
    return (as_figures(compared.positions) if compared and compared.comparable else ()) or None


def _hands(content: Content, nomination: Nomination) -> ReportHands | None:
    """Who stands in both reports, with who wrote the self-evaluation; None without a third-party sheet."""
    third = [part.answers for part in content.sheets if part.is_third_party]
    if not third:
        return None
    own: dict[str, Any] = {}
    for part in content.own:
        own.update({key: value for key, value in part.answers.items() if value})
    return read.hands(own, third[0], authors=nomination.report_authors.splitlines())


def _with_author(hands: ReportHands | None, state: ReportState) -> ReportHands | None:
    """Add who the evaluator states to have led its report."""
    if hands is None or not state.author:
        return hands
    return replace(hands, third_names=read.names((*hands.third_names, state.author)))


def _listing(fact: ListedFact) -> Listing:
    return Listing(
        category=fact.category,
        level=fact.level,
        name=fact.name_as_listed,
        batch=fact.batch,
        product_model=fact.product_model,
        listed_on=fact.listed_on,
        removed_on=fact.removed_on,
        removed=not fact.active,
        removal_reason=fact.removal_reason,
    )


def _documents(content: Content) -> tuple[DocumentFact, ...]:
    slots: dict[str, list[Any]] = defaultdict(list)
    for document in content.documents:
        slots[document.slot].append(document)
    return tuple(
        DocumentFact(
            slot=slot,
            count=len(found),
            issued_on=max((d.issued_on for d in found if d.issued_on), default=None),
            signed=every(d.signed for d in found),
            sealed=every(d.sealed for d in found),
        )
        for slot, found in slots.items()
    )


def _evaluator(nomination: Nomination, around: _Around) -> EvaluatorFacts | None:
    """What is known of the named evaluator. Nobody named is itself known: empty facts, never None."""
    if nomination.evaluator_id is None:
        return EvaluatorFacts()
    known = around.standing.get(nomination.evaluator_id)
    if known is None:
        return None
    return EvaluatorFacts(
        name=known.name,
        uscc=known.uscc,
        legal_representative=around.independence.representative_of(known.organisation_id) or known.legal_representative,
        registered=known.registered,
        registered_in_china=known.registered_in_china,
        has_experience=known.has_experience,
        has_office=known.has_office,
        has_finance_system=known.has_finance_system,
        staff_intermediate=known.staff_intermediate,
        staff_senior=known.staff_senior,
        knows_rules=known.knows_rules,
        covers_three_fields=known.covers_three_fields,
        latest_record_on=known.latest_record_on,
        sanctions=tuple(
            SanctionFact(verified_on=s.verified_on, until=s.until, lifted_on=s.lifted_on, document_no=s.document_no)
            for s in known.sanctions
        ),
    )


def _engagement(nomination: Nomination, around: _Around) -> EngagementFacts | None:
    row = around.engagements.get(nomination.engagement_id or 0)
    if row is None:
        return None
    known = around.standing.get(row.evaluator_id)
    return EngagementFacts(
        state=row.state,
        ordinal=row.ordinal,
        over_cap=row.over_cap,
        group_count=known.group_count if known else None,
        declared_elsewhere=known.declared_elsewhere if known else None,
        report_on=row.report_on or _stated_on(nomination, around),
        wrote_self_report=None if nomination.independence is None else not nomination.independence,
    )


def _stated_on(nomination: Nomination, around: _Around) -> date | None:
    """The report's date as its evaluator stated it, while that statement stands."""
    state = around.reports[nomination.pk]
    return state.report_on if state.finished else None


def _duplicates(nomination: Nomination, around: _Around) -> tuple[str, ...]:
    """Others of the same district, category and name: for products of the same firm only, product names being common words."""
    found = around.namesakes.get((nomination.category, nomination.subject.name), ())
    same_firm = nomination.category == Category.PRODUCT
    return tuple(
        f"{authority}：{nomination.subject.name}"
        for pk, applicant_id, authority in found
        if pk != nomination.pk
        and authority == nomination.authority.name
        and (not same_firm or applicant_id == nomination.applicant_id)
    )
