"""Filled reports of 附件2–5: the demonstration's figures for a category, fictional and plausible."""

from __future__ import annotations

from typing import Any

from greenportal.sheets import Sheet
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK
from nominations.demo.fiction import cast
from nominations.demo.figures import has_report, self_answers, third_answers


def report_answers(sheet: Sheet, category: str) -> dict[str, Any]:
    """Return the demonstration's answers to a report sheet of a category; empty for sheets that are no report."""
    applicant = next(one for one in cast() if one.category == category and has_report(one))
    if sheet.key.endswith(SELF_MARK):
        return self_answers(sheet, applicant)
    return third_answers(sheet, applicant) if sheet.key.endswith(THIRD_PARTY_MARK) else {}
