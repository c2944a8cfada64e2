"""What stands in the way of the city's 汇总表: the cap per affiliate group, written decisions, blockers, what a person judges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from evaluators.models import Engagement
from evaluators.selectors.lists import GroupName, groups_of
from evaluators.states import COUNTED, EngagementState
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Finding, Outcome
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.selectors import rulebook_at
from nominations.models import CityList, CityListEntry, Decision, Nomination
from nominations.selectors.decisions import latest_decisions, standing_against
from nominations.states import NominationState

CAP_RULE = "CAP"
#: Findings that a person judges in writing at approval: nothing about them refuses.
JUDGED = ("SANCTION", "INDEPENDENCE", "INDEPENDENCE_SIGNS", CAP_RULE)


@dataclass(frozen=True, slots=True)
class GroupLine:
    """How many rows of a list one affiliate group evaluated, against the cap of the batch."""

    group_id: int
    name: str
    count: int
    limit: int

    @property
    def over(self) -> bool:
        """Return whether the list holds more of this group than the notice allows."""
        return self.count > self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """What was found about one nomination. decided: who decided an over-cap engagement, when, why."""

    nomination_id: int
    subject: str
    messages: tuple[str, ...]
    flags: tuple[str, ...]
    over_cap: bool
    decided: str


@dataclass(frozen=True, slots=True)
class Examined:
    """The whole answer: groups with their counts, and every row about which something is to be said."""

    groups: tuple[GroupLine, ...]
    rows: tuple[Row, ...]

    def errors(self) -> dict[str, list[str]]:
        """Return what refuses: `group:<id>` and nomination id → messages. Empty: may be approved."""
        found = {
            f"group:{g.group_id}": [
                f"{g.name}的评价项目在本表中有{g.count}项，超过上限{g.limit}项，须有{g.count - g.limit}项不列入本表。"
            ]
            for g in self.groups
            if g.over
        }
        return found | {str(row.nomination_id): list(row.messages) for row in self.rows if row.messages}

    def against(self, judged: Collection[str] = ()) -> tuple[str, ...]:
        """Return every sentence that stands against the list, without what an opinion on `judged` speaks of."""
        refusing = (text for texts in self.errors().values() for text in texts)
        return (*refusing, *(f"{subject}：{text}" for subject, text in self.unspoken(judged)))

    def unspoken(self, judged: Collection[str] = ()) -> list[tuple[str, str]]:
        """Return subject and sentence of what a person must judge and no opinion speaks of yet."""
        pairs = ((row, text) for row in self.flagged for text in row.flags)
        return [(row.subject, text) for row, text in pairs if f"{row.nomination_id} {text}" not in judged]

    @property
    def asked(self) -> list[str]:
        """Return what a written opinion on this list speaks of, as `CityList.judged` keeps it: nomination and sentence."""
        return [f"{row.nomination_id} {text}" for row in self.flagged for text in row.flags]

    @property
    def flagged(self) -> tuple[Row, ...]:
        """Return the rows that a person must judge in writing."""
        return tuple(row for row in self.rows if row.flags)

    @property
    def over_cap(self) -> tuple[Row, ...]:
        """Return the rows whose evaluation lies beyond the cap."""
        return tuple(row for row in self.rows if row.over_cap)


def city_lists_visible_to(actor: Actor) -> QuerySet[CityList]:
    """Return the city's lists: the city's own people only; nothing of them is known outside before publication."""
    rows = CityList.objects.select_related("round", "prepared_by", "approved_by", "published_by", "ended_by")
    return rows if actor.is_city or actor.is_system else rows.none()


def kept_entries(city_list: CityList) -> list[CityListEntry]:
    """Return the rows of a list that are on it, with what `examine` needs of them. One query."""
    related = ("nomination__subject", "nomination__evaluator__organisation", "nomination__last_check", "version")
    return list(
        CityListEntry.objects.filter(city_list=city_list, left_out="")
        .select_related(*related)
        .order_by("category", "position")
    )


def stored_findings(entries: Sequence[CityListEntry]) -> dict[int, list[Finding]]:
    """Return what the last check said of each nomination. No query after `kept_entries`."""
    found = {}
    for entry in entries:
        run = entry.nomination.last_check
        found[entry.nomination_id] = [Finding.from_json(row) for row in run.findings] if run else []
    return found


def standing(city_list: CityList) -> Examined:
    """Judge a list by the newest checks that are kept, without making new ones. Five queries and the rulebook's."""
    entries = kept_entries(city_list)
    return examine(
        entries,
        nominations={entry.nomination_id: entry.nomination for entry in entries},
        findings=stored_findings(entries),
        book=rulebook_at(city_list.round_id)[0],
    )


def examine(
    entries: Sequence[CityListEntry],
    *,
    nominations: Mapping[int, Nomination],
    findings: Mapping[int, Sequence[Finding]],
    book: Rulebook,
) -> Examined:
    """Judge the rows of a city list. Four queries, whatever their number.

    nominations: the rows as they are now (locked, where it matters); findings: of the check that shall count.
    Refused: more rows of one affiliate group than the cap; an over-cap or undecided 原则上 row without its written
    decision; a blocker; a row that is not accepted any more; a dispute nobody decided; a void evaluation.
    """
    engagements = Engagement.objects.in_bulk([n.engagement_id for n in nominations.values() if n.engagement_id])
    groups = groups_of({e.evaluator_id for e in engagements.values()})
    decisions = latest_decisions(nominations)
    counts: dict[int, int] = {}
    rows = []
    for entry in entries:
        nomination = nominations[entry.nomination_id]
        engagement = engagements.get(nomination.engagement_id or 0)
        if engagement is not None and entry.category in book.cap_rule.counts:
            group = groups[engagement.evaluator_id]
            counts[group.id] = counts.get(group.id, 0) + 1
        rows.append(
            _row(entry, nomination, engagement, findings.get(nomination.pk, ()), decisions.get(nomination.pk, {}))
        )
    return Examined(
        groups=_lines(counts, groups, book.cap_rule.limit),
        rows=tuple(row for row in rows if row.messages or row.flags or row.over_cap),
    )


def _lines(counts: Mapping[int, int], groups: Mapping[int, GroupName], limit: int) -> tuple[GroupLine, ...]:
    named = {group.id: group for group in groups.values()}
    lines = (GroupLine(pk, named[pk].spoken, count, limit) for pk, count in counts.items())
    return tuple(sorted(lines, key=lambda line: (-line.count, line.group_id)))


def _row(
    entry: CityListEntry,
    nomination: Nomination,
    engagement: Engagement | None,
    found: Sequence[Finding],
    decisions: Mapping[str, Decision],
) -> Row:
    blockers, waiting = standing_against(found, decisions)
    messages = [*_gone(nomination), *_engagement(engagement), *blockers, *waiting]
    over = engagement is not None and engagement.over_cap
    decision = decisions.get(CAP_RULE)
    kept = decision is not None and decision.keep
    if over and not kept and not any(f.rule == CAP_RULE and f.needs_decision for f in found):
        # Whatever the check says, the mark on the engagement itself asks for the decision.
        messages.append("评价项目超出上限，还没有书面决定。")
    decided = f"{decision.decided_by.name}，{decision.reason}" if over and decision is not None and kept else ""
    return Row(nomination.pk, entry.nomination.subject.name, tuple(messages), _flags(found), over, decided)


def _gone(nomination: Nomination) -> list[str]:
    if nomination.state == NominationState.ACCEPTED:
        return []
    return [f"当前状态为“{NominationState(nomination.state).label}”，不再是已接收的申报。"]


def _engagement(engagement: Engagement | None) -> list[str]:
    if engagement is None or engagement.state in COUNTED:
        return []
    if engagement.state == EngagementState.DISPUTED:
        return ["评价机构对评价项目有异议，市局认定后才能列入。"]
    return [f"评价项目{EngagementState(engagement.state).label}，不能作为第三方评价。"]


def _flags(found: Sequence[Finding]) -> tuple[str, ...]:
    asks = (f for f in found if f.rule in JUDGED and f.outcome == Outcome.MANUAL)
    return tuple(f"{f.clause} {f.because}" for f in asks)
