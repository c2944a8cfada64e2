"""From the answers of the report sheets to what the reports themselves judge: 符合 or 不符合, row by row. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from greenportal.sheets import Sheet
from greenportal.sheets.paths import rows_of
from nominations.eligibility.facts import BasicAnswer, RequirementAnswer
from nominations.scoring.judging import judged, told

Part = tuple[str, Sheet, Mapping[str, Any]]
_YES_NO = {"yes": True, "no": False}
GENERAL = "general"
#: First-level indicators of a factory's report. Rows printed 必选, or 必选 with something 可选 in them, are asked.
GROUPS = ("infrastructure", "management", "inputs", "product", "emissions", "performance")
_MUST = "必选"


def _party(key: str) -> str:
    return "third" if key.endswith("_third") else "self"


def general(parts: Sequence[Part]) -> tuple[RequirementAnswer, ...] | None:
    """Return the rows of 一般要求 (no score, veto) of both reports, and the evaluator's word on all; None unanswered."""
    found = []
    for key, sheet, answers in parts:
        if key in {"factory_self", "factory_third"}:
            found += list(_answered(key, sheet, answers, (GENERAL,)))
    for key, _, answers in parts:
        if key == "factory_third" and (met := _YES_NO.get(str(answers.get("basic_met")))) is not None:
            found.append(RequirementAnswer(party="third", label="评价结果：基本要求", met=met))
    return tuple(found) or None


def musts(parts: Sequence[Part]) -> tuple[RequirementAnswer, ...] | None:
    """Return the rows of a factory's six groups printed 必选 (also 必选 with 可选 parts) that somebody judged, else None."""
    found = [
        row
        for key, sheet, answers in parts
        if key in {"factory_self", "factory_third"}
        for row in _answered(key, sheet, answers, GROUPS, kind=_MUST)
    ]
    return tuple(found) or None


def _answered(
    key: str, sheet: Sheet, answers: Mapping[str, Any], tables: tuple[str, ...], *, kind: str = ""
) -> Iterator[RequirementAnswer]:
    for table in sheet.tables():
        if table.key not in tables:
            continue
        for row in rows_of(table, answers):
            met = _YES_NO.get(str(row.get("met")))
            if met is not None and (not kind or kind in str(row.get("kind") or "")):
                words = [row[name] for name in ("item", "requirement") if row.get(name)]
                # Where part of a row is 可选, what failed may be that part: the reader is told.
                mixed = f"（{row['kind']}）" if kind and row["kind"] != kind else ""
                yield RequirementAnswer(party=_party(key), label=f"{'：'.join(words)}{mixed}", met=met)


def product_rows(answers: Mapping[str, Any]) -> tuple[RequirementAnswer, ...] | None:
    """Return the requirement rows of a product's standard: what the report says, and what its own figures say."""
    rows = judged([row for row in answers.get("requirements") or () if isinstance(row, Mapping)])
    found = [
        RequirementAnswer(
            party="self",
            label=row.label,
            met=row.entered,
            computed=row.computed,
            arithmetic=told(row) if row.measured else "",
            indicator=row.indicator,
            model=row.model,
        )
        for row in rows
    ]
    return tuple(found) or None


def third_basic(answers: Mapping[str, Any]) -> tuple[BasicAnswer, ...]:
    """Return the evaluator's 基本要求 by number, and 0 for its word on all of them; empty where it said nothing."""
    found = [
        BasicAnswer(no=int(row["_id"]), met=_YES_NO[row["met"]], text=str(row.get("situation") or ""))
        for row in answers.get("basic") or ()
        if isinstance(row, Mapping) and str(row.get("_id")).isdigit() and row.get("met") in _YES_NO
    ]
    whole = _YES_NO.get(str(answers.get("basic_met")))
    return (*([] if whole is None else [BasicAnswer(no=0, met=whole)]), *found)
