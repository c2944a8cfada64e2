"""The city's desk: what arrived, from whom, and the city's own 汇总表 over accepted lists."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from greenportal.accounts.actors import Actor
from greenportal.findings.types import NotVisible
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import Category
from nominations.models import Correction, ListEntry, Nomination, RecommendationList, Submission
from nominations.selectors.listing import columns_of, printed_row, row_texts
from nominations.selectors.nominations import lists_visible_to, versions_visible_to, visible_to
from nominations.states import ListState, NominationState


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A row of the city's 汇总表: number in its category, district, its place on the district's list, cells in the order of the columns."""

    number: int
    district: str
    district_place: int
    nomination_id: int
    cells: tuple[str, ...]
    corrected: bool
    version_id: int


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """One category of the city's 汇总表."""

    category: str
    label: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[SummaryRow, ...]


def inbox(actor: Actor, *, round_id: int) -> QuerySet[Nomination]:
    """Return the round's nominations that the city has, by district and category, relations loaded. One query."""
    rows = visible_to(actor).filter(round_id=round_id)
    related = rows.select_related("subject", "applicant", "authority", "evaluator__organisation", "last_check", "list")
    return related.order_by("authority__sort_key", "authority_id", "category", "rank", "pk")


def lists(actor: Actor, *, round_id: int) -> QuerySet[RecommendationList]:
    """Return the submitted lists with receipt and counts: nominations, accepted, open corrections. One query."""
    sent = Q(nominations__entries__list_version__submission__isnull=False)
    rows = lists_visible_to(actor).filter(round_id=round_id).select_related("authority", "submission__list_version")
    return rows.annotate(
        total=Count("nominations", filter=sent, distinct=True),
        accepted=Count("nominations", filter=Q(nominations__state=NominationState.ACCEPTED), distinct=True),
        returned=Count("nominations", filter=Q(nominations__state=NominationState.RETURNED_BY_CITY), distinct=True),
    ).order_by("authority__sort_key", "pk")


def submissions(actor: Actor, *, round_id: int) -> QuerySet[Submission]:
    """Return receipts in order of serial: the printable paper fallback. One query."""
    visible = lists_visible_to(actor).filter(round_id=round_id).values("pk")
    rows = Submission.objects.filter(list_id__in=visible)
    return rows.select_related("list__authority", "submitted_by", "extension").order_by("serial")


def summary(actor: Actor, *, round_id: int) -> list[SummaryPart]:
    """Return the preview of the city's 汇总表 over accepted lists: categories of the notice, numbered anew.

    A nomination corrected after submission shows the row of its answering version. Withdrawn ones are
    left out. Four queries.
    """
    if not (actor.is_city or actor.is_system):
        raise NotVisible
    entries = (
        ListEntry.objects.filter(
            list_version__submission__round_id=round_id,
            list_version__list__state=ListState.ACCEPTED,
            nomination__state=NominationState.ACCEPTED,
        )
        .select_related("list_version__list__authority")
        .order_by("category", "list_version__list__authority__sort_key", "list_version__list_id", "position")
    )
    found = list(entries)
    answered = Correction.objects.filter(
        nomination__in=[e.nomination_id for e in found], answered_version__isnull=False, stage=Correction.Stage.CITY
    ).order_by("pk")
    latest = {c.nomination_id: c.answered_version_id for c in answered}
    versions = versions_visible_to(actor).in_bulk([pk for pk in latest.values() if pk is not None])
    rulebook, _ = rulebook_at(round_id)
    parts = []
    for category in Category:
        if category.value not in rulebook.categories:
            continue
        mine = [e for e in found if e.category == category.value]
        rows = []
        for number, entry in enumerate(mine, start=1):
            version = versions.get(latest.get(entry.nomination_id) or 0)
            rows.append(
                SummaryRow(
                    number=number,
                    district=entry.list_version.list.authority.name,
                    district_place=entry.position,
                    nomination_id=entry.nomination_id,
                    cells=row_texts(
                        rulebook,
                        category.value,
                        printed_row(version.payload, entry.printed) if version else entry.printed,
                    ),
                    corrected=version is not None,
                    version_id=version.pk if version else entry.version_id,
                )
            )
        parts.append(
            SummaryPart(category.value, str(category.label), columns_of(rulebook, category.value), tuple(rows))
        )
    return parts
