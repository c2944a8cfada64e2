"""An affiliate group as a page shows it: members, relations with their history, counts against the cap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from evaluators.models import AffiliateGroup, AffiliateMember, AffiliateRelation, Engagement, Evaluator
from evaluators.rules import cap_level, components, state_at
from evaluators.selectors.lists import SEE_ALL
from evaluators.selectors.standing import EvaluatorStanding, is_past, standing
from evaluators.states import COUNTED, EngagementState, RelationState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import NotVisible
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import Rulebook
from greenportal.rounds.selectors import rulebook_at


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One agency of a group with its own part of the count, and since when it belongs."""

    evaluator_id: int
    name: str
    uscc: str
    since: str
    counted: int
    disputed: int
    over_cap: int


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One group in one round. left: places that ended, as (agency, from, to); level: see `rules.cap_level`; as_of: the day asked about."""

    group: AffiliateGroup
    round: Round
    members: tuple[MemberLine, ...]
    left: tuple[tuple[str, str, str], ...]
    relations: tuple[AffiliateRelation, ...]
    counted: int
    disputed: int
    declared: int | None
    union: int
    cap: int
    level: str
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class EffectPart:
    """One of the groups that would be counted together, as it counts now. over: how many bear the flag."""

    name: str
    counted: int
    elsewhere: int | None
    over: int

    @property
    def union(self) -> int:
        """Return what counts here and elsewhere together."""
        return self.counted + (self.elsewhere or 0)


@dataclass(frozen=True, slots=True)
class Effect:
    """What confirming a relation would do to the groups counted together.

    total: their evaluations in this portal; elsewhere: what they declare outside it, None where nobody declared;
    fresh: how many of the portal's would newly bear `over_cap`; level: nearness of both together, see `rules.cap_level`.
    """

    parts: tuple[EffectPart, ...]
    total: int
    elsewhere: int | None
    fresh: int
    cap: int
    level: str

    @property
    def union(self) -> int:
        """Return what counts in this portal and elsewhere together."""
        return self.total + (self.elsewhere or 0)

    @property
    def over(self) -> int:
        """Return how many evaluations of this portal would bear the flag: each then needs its written decision."""
        return max(self.total - self.cap, 0)

    @property
    def union_over(self) -> int:
        """Return by how many the whole batch would exceed the cap (national_batch)."""
        return max(self.union - self.cap, 0)


def relations_visible_to(actor: Actor) -> QuerySet[AffiliateRelation]:
    """Return relations: the city all, an evaluator those that name it, others none."""
    rows = AffiliateRelation.objects.select_related("first", "second", "evidence", "proposed_by", "decided_by")
    if actor.role in SEE_ALL:
        return rows
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(Q(first_id=actor.organisation_id) | Q(second_id=actor.organisation_id))
    return rows.none()


def warn_from(book: Rulebook) -> int | None:
    """Return the count from which people are warned (`numbers.cap_warning`), None where the rulebook sets none."""
    number = book.numbers.get("cap_warning")
    return None if number is None else int(number.value)


def group_page(actor: Actor, group_id: int, round_: Round, *, as_of: date | None = None) -> GroupPage:
    """Return one group for the city; a group that was merged shows its history. NotVisible for others. Seven queries.

    as_of: members and counts as of the end of a local day; None for now. Relations told by then, in their present state.
    """
    group = AffiliateGroup.objects.filter(pk=group_id).first() if actor.role in SEE_ALL else None
    if group is None:
        raise NotVisible
    places = AffiliateMember.objects.filter(group=group).select_related("evaluator__organisation").order_by("id")
    past = is_past(as_of)
    at = clock.end_of(as_of) if past and as_of else clock.now()
    if past:
        places = places.filter(created_at__lte=at)
    open_places = [place for place in places if place.ended_at is None or (past and place.ended_at > at)]
    ids = [place.evaluator_id for place in open_places]
    facts = standing(ids[:1], round_id=round_.pk, as_of=at, past=past).get(ids[0]) if ids else None
    own = _own_counts(ids, round_.pk, at if past else None)
    book, _ = rulebook_at(round_.pk)
    organisations = {place.evaluator.organisation_id for place in places}
    relations = relations_visible_to(actor).filter(Q(first_id__in=organisations) | Q(second_id__in=organisations))
    relations = relations.filter(proposed_at__lte=at)
    counted = facts.group_count if facts else 0
    return GroupPage(
        group=group,
        round=round_,
        members=tuple(_member(place, own) for place in open_places),
        left=tuple(_ended(place) for place in places if place not in open_places),
        relations=tuple(relations.order_by("state", "id")),
        counted=counted,
        disputed=facts.disputed_count if facts else 0,
        declared=facts.declared_elsewhere if facts else None,
        union=facts.union if facts else counted,
        cap=book.cap,
        level=cap_level(facts.union if facts else counted, warn_from=warn_from(book), limit=book.cap),
        as_of=as_of,
    )


def _own_counts(ids: Iterable[int], round_id: int, past: datetime | None) -> dict[int, tuple[int, int, int]]:
    """Return evaluator → its own counted, disputed and over-cap engagements of the round, now or at a past instant. One query."""
    found: dict[int, tuple[int, int, int]] = {}
    for row in Engagement.objects.filter(evaluator_id__in=list(ids), round_id=round_id).order_by():
        state = EngagementState(row.state) if past is None else state_at(row, past)
        counted, disputed, over = found.get(row.evaluator_id, (0, 0, 0))
        counts = state in COUNTED
        found[row.evaluator_id] = (
            counted + counts,
            disputed + (state == EngagementState.DISPUTED),
            over + (counts and row.over_cap),
        )
    return found


def _member(place: AffiliateMember, own: dict[int, tuple[int, int, int]]) -> MemberLine:
    organisation = place.evaluator.organisation
    counted, disputed, over = own.get(place.evaluator_id, (0, 0, 0))
    since = f"{clock.local(place.created_at):%Y-%m-%d}"
    return MemberLine(place.evaluator_id, organisation.name, organisation.uscc, since, counted, disputed, over)


def _ended(place: AffiliateMember) -> tuple[str, str, str]:
    until = f"{clock.local(place.ended_at):%Y-%m-%d}" if place.ended_at else ""
    return place.evaluator.organisation.name, f"{clock.local(place.created_at):%Y-%m-%d}", until


def affiliates_of(organisation_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return legal person → every legal person that confirmed relations join it to, itself left out. One query."""
    ids = set(organisation_ids)
    edges = AffiliateRelation.objects.filter(state=RelationState.CONFIRMED).values_list("first_id", "second_id")
    found: dict[int, frozenset[int]] = {}
    for part in components(edges, ids) if ids else ():
        found |= {pk: part - {pk} for pk in part & ids}
    return found


def effect_of(relation: AffiliateRelation, round_: Round) -> Effect | None:
    """Return what confirming would count together; None where it would change no count. Eight queries at most."""
    if relation.state != RelationState.PROPOSED:
        return None
    pair = Evaluator.objects.filter(organisation_id__in=[relation.first_id, relation.second_id])
    facts = standing(pair.values_list("pk", flat=True), round_id=round_.pk, as_of=clock.now())
    groups: dict[int, EvaluatorStanding] = {f.group_id: f for f in facts.values() if f.group_id is not None}
    if len(groups) < 2:
        return None
    book = rulebook_at(round_.pk)[0]
    parts = tuple(
        EffectPart(_spoken(f), f.group_count, f.declared_elsewhere, len(f.over_cap_ids)) for f in groups.values()
    )
    total = sum(part.counted for part in parts)
    declared = [part.elsewhere for part in parts if part.elsewhere is not None]
    union = total + sum(declared)
    return Effect(
        parts=parts,
        total=total,
        elsewhere=sum(declared) if declared else None,
        # Flags may still await the recount of a cap that was raised: then nothing is new.
        fresh=max(max(total - book.cap, 0) - sum(part.over for part in parts), 0),
        cap=book.cap,
        level=cap_level(union, warn_from=warn_from(book), limit=book.cap),
    )


def _spoken(facts: EvaluatorStanding) -> str:
    size = len(facts.group_evaluator_ids)
    return facts.name if size == 1 else f"{facts.name}等{size}家"


#: Of two members of a group that no confirmed relation joins directly: a third body stands between them.
INDIRECT = "经其他关联单位间接关联"


def relations_of(organisation_id: int) -> dict[int, str]:
    """Return other organisation → the kind of its confirmed relation with this one, with the words that tell it. One query."""
    rows = AffiliateRelation.objects.filter(
        Q(first_id=organisation_id) | Q(second_id=organisation_id), state=RelationState.CONFIRMED
    ).order_by("id")
    found: dict[int, str] = {}
    for row in rows:
        other = row.second_id if row.first_id == organisation_id else row.first_id
        told = row.text if row.kind == AffiliateRelation.Kind.OTHER and row.text else row.get_kind_display()
        found[other] = "、".join(filter(None, [found.get(other, ""), told]))
    return found
