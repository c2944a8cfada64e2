"""Reads of filings."""

from greenportal.filings.selectors.reading import filing_for, open_comments, sheet_of, sheets_of, worded_sheet
from greenportal.filings.selectors.tasks import SectionStatus, Status, sections_status, task_status

__all__ = [
    "SectionStatus",
    "Status",
    "filing_for",
    "open_comments",
    "sections_status",
    "sheet_of",
    "sheets_of",
    "task_status",
    "worded_sheet",
]
