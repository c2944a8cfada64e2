"""A year of the programme as data (DESIGN §2.1): load it, keep it, compare it.

`load("2022")` reads the shipped folder; `from_json(revision.rulebook)` reads a round's frozen copy.
Both check the same things and both lower what is not sure enough to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from greenportal.rounds import bookcheck, bookcodec, bookfiles
from greenportal.rounds.bookfiles import keys
from greenportal.rounds.booktypes import (
    MAY_REFUSE,
    Attachment,
    BasicRequirement,
    Benchmark,
    BenchmarkDocument,
    Cap,
    CategorySpec,
    DeadlineSpec,
    Department,
    DocumentSlot,
    Duty,
    EvaluationGroup,
    EvaluationItem,
    EvaluationLevel,
    EvaluationTable,
    Number,
    ProductStandard,
    ProductStandards,
    Rulebook,
    RulebookError,
    RuleSpec,
    Sourced,
    SupplySystem,
    Window,
    standard_key,
)


@lru_cache(maxsize=8)
def load(key: str, *, folder: Path | None = None) -> Rulebook:
    """Return the shipped rulebook `key` (`2022`); raises `RulebookError(file, line, reason)`.

    The result is immutable and shared. `folder` lets tests load a book of their own.
    """
    raw = bookfiles.read(key, folder=folder)
    try:
        return _assemble({"key": key, **raw.tables})
    except bookcodec.Malformed as error:
        raise RulebookError(*raw.where(error.path), error.reason) from error


def from_json(raw: Mapping[str, Any]) -> Rulebook:
    """Return the rulebook stored in a round's revision; raises `RulebookError` naming the path."""
    try:
        return _assemble(raw)
    except bookcodec.Malformed as error:
        raise RulebookError(".".join(error.path) or "规则书", 0, error.reason) from error


def _assemble(raw: Mapping[str, Any]) -> Rulebook:
    book: Rulebook = bookcodec.build(Rulebook, raw)
    bookcheck.check(book)
    return bookcodec.lower(book)


def sheet_file(key: str, sheet: str, *, folder: Path | None = None) -> Path:
    """Return the file of a sheet: the year's own, else that of the year it extends.

    Raises `RulebookError` when no year in the line has it.
    """
    base = folder or bookfiles.FOLDER
    at = key
    while at:
        found = base / at / "sheets" / f"{sheet}.toml"
        if found.is_file():
            return found
        at = load(at, folder=folder).extends
    raise RulebookError(f"{key}/sheets/{sheet}.toml", 0, "没有这张表单的定义")


__all__ = [
    "MAY_REFUSE",
    "Attachment",
    "BasicRequirement",
    "Benchmark",
    "BenchmarkDocument",
    "Cap",
    "CategorySpec",
    "DeadlineSpec",
    "Department",
    "DocumentSlot",
    "Duty",
    "EvaluationGroup",
    "EvaluationItem",
    "EvaluationLevel",
    "EvaluationTable",
    "Number",
    "ProductStandard",
    "ProductStandards",
    "RuleSpec",
    "Rulebook",
    "RulebookError",
    "Sourced",
    "SupplySystem",
    "Window",
    "from_json",
    "keys",
    "load",
    "sheet_file",
    "standard_key",
]
