"""One page for the district: what still stops me, in numbers for all and in words for the nominations shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Finding, Outcome
from greenportal.rounds.booktypes import HARD, DocumentSlot, Rulebook
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.selectors import WindowState, rulebook_at, window
from nominations.constants import CLOCK_SUBMIT, Category
from nominations.models import (
    ConsultationItem,
    Decision,
    Nomination,
    NominationDocument,
    NominationSheet,
    RecommendationList,
)
from nominations.selectors.content import Content, Gap, contents, gaps
from nominations.selectors.decisions import latest_decisions, undecided
from nominations.selectors.nominations import lists_visible_to, visible_to
from nominations.states import NominationState

N = NominationState
#: States in which the district can still put the nomination on its list.
_TO_COME = (N.DRAFT, N.HANDED_IN, N.CHECKED, N.RETURNED_BY_DISTRICT)
#: States that refuse 定稿 by themselves (`_state`).
_STANDING = (N.DRAFT, N.RETURNED_BY_DISTRICT, N.HANDED_IN, N.RETURNED_BY_CITY)
_RELATED = ("subject", "applicant", "industry", "evaluator__organisation", "last_check")
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands between a nomination and the list.

    who: applicant | district | department | evaluator | city, whose turn it is; hard: 定稿 is refused.
    """

    kind: str
    text: str
    who: str
    hard: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One nomination on the board."""

    nomination: Nomination
    obstacles: tuple[Obstacle, ...]

    @property
    def hard(self) -> int:
        """How many obstacles refuse 定稿."""
        return sum(o.hard for o in self.obstacles)

    @property
    def soft(self) -> int:
        """How many are listed and carried along."""
        return len(self.obstacles) - self.hard


@dataclass(frozen=True, slots=True)
class Board:
    """The whole district in numbers: its list, its window, how many in each state and how many of these stand still.

    rulebook: in force; stopped: condition on nominations that something refuses to 定稿.
    """

    list: RecommendationList | None
    window: WindowState
    rulebook: Rulebook
    by_state: Mapping[str, tuple[int, int]]
    stopped: Q
    unanswered_departments: tuple[str, ...] = field(default=())

    def count(self, *states: str) -> int:
        """How many are in one of the states; of all without a state."""
        return sum(total for state, (total, _) in self.by_state.items() if not states or state in states)

    @property
    def hard(self) -> int:
        """How many cannot be finalised as they are."""
        return sum(stopped for _, stopped in self.by_state.values())

    @property
    def waiting(self) -> int:
        """How many could still come on the list and do not as they are."""
        return sum(self.by_state.get(state, (0, 0))[state == N.CHECKED] for state in _TO_COME)


def nominations_of(actor: Actor, *, round_id: int, authority_id: int) -> QuerySet[Nomination]:
    """Return the district's nominations that are not withdrawn, by category of the notice and rank. Lazy."""
    order = Case(*(When(category=value, then=index) for index, value in enumerate(Category.values)))
    rows = visible_to(actor).filter(round_id=round_id, authority_id=authority_id).exclude(state=N.WITHDRAWN)
    return rows.order_by(order, F("rank").asc(nulls_last=True), "pk")


def board(actor: Actor, *, round_id: int, authority_id: int) -> Board:
    """Return the district's numbers. Seven queries, and five for each five hundred that only their content can tell of."""
    rows = nominations_of(actor, round_id=round_id, authority_id=authority_id)
    rulebook, revision = rulebook_at(round_id)
    stopped = _stopped(rows, rulebook, revision)
    states = rows.order_by().values("state").annotate(total=Count("pk"), hard=Count("pk", filter=stopped))
    waiting = ConsultationItem.objects.filter(
        nomination__in=rows.order_by().values("pk"),
        opinion=ConsultationItem.Opinion.NONE,
        consultation__state="asked",
    )
    departments = waiting.values_list("consultation__department", flat=True).distinct()
    return Board(
        list=lists_visible_to(actor).filter(round_id=round_id, authority_id=authority_id).first(),
        window=window(round_id=round_id, key=CLOCK_SUBMIT, authority_id=authority_id, at=clock.now()),
        rulebook=rulebook,
        by_state={row["state"]: (row["total"], row["hard"]) for row in states},
        stopped=stopped,
        unanswered_departments=tuple(sorted(departments)),
    )


def _stopped(rows: QuerySet[Nomination], rulebook: Rulebook, revision: RoundRevision) -> Q:
    """Return the condition that something refuses 定稿, as `obstacles_of` says it.

    State, blockers of the last check and a missing confirmation are columns. Handing in made sure that nothing hard is
    missing and that the content is the confirmed one; so answers are read only where one of them, a document or the
    rulebook changed since, or where a finding asks for a decision.
    """
    certain = Q(state__in=_STANDING) | Q(last_check__blockers__gt=0) | Q(state=N.CHECKED, confirmed_sha256="")
    since = OuterRef("handed_in_at")
    changed = NominationSheet.objects.filter(nomination=OuterRef("pk"), filing__updated_at__gt=since)
    files = NominationDocument.objects.filter(nomination=OuterRef("pk"))
    doubt = Q(last_check__decisions__gt=0) | Q(handed_in_at=None) | Q(handed_in_at__lt=revision.created_at)
    doubt |= Q(Exists(changed)) | Q(Exists(files.filter(Q(added_at__gt=since) | Q(removed_at__gt=since))))
    doubt |= Q(category__in=[c for c, slots in rulebook.documents.items() if any(map(_depends, slots))])
    left = list(rows.order_by("pk").filter(doubt).exclude(certain).values_list("pk", flat=True))
    ids = [row.nomination.pk for row in board_rows(left, rulebook) if row.hard]
    return certain | Q(pk__in=ids)


def _depends(slot: DocumentSlot) -> bool:
    """True for a document that an officer's word can make a must after handing in."""
    return slot.required == HARD and bool(slot.only_if)


def board_rows(ids: Sequence[int], rulebook: Rulebook) -> Iterator[BoardRow]:
    """Yield the nominations with what stops them, in the order of the ids, five hundred at a time, so that memory stays the same."""
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        held = Nomination.objects.select_related(*_RELATED).in_bulk(some)
        found = [held[pk] for pk in some if pk in held]
        obstacles = obstacles_of(found, rulebook)
        yield from (BoardRow(n, obstacles[n.pk]) for n in found)


def obstacles_of(rows: Sequence[Nomination], rulebook: Rulebook) -> dict[int, tuple[Obstacle, ...]]:
    """Return what stops each nomination, most pressing first. `last_check` is loaded on the rows. Four queries."""
    ids = [n.pk for n in rows]
    held = contents(ids)
    decisions = latest_decisions(ids)
    result = {}
    for nomination in rows:
        content = held[nomination.pk]
        found = [
            *_state(nomination),
            *_gaps(gaps(nomination, content, rulebook).items),
            *_confirmation(nomination, content),
            *_findings(nomination, decisions.get(nomination.pk, {})),
        ]
        result[nomination.pk] = tuple(sorted(found, key=lambda o: not o.hard))
    return result


def _state(nomination: Nomination) -> Iterable[Obstacle]:
    if nomination.state == N.DRAFT:
        yield Obstacle("state", "申报单位尚未提交。", "applicant", True)
    elif nomination.state == N.RETURNED_BY_DISTRICT:
        yield Obstacle("state", "已退回，申报单位尚未重新提交。", "applicant", True)
    elif nomination.state == N.HANDED_IN:
        yield Obstacle("state", "已提交，等待核对。", "district", True)
    elif nomination.state == N.RETURNED_BY_CITY:
        yield Obstacle("state", "市局退回，等待补正。", "applicant", True)


def _gaps(items: Iterable[Gap]) -> Iterable[Obstacle]:
    for gap in items:
        yield Obstacle("gap", gap.message, "applicant", gap.hard, gap.path)


def _confirmation(nomination: Nomination, content: Content) -> Iterable[Obstacle]:
    if nomination.state not in _TO_COME:
        return
    if not nomination.confirmed_sha256:
        yield Obstacle("confirmation", "法定代表人尚未确认申报内容。", "applicant", True)
    elif nomination.confirmed_sha256 != content.digest:
        yield Obstacle("confirmation", "内容在确认之后有改动，须法定代表人重新确认。", "applicant", True)


def _findings(nomination: Nomination, decisions: Mapping[str, Decision]) -> Iterable[Obstacle]:
    run = nomination.last_check
    if run is None:
        yield Obstacle("check", "尚未完成资格核查，稍后刷新。", "district", False)
        return
    found = [Finding.from_json(row) for row in run.findings]
    waiting = {f.rule for f in undecided(found, decisions)}
    for finding in found:
        text = f"{finding.clause}：{finding.because}"
        if finding.blocks:
            yield Obstacle("blocker", text, "applicant", True, finding.rule)
        elif finding.rule in waiting:
            yield Obstacle("decision", f"{text} 须书面决定是否推荐。", "district", True, finding.rule)
        elif finding.outcome == Outcome.MANUAL:
            yield Obstacle("manual", text, "district", False, finding.rule)
        elif finding.outcome == Outcome.NOT_MET and not finding.needs_decision:
            yield Obstacle("warning", text, "district", False, finding.rule)
