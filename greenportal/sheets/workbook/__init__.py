"""Sheets as workbooks: written, filled in offline, read back into changes. Pure; the reader of files is the caller's.

`write_forms` draws filings as forms, `write_lists` many filings of a sheet as rows. `marks_of` says whose a workbook
is, `read` what was typed in it, `compare` what that would change. docs/reference/workbooks.md has the layout.
"""

from greenportal.sheets.workbook.comparing import Comparison, Item, Kind, compare
from greenportal.sheets.workbook.identity import base_of, new_row_id
from greenportal.sheets.workbook.moving import moved
from greenportal.sheets.workbook.reading import marks_of, read
from greenportal.sheets.workbook.types import (
    Base,
    CellProblem,
    CellRef,
    Contents,
    FilingRead,
    Form,
    Mark,
    NewRecord,
    Note,
    WorkbookRefused,
)
from greenportal.sheets.workbook.writing import write_forms, write_lists

__all__ = [
    "Base",
    "CellProblem",
    "CellRef",
    "Comparison",
    "Contents",
    "FilingRead",
    "Form",
    "Item",
    "Kind",
    "Mark",
    "NewRecord",
    "Note",
    "WorkbookRefused",
    "base_of",
    "compare",
    "marks_of",
    "moved",
    "new_row_id",
    "read",
    "write_forms",
    "write_lists",
]
