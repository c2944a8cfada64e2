"""One evaluation as its page shows it: dates, the steps of the procedure, declarations, what is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from evaluators.models import Engagement
from evaluators.rules import cap_level
from evaluators.selectors.groups import warn_from
from evaluators.selectors.sanctions import sanction_on, spoken_span
from evaluators.selectors.standing import elsewhere_of_group
from evaluators.states import COUNTED, EngagementState
from greenportal import clock
from greenportal.accounts import masking
from greenportal.rounds.selectors import rulebook_at


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: what the rulebook calls it and asks, and what the evaluator reported."""

    key: str
    label: str
    source: str
    needs_people: bool
    outside: str
    done_on: str
    people: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class WorkPage:
    """An evaluation with its procedure. missing: what the evaluator still owes, in words."""

    engagement: Engagement
    steps: tuple[StepLine, ...]
    missing: tuple[str, ...]
    open_for_work: bool
    rows: tuple[tuple[str, str], ...]


def work_page(engagement: Engagement, *, masked: bool) -> WorkPage:
    """Return the page of a visible engagement; masked: names of the team starred. Three queries."""
    book, _ = rulebook_at(engagement.round_id)
    told = {row.step: row for row in engagement.steps.all()}
    steps = tuple(
        StepLine(
            key=key,
            label=spec.label,
            source=spec.source,
            needs_people=spec.needs_people,
            outside=book.procedure[spec.outside].label if spec.outside else "",
            done_on=_day(told[key].done_on) if key in told else "",
            people=tuple(_named(told[key].people, masked=masked)) if key in told else (),
            note=told[key].note if key in told else "",
        )
        for key, spec in book.procedure.items()
    )
    return WorkPage(
        engagement=engagement,
        steps=steps,
        missing=_missing(engagement, steps),
        open_for_work=engagement.state in {EngagementState.CONFIRMED, EngagementState.UPHELD},
        rows=_rows(engagement),
    )


@dataclass(frozen=True, slots=True)
class CapLine:
    """What an evaluator reads before it confirms: counts of its group in this portal, the cap, a running sanction.

    elsewhere: what the group declares outside this portal; level is that of both together.
    """

    counted: int
    done: int
    elsewhere: int
    cap: int
    level: str
    sanction: str

    @property
    def union(self) -> int:
        """Return the evaluations of this portal and those declared elsewhere together."""
        return self.counted + self.elsewhere


def cap_line(engagement: Engagement) -> CapLine:
    """Return the counts beside which a visible engagement is confirmed. Four queries."""
    book, _ = rulebook_at(engagement.round_id)
    here = Q(group_id=engagement.group_id, round_id=engagement.round_id)
    done = Q(state__in=[EngagementState.CONFIRMED, EngagementState.UPHELD])
    found = Engagement.objects.filter(here).aggregate(
        counted=Count("pk", filter=Q(state__in=COUNTED)), done=Count("pk", filter=done)
    )
    elsewhere = elsewhere_of_group(engagement.group_id, engagement.round_id)
    running = sanction_on(engagement.evaluator.organisation_id, clock.today())
    return CapLine(
        counted=found["counted"],
        done=found["done"],
        elsewhere=elsewhere,
        cap=book.cap,
        level=cap_level(found["counted"] + elsewhere, warn_from=warn_from(book), limit=book.cap),
        sanction=spoken_span(running) if running else "",
    )


def _named(people: str, *, masked: bool) -> list[str]:
    return [masking.name(name) if masked else name for name in people.splitlines()]


def _day(day: object) -> str:
    return f"{day:%Y-%m-%d}" if day else ""


def _rows(row: Engagement) -> tuple[tuple[str, str], ...]:
    visit = "至".join(filter(None, [_day(row.visit_from), _day(row.visit_to)]))
    declared = {True: "声明未参与自评价报告编写", False: "声明参与了自评价报告编写", None: "未声明"}[row.independent]
    return (
        ("合同编号", row.contract_no or "未填写"),
        ("合同日期", _day(row.contract_on) or "未填写"),
        ("现场评价日期", visit or "未填写"),
        ("评价报告日期", _day(row.report_on) or "未填写"),
        ("评价得分", "未填写" if row.score is None else f"{row.score}分"),
        (
            "机构独立性声明",
            declared + (f"（{clock.local(row.independent_at):%Y-%m-%d}）" if row.independent_at else ""),
        ),
    )


def _missing(row: Engagement, steps: tuple[StepLine, ...]) -> tuple[str, ...]:
    """Return what an evaluation lacks; nothing of it refuses anything, the notice names no such condition."""
    facts = (
        (row.contract_on, "合同日期"),
        (row.visit_from, "现场评价日期"),
        (row.report_on, "评价报告日期"),
        (row.score is not None, "评价得分"),
        (row.independent is not None, "独立性声明"),
        (row.statement_id, "签字盖章的真实性承诺"),
    )
    found = [label for value, label in facts if not value]
    return (*found, *(step.label for step in steps if not step.done_on))
