"""Sheets: one definition of an official form, from which everything else follows (DESIGN §2.2). Pure."""

from greenportal.sheets.computing import compute
from greenportal.sheets.differ import diff
from greenportal.sheets.loader import from_json, load, load_folder
from greenportal.sheets.paths import anchors
from greenportal.sheets.printing import printed
from greenportal.sheets.schema import json_schema
from greenportal.sheets.types import (
    Answers,
    Change,
    Choice,
    Field,
    FieldType,
    Level,
    Problem,
    Required,
    Section,
    Settled,
    Sheet,
    SheetError,
    Table,
)
from greenportal.sheets.validation import validate

__all__ = [
    "Answers",
    "Change",
    "Choice",
    "Field",
    "FieldType",
    "Level",
    "Problem",
    "Required",
    "Section",
    "Settled",
    "Sheet",
    "SheetError",
    "Table",
    "anchors",
    "compute",
    "diff",
    "from_json",
    "json_schema",
    "load",
    "load_folder",
    "printed",
    "validate",
]
