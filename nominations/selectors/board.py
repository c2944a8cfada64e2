"""One page for the district: what still stops me, nomination by nomination. Constant query count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Finding, Outcome
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.selectors import WindowState, rulebook_at, window
from nominations.constants import CLOCK_SUBMIT, Category
from nominations.models import ConsultationItem, Correction, Decision, Nomination, RecommendationList
from nominations.selectors.content import Content, Gap, contents, gaps
from nominations.selectors.decisions import latest_decisions, undecided
from nominations.selectors.nominations import lists_visible_to, visible_to
from nominations.states import NominationState

N = NominationState
#: States in which the district can still put the nomination on its list.
_TO_COME = frozenset({N.DRAFT, N.HANDED_IN, N.CHECKED, N.RETURNED_BY_DISTRICT})


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
    correction: Correction | None = None

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
    """The whole district: its list, its window, its rows by category and rank."""

    list: RecommendationList | None
    window: WindowState
    rows: tuple[BoardRow, ...]
    unanswered_departments: tuple[str, ...] = field(default=())

    @property
    def ready(self) -> tuple[BoardRow, ...]:
        """Rows that 定稿 would take as they are."""
        return tuple(r for r in self.rows if r.nomination.state == N.CHECKED and not r.hard)

    @property
    def stopped(self) -> tuple[BoardRow, ...]:
        """Rows that something still stops."""
        return tuple(
            r for r in self.rows if r.nomination.state in _TO_COME and (r.hard or r.nomination.state != N.CHECKED)
        )


def board(actor: Actor, *, round_id: int, authority_id: int) -> Board:
    """Return the district's board. About twelve queries for any number of nominations."""
    rulebook, _ = rulebook_at(round_id)
    rows = visible_to(actor).filter(round_id=round_id, authority_id=authority_id).exclude(state=N.WITHDRAWN)
    related = rows.select_related("subject", "applicant", "industry", "evaluator__organisation", "last_check")
    order = {category: index for index, category in enumerate(Category.values)}
    found = sorted(related, key=lambda n: (order[n.category], n.rank is None, n.rank or 0, n.pk))
    ids = [n.pk for n in found]
    obstacles = obstacles_of(found, rulebook)
    corrections = {c.nomination_id: c for c in Correction.objects.filter(nomination__in=ids, closed_at=None)}
    waiting = ConsultationItem.objects.filter(
        nomination__in=ids, opinion=ConsultationItem.Opinion.NONE, consultation__state="asked"
    )
    departments = waiting.values_list("consultation__department", flat=True).distinct()
    return Board(
        list=lists_visible_to(actor).filter(round_id=round_id, authority_id=authority_id).first(),
        window=window(round_id=round_id, key=CLOCK_SUBMIT, authority_id=authority_id, at=clock.now()),
        rows=tuple(BoardRow(n, obstacles[n.pk], corrections.get(n.pk)) for n in found),
        unanswered_departments=tuple(sorted(departments)),
    )


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
