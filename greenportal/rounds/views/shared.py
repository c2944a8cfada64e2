"""What the pages of rounds have in common: rows for the list component, refusals shown in forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.http import HttpRequest, QueryDict

from greenportal import clock
from greenportal.findings.types import Invalid, ReasonRequired, Stale, WrongState
from greenportal.rounds.forms import ServiceForm
from greenportal.rounds.selectors import Clock

T = TypeVar("T")
ACTORS = {"applicant": "申报单位", "district": "区市县、先导区", "evaluator": "评价机构", "listed": "名单单位"}
CHANNELS = {"electronic": "电子", "paper": "纸质"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of `components/table.html`."""

    cells: Sequence[dict[str, Any]]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A head of `components/table.html`."""

    label: str
    number: bool = False
    unit: str = ""


@dataclass(slots=True)
class Listing:
    """A table with its heads; `add` takes one cell per head: text, or a dict for links and tags."""

    caption: str
    heads: Sequence[Head]
    rows: list[Line] = field(default_factory=list)

    def add(self, *cells: str | dict[str, Any]) -> None:
        """Append a row."""
        made = [cell if isinstance(cell, dict) else {"text": cell} for cell in cells]
        named = [
            {"label": head.label, "number": head.number} | cell for head, cell in zip(self.heads, made, strict=True)
        ]
        self.rows.append(Line(named))


def listing(caption: str, *heads: str) -> Listing:
    """Return an empty table with these heads."""
    return Listing(caption, [Head(label) for label in heads])


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, even when it is empty: an empty POST is a form with errors, not a new form."""
    return request.POST if request.method == "POST" else None


def attempt(form: ServiceForm, verb: Callable[[], T]) -> T | None:
    """Run a service; what it refuses and the user can mend is shown in the form. None: show the form again."""
    try:
        return verb()
    except (Invalid, ReasonRequired, Stale, WrongState) as error:
        form.take(error)
    return None


def rest_day(closes_at: datetime) -> str:
    """Return a hint when the last day of a clock is a Saturday or Sunday; holidays are not known here."""
    last = clock.local(closes_at - timedelta(microseconds=1)).date()
    if last.weekday() < 5:
        return ""
    return f"截止当日为星期{clock.WEEKDAYS[last.weekday()]}，可能是休息日，请提前办理"


def clock_table(clocks: Sequence[Clock]) -> Listing:
    """Return the deadlines as a table: weekday and exact time, who, how, and what moved the end."""
    table = listing("期限", "事项", "谁办理", "方式", "截止时间", "状态", "提示", "依据")
    for row in clocks:
        if row.state.closes_at is None:
            continue
        hints = [rest_day(row.state.closes_at), row.note if row.district == "" else ""]
        if row.state.extension_id:
            hints.append(f"已延期，文号{row.state.document_no}")
        if row.district:
            hints.append(f"{row.district}自行设定")
        table.add(
            row.label,
            ACTORS.get(row.actor, row.actor),
            CHANNELS[row.channel],
            clock.spoken(row.state.closes_at),
            {"text": "办理中", "tag": True, "colour": "green"} if row.state.open else {"text": "未开放", "tag": True},
            "；".join(hint for hint in hints if hint),
            row.clause,
        )
    return table
