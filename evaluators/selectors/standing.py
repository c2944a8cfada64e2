"""Who may evaluate as of an instant: the facts of 通知 二, in constant queries for any number of evaluators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from evaluators.models import AffiliateMember, Engagement, Evaluator, EvaluatorRegistration, Sanction, SanctionStep
from evaluators.rules import state_at
from evaluators.states import COUNTED, EngagementState
from greenportal import clock

AsOf = date | datetime
#: Fields of a registration that a standing carries under the same name.
REGISTRATION_FACTS = (
    "acknowledged_at",
    "registered_in_china",
    "has_experience",
    "has_office",
    "has_finance_system",
    "staff_intermediate",
    "staff_senior",
    "knows_rules",
    "covers_three_fields",
    "latest_record_on",
)


@dataclass(frozen=True, slots=True)
class SanctionFact:
    """A confirmed 不予采信 known by the instant asked about. In force on days d with verified_on ≤ d < until."""

    sanction_id: int
    verified_on: date
    until: date
    document_no: str
    lifted_on: date | None = None

    def in_force_on(self, day: date) -> bool:
        """Return whether results dated or filed on `day` are not accepted."""
        end = min(self.until, self.lifted_on) if self.lifted_on else self.until
        return self.verified_on <= day < end


@dataclass(frozen=True, slots=True)
class EvaluatorStanding:
    """What is known of one evaluator in one round as of an instant. None means nobody has entered it.

    group_count: engagements counted in this portal for the whole affiliate group (claimed,
    confirmed, upheld); declared_elsewhere: what the group's members declare outside the portal, None
    when none has declared; affiliates_elsewhere: the part of the others; union: both together.
    `over_cap_ids` are the engagements of the group beyond the cap. Sanctions of the legal person itself only: an affiliate's is its own.
    """

    evaluator_id: int
    organisation_id: int
    name: str
    uscc: str
    legal_representative: str = ""
    registered: bool = False
    registration_id: int | None = None
    acknowledged_at: datetime | None = None
    registered_in_china: bool | None = None
    has_experience: bool | None = None
    has_office: bool | None = None
    has_finance_system: bool | None = None
    staff_intermediate: int | None = None
    staff_senior: int | None = None
    knows_rules: bool | None = None
    covers_three_fields: bool | None = None
    latest_record_on: date | None = None
    sanctions: tuple[SanctionFact, ...] = ()
    sanctioned: bool = False
    group_id: int | None = None
    group_name: str = ""
    group_evaluator_ids: tuple[int, ...] = ()
    group_count: int = 0
    disputed_count: int = 0
    declared_elsewhere: int | None = None
    affiliates_elsewhere: int = 0
    over_cap_ids: tuple[int, ...] = ()

    @property
    def staff_senior_other(self) -> int | None:
        """Return None: what the city acknowledged holds only those it found to be of a related field."""
        return None

    @property
    def union(self) -> int:
        """Return the engagements of this portal and those declared elsewhere together."""
        return self.group_count + (self.declared_elsewhere or 0)


@dataclass(slots=True)
class _Group:
    """What one affiliate group adds to the standing of its members."""

    id: int
    name: str
    members: list[int]
    counted: int = 0
    disputed: int = 0
    over_cap: tuple[int, ...] = ()


def instant_and_day(as_of: AsOf) -> tuple[datetime, date]:
    """Return the instant and the local day of `as_of`; a plain date stands for its end."""
    if isinstance(as_of, datetime):
        return as_of, clock.local(as_of).date()
    return clock.end_of(as_of), as_of


def is_past(as_of: date | None) -> bool:
    """Return whether a day asked about is over; None asks about now."""
    return as_of is not None and clock.end_of(as_of) <= clock.now()


def standing(
    evaluator_ids: Iterable[int], *, round_id: int, as_of: AsOf, past: bool = False
) -> dict[int, EvaluatorStanding]:
    """Return the standing of each known evaluator: six queries, whatever the number.

    An evaluator without registration has `registered=False` and None in its conditions, which reads
    待人工核实 and never blocks. past: asked of a day that is over, so that group and counts are those of then, from the
    instants of joining and of every move; `over_cap_ids` are today's flags of what counted then. Only pages with
    `?as_of=` say so: the "now" that a job took a moment ago is no past.
    """
    ids = sorted(set(evaluator_ids))
    instant, day = instant_and_day(as_of)
    evaluators = {e.pk: e for e in Evaluator.objects.filter(pk__in=ids).select_related("organisation")}
    groups = _groups(ids, round_id, instant if past else None)
    relatives = {member for group in groups.values() for member in group.members} | set(ids)
    registrations = _registrations(relatives, round_id, instant)
    sanctions = _sanctions([e.organisation_id for e in evaluators.values()], instant)
    return {
        pk: _one(evaluator, groups.get(pk), registrations, sanctions.get(evaluator.organisation_id, ()), day)
        for pk, evaluator in evaluators.items()
    }


def _one(
    evaluator: Evaluator,
    group: _Group | None,
    registrations: Mapping[int, EvaluatorRegistration],
    sanctions: tuple[SanctionFact, ...],
    day: date,
) -> EvaluatorStanding:
    registration = registrations.get(evaluator.pk)
    declared = [
        registrations[member].declared_elsewhere
        for member in (group.members if group else [evaluator.pk])
        if member in registrations
    ]
    known = [number for number in declared if number is not None]
    entered = (
        {}
        if registration is None
        else {
            "registration_id": registration.pk,
            **{name: getattr(registration, name) for name in REGISTRATION_FACTS},
        }
    )
    return EvaluatorStanding(
        evaluator_id=evaluator.pk,
        organisation_id=evaluator.organisation_id,
        name=evaluator.organisation.name,
        uscc=evaluator.organisation.uscc,
        legal_representative=evaluator.organisation.legal_representative,
        registered=registration is not None,
        **entered,
        sanctions=sanctions,
        sanctioned=any(sanction.in_force_on(day) for sanction in sanctions),
        group_id=group.id if group else None,
        group_name=group.name if group else "",
        group_evaluator_ids=tuple(group.members) if group else (evaluator.pk,),
        group_count=group.counted if group else 0,
        disputed_count=group.disputed if group else 0,
        declared_elsewhere=sum(known) if known else None,
        affiliates_elsewhere=sum(known) - ((registration.declared_elsewhere or 0) if registration else 0),
        over_cap_ids=group.over_cap if group else (),
    )


def places_at(instant: datetime | None) -> QuerySet[AffiliateMember]:
    """Return the places in groups that stood at a past instant; those that stand now for None."""
    if instant is None:
        return AffiliateMember.objects.filter(ended_at=None)
    return AffiliateMember.objects.filter(Q(ended_at=None) | Q(ended_at__gt=instant), created_at__lte=instant)


def _groups(ids: Sequence[int], round_id: int, instant: datetime | None) -> dict[int, _Group]:
    """Return evaluator → its group with members and counts of the round at a past instant, None for now. Three queries."""
    places = places_at(instant)
    own = dict(places.filter(evaluator_id__in=ids).values_list("evaluator", "group"))
    groups: dict[int, _Group] = {}
    rows = places.filter(group_id__in=set(own.values())).order_by("evaluator_id")
    for group_id, name, member in rows.values_list("group_id", "group__name", "evaluator_id"):
        groups.setdefault(group_id, _Group(group_id, name, [])).members.append(member)
    over: dict[int, list[int]] = defaultdict(list)
    for group_id, pk, state, over_cap in _engagements(groups, round_id, instant):
        if state == EngagementState.DISPUTED:
            groups[group_id].disputed += 1
        elif state in COUNTED:
            groups[group_id].counted += 1
            if over_cap:
                over[group_id].append(pk)
    for group_id, found in over.items():
        groups[group_id].over_cap = tuple(found)
    return {evaluator: groups[group_id] for evaluator, group_id in own.items()}


def _engagements(
    groups: Mapping[int, _Group], round_id: int, instant: datetime | None
) -> Iterator[tuple[int, int, str | None, bool]]:
    """Yield (group, engagement, state at the past instant or now, flag of today). One query."""
    rows = Engagement.objects.filter(round_id=round_id).order_by("id")
    if instant is None:
        rows = rows.filter(Q(state__in=COUNTED) | Q(state=EngagementState.DISPUTED), group_id__in=groups)
        yield from rows.values_list("group_id", "id", "state", "over_cap")
        return
    homes = {member: group.id for group in groups.values() for member in group.members}
    # Where it counts today may be a group that was joined later: what counted then follows its evaluator.
    for row in rows.filter(evaluator_id__in=homes, claimed_at__lte=instant):
        yield homes[row.evaluator_id], row.pk, state_at(row, instant), row.over_cap


def elsewhere_of_group(group_id: int, round_id: int) -> int:
    """Return what the members of a group declare outside this portal for the round, as acknowledged; 0 for nothing. One query."""
    members = AffiliateMember.objects.filter(group_id=group_id, ended_at=None)
    rows = (
        EvaluatorRegistration.objects.filter(
            evaluator_id__in=members.values("evaluator"), round_id=round_id, acknowledged_at__lte=clock.now()
        )
        .order_by("evaluator_id", "-number")
        .distinct("evaluator_id")
    )
    return sum(number or 0 for number in rows.values_list("declared_elsewhere", flat=True))


def _registrations(ids: Iterable[int], round_id: int, instant: datetime) -> dict[int, EvaluatorRegistration]:
    """Return evaluator → the last registration row of the round acknowledged by `instant`. One query."""
    rows = (
        EvaluatorRegistration.objects.filter(evaluator_id__in=ids, round_id=round_id, acknowledged_at__lte=instant)
        .order_by("evaluator_id", "-number")
        .distinct("evaluator_id")
    )
    return {row.evaluator_id: row for row in rows}


def _sanctions(organisation_ids: Iterable[int], instant: datetime) -> dict[int, tuple[SanctionFact, ...]]:
    """Return organisation → its sanctions confirmed by `instant`, with the lifting known by then, oldest first. One query."""
    found: dict[int, list[SanctionFact]] = defaultdict(list)
    ends = [SanctionStep.Kind.LIFT, SanctionStep.Kind.REVOKE]
    later = SanctionStep.objects.filter(sanction=OuterRef("pk"), kind__in=ends, confirmed_at__gt=instant)
    rows = Sanction.objects.filter(organisation_id__in=organisation_ids, confirmed_at__lte=instant)
    for row in rows.annotate(lifted_later=Exists(later)).order_by("verified_on", "id"):
        lifted_on = None if row.lifted_later else row.lifted_on
        found[row.organisation_id].append(SanctionFact(row.pk, row.verified_on, row.until, row.document_no, lifted_on))
    return {key: tuple(value) for key, value in found.items()}
