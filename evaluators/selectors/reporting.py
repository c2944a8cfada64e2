"""Annual reports (附件10): which an actor sees, what the portal fills in, totals, and what does not agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import QuerySet

from evaluators.constants import CLOCK_REPORT, SCOPE_REPORT, EvaluatedCategory
from evaluators.models import AnnualReport, Engagement, FiledReturn, LateAllowance
from evaluators.selectors.lists import SEE_ALL
from evaluators.selectors.roster import RosterCounts
from evaluators.states import COUNTED, EngagementState
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Subject
from greenportal.rounds.selectors import WindowState, window

#: Engagements that a report leaves out: they are nobody's any more.
GONE = frozenset({EngagementState.WITHDRAWN, EngagementState.VOID})
#: The level that the cap counts: 本批次, 国家级.
CAPPED_LEVEL = "national"
#: Columns of D1 that the engagement's page knows too, as the report prints them.
D1_LABELS = {"contract_on": "合同日期", "visit_on": "现场评价日期", "report_on": "报告日期", "score": "得分"}


def reports_visible_to(actor: Actor) -> QuerySet[AnnualReport]:
    """Return reports: the portal all, the city those filed at least once, an evaluator its own, others none."""
    rows = AnnualReport.objects.select_related("evaluator__organisation", "round", "current__frozen").order_by("id")
    if actor.is_system:
        return rows
    if actor.role in SEE_ALL:
        return rows.filter(current__isnull=False)
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(evaluator__organisation_id=actor.organisation_id)
    return rows.none()


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a report may be filed at an instant. `until`: the latest end that holds; `late`: after the round's own."""

    open: bool
    late: bool
    closes_at: datetime | None
    until: datetime | None


def gate(report: AnnualReport, *, at: datetime) -> Gate:
    """Return the gate of one report: the round's clock, an open return's due day, the city's leave. Four queries."""
    clock_state = window(round_id=report.round_id, key=CLOCK_REPORT, authority_id=None, at=at)
    due = FiledReturn.objects.filter(scope=SCOPE_REPORT, scope_id=report.pk, closed_at=None)
    leave = LateAllowance.objects.filter(evaluator_id=report.evaluator_id, round_id=report.round_id)
    ends = [*due.values_list("due_at", flat=True), *leave.values_list("until", flat=True)]
    return joined(clock_state, ends, round_open=report.round.state == "open", at=at)


def joined(state: WindowState, ends: Iterable[datetime], *, round_open: bool, at: datetime) -> Gate:
    """Return the gate that a clock and further ends make together. Pure. An end is exclusive."""
    if state.closes_at is None or state.opens_at is None:
        return Gate(False, False, None, None)
    until = max([state.closes_at, *ends])
    opened = round_open and state.opens_at <= at < until
    return Gate(opened, at >= state.closes_at, state.closes_at, until)


def row_id(engagement_id: int) -> str:
    """Return the id of an engagement's row in the report's table."""
    return f"e{engagement_id}"


def engagements_of(evaluator_id: int, round_id: int) -> list[Engagement]:
    """Return the engagements that a report lists, in order of recording. One query."""
    rows = Engagement.objects.filter(evaluator_id=evaluator_id, round_id=round_id).exclude(state__in=GONE)
    return list(rows.select_related("subject__organisation", "subject__authority").order_by("id"))


def project_cells(row: Engagement) -> dict[str, str]:
    """Return the columns of D1 that the portal fills in."""
    return {
        "subject": row.subject.name,
        "uscc": row.subject.organisation.uscc,
        "district": row.subject.authority.name,
        "category": row.category,
        "state": EngagementState(row.state).label,
    }


def told_cells(row: Engagement) -> dict[str, str]:
    """Return the columns of D1 that the engagement's own page already knows, unknown ones left out.

    They only fill empty cells: what the body types in the report is its word, and where the two
    do not agree `differences` says so.
    """
    days = {"contract_on": row.contract_on, "visit_on": row.visit_from or row.visit_to, "report_on": row.report_on}
    cells = {key: day.isoformat() for key, day in days.items() if day is not None}
    if row.score is not None:
        cells["score"] = f"{row.score.normalize():f}"
    return cells


def staff_fields(staff: RosterCounts) -> dict[str, str]:
    """Return the figures of block B that the portal fills in."""
    return {
        "staff_total": str(staff.total),
        "staff_intermediate": str(staff.intermediate),
        "staff_senior": str(staff.senior),
        "staff_senior_other": str(staff.senior_other),
    }


@dataclass(frozen=True, slots=True)
class Totals:
    """The year's evaluations against the cap.

    portal: counted engagements of the whole affiliate group in this portal; own: those of this body; elsewhere: rows of
    D2; counted_elsewhere: those of them that the cap counts (国家级; factory, park, supply chain); union: portal and
    counted_elsewhere; by_category and by_province over own and elsewhere, in a fixed order.
    """

    portal: int
    own: int
    elsewhere: int
    counted_elsewhere: int
    union: int
    cap: int
    by_category: tuple[tuple[str, int], ...]
    by_province: tuple[tuple[str, int], ...]

    @property
    def over(self) -> int:
        """Return how many lie beyond the cap; 0 for none."""
        return max(0, self.union - self.cap)


def totals(
    answers: Mapping[str, Any],
    rows: Iterable[Engagement],
    *,
    group_count: int,
    affiliates_elsewhere: int = 0,
    cap: int,
    counts: Iterable[str],
    home: str,
) -> Totals:
    """Return the totals of a report. Pure. counts: categories of the cap; home: name of the portal's own province.

    affiliates_elsewhere: what the other members of the group declare outside this portal; counted together (通知 二).
    """
    own = [row for row in rows if row.state in COUNTED]
    elsewhere = [row for row in answers.get("elsewhere") or [] if isinstance(row, dict)]
    capped = set(counts)
    counted = sum(row.get("level") == CAPPED_LEVEL and row.get("category") in capped for row in elsewhere)
    categories = Counter(row.category for row in own) + Counter(str(row.get("category", "")) for row in elsewhere)
    provinces = Counter({home: len(own)} if own else {}) + Counter(
        str(row.get("province", "")) or "未填写" for row in elsewhere
    )
    return Totals(
        portal=group_count,
        own=len(own),
        elsewhere=len(elsewhere),
        counted_elsewhere=counted,
        union=group_count + counted + affiliates_elsewhere,
        cap=cap,
        by_category=tuple((choice.label, categories[choice.value]) for choice in EvaluatedCategory),
        by_province=tuple(sorted(provinces.items())),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what an evaluator reports and what nominations claim do not agree."""

    evaluator_id: int
    evaluator: str
    subject: str
    text: str


def differences(actor: Actor, *, round_id: int) -> list[Difference]:
    """Return what does not agree in the filed reports of a round: for the city alone. At most three queries."""
    if actor.role not in SEE_ALL:
        return []
    reports = list(reports_visible_to(actor).filter(round_id=round_id).order_by("evaluator__organisation__sort_key"))
    engaged: dict[int, dict[int, Engagement]] = {report.evaluator_id: {} for report in reports}
    rows = Engagement.objects.filter(round_id=round_id, evaluator_id__in=engaged).select_related(
        "subject__organisation"
    )
    for row in rows:
        engaged[row.evaluator_id][row.pk] = row
    told = {str(r.get("uscc", "")) for report in reports for r in _elsewhere(report)} - {""}
    known = _subjects(told)
    return [found for report in reports for found in _of(report, engaged[report.evaluator_id], known)]


def _elsewhere(report: AnnualReport) -> list[dict[str, Any]]:
    answers = report.current.frozen.answers if report.current else {}
    return [row for row in answers.get("elsewhere") or [] if isinstance(row, dict)]


def _subjects(codes: set[str]) -> set[tuple[str, str]]:
    """Return (code, category) of what this city itself nominates. One query."""
    rows = Subject.objects.filter(organisation__uscc__in=codes)
    return set(rows.values_list("organisation__uscc", "kind"))


def _of(report: AnnualReport, engaged: Mapping[int, Engagement], known: set[tuple[str, str]]) -> list[Difference]:
    current = report.current
    if current is None:
        return []
    answers, name = current.frozen.answers, report.evaluator.organisation.name
    typed = {row["_id"]: row for row in answers.get("projects") or []}
    filed = {int(item["id"]): str(item["state"]) for item in current.payload.get("engagements", [])}
    found: list[tuple[str, str]] = []
    for pk, row in engaged.items():
        found += [(row.subject.name, text) for text in _one(row, filed.get(pk), typed.get(row_id(pk), {}))]
    claimed = {(row.subject.organisation.uscc, row.category) for row in engaged.values() if row.state not in GONE}
    seen: set[tuple[str, ...]] = set()
    for item in _elsewhere(report):
        place = (str(item.get("uscc", "")), str(item.get("category", "")))
        subject = str(item.get("subject", ""))
        if place in known and place not in claimed:
            text = "机构填在本系统以外，但本市有同一单位同一类别的申报对象，没有登记由该机构评价"
            found.append((subject, text))
        if place in claimed and item.get("level") == CAPPED_LEVEL:
            found.append((subject, "本系统内已登记的评价项目又填在本系统以外，可能重复计数"))
        # Another place of the same body is another evaluation: the name belongs to what is compared.
        told = (*place, "".join(subject.split()), str(item.get("level", "")))
        if told in seen:
            found.append((subject, "本系统以外的评价项目重复填写，可能重复计数"))
        seen.add(told)
    return [Difference(report.evaluator_id, name, subject, text) for subject, text in found]


def _one(row: Engagement, filed: str | None, typed: Mapping[str, Any]) -> list[str]:
    counted = row.state in COUNTED
    if filed is None:
        return ["报送之后新登记，报告中没有"] if counted else []
    texts = []
    if row.state in GONE and filed in COUNTED:
        texts.append("报送之后撤回或认定无效，报告中仍列为评价项目")
    if typed.get("ours") == "no" and counted:
        texts.append("申报单位登记由该机构评价，机构报告称不是本机构承担")
    return texts + (_unlike(row, typed) if counted else [])


def _unlike(row: Engagement, typed: Mapping[str, Any]) -> list[str]:
    """Return where days and score in the report are not those on the engagement's page; blanks are no difference."""
    texts = []
    for key, known in told_cells(row).items():
        said = str(typed.get(key) or "")
        same = _number(said) == _number(known) if key == "score" else said == known
        if said and not same:
            label = D1_LABELS[key]
            texts.append(f"{label}不一致：机构报告为{said}，评价项目登记为{known}")
    return texts


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def unsigned(evaluator_id: int, round_id: int) -> list[tuple[int, str]]:
    """Return (engagement, subject) of the evaluations whose signed statement of truth is not there yet. One query.

    Of those that the body confirmed or that were upheld: an answer to the claim comes first. A flag, since the notice
    asks the statement and says nothing of what follows from its absence.
    """
    told = [EngagementState.CONFIRMED, EngagementState.UPHELD]
    rows = Engagement.objects.filter(evaluator_id=evaluator_id, round_id=round_id, state__in=told, statement=None)
    return list(rows.order_by("id").values_list("pk", "subject__name"))
