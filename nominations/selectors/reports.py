"""Third-party reports: where each stands, by the statements of the evaluator now named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from nominations.models import Nomination, NominationSheet, ReportStatement
from nominations.rules import is_third_party

#: Words and colours of where a report stands.
FILLING, FINISHED = ("填写中", ""), ("评价机构已完成", "green")


@dataclass(frozen=True, slots=True)
class ReportState:
    """Finished or not; then by whom it was written and its date."""

    finished: bool = False
    author: str = ""
    report_on: date | None = None
    stated: ReportStatement | None = None

    @property
    def label(self) -> tuple[str, str]:
        """What pages say, with the colour of the tag."""
        return FINISHED if self.finished else FILLING


def report_states(nomination_ids: Collection[int]) -> Mapping[int, ReportState]:
    """Return where each nomination's third-party report stands. One query."""
    rows = ReportStatement.objects.filter(nomination_id__in=nomination_ids, evaluator_id=F("nomination__evaluator_id"))
    found: dict[int, ReportState] = {}
    for row in rows.select_related("stated_by").order_by("pk"):
        done = row.kind == ReportStatement.Kind.FINISHED
        found[row.nomination_id] = ReportState(done, row.author, row.report_on, row)
    return {pk: found.get(pk, ReportState()) for pk in nomination_ids}


def report_filing(nomination: Nomination) -> int | None:
    """Return the filing of the third-party sheet, None for a category without one. One query."""
    rows = NominationSheet.objects.filter(nomination=nomination).values_list("sheet_key", "filing_id")
    return next((filing for key, filing in rows if is_third_party(key)), None)
