"""A report's form under an evaluation table that the city entered: its indicators become the printed rows. Pure."""

from __future__ import annotations

import copy
from typing import Any

from greenportal.rounds.rulebook import EvaluationItem, EvaluationTable
from greenportal.sheets import Sheet, from_json
from greenportal.sheets.types import SHOWN


def with_table(sheet: Sheet, table: EvaluationTable | None) -> Sheet:
    """Return the form with the table's indicators as the rows of its groups, each limited by its most.

    A table without indicators, or none, changes nothing. Rows of a group that the table does not have go too:
    the table is the whole of what the standard asks.
    """
    if table is None or not table.items:
        return sheet
    raw: dict[str, Any] = copy.deepcopy(dict(sheet.definition))
    groups = {key: [item for item in table.items if item.group == key] for key in table.groups}
    touched = False
    for section in raw["sections"]:
        for part in section.get("tables", []):
            if part["key"] in groups and groups[part["key"]]:
                _rows(part, groups[part["key"]])
                part["source"] = table.source
                touched = True
    return from_json(raw) if touched else sheet


def _rows(part: dict[str, Any], items: list[EvaluationItem]) -> None:
    columns = part["columns"] = [column for column in part["columns"] if column.get("formula") != SHOWN]
    if all(column["key"] != "value" for column in columns):
        # Figures of these rows are not those of GB/T 36132: no formula is known, so the report's are typed.
        place = next(n for n, column in enumerate(columns) if column["key"] == "met")
        columns.insert(place, {"key": "value", "label": "指标值", "max_length": 100, "required": "no", "copy": False})
    if all(item.max_score is not None for item in items) and not any(c["key"] == "max_score" for c in columns):
        place = next(n for n, column in enumerate(columns) if column["key"] == "score")
        columns.insert(
            place, {"key": "max_score", "label": "最高分值", "type": "decimal", "decimals": 2, "required": "no"}
        )
        columns[place + 1]["max_from"] = "max_score"
    keys = {column["key"] for column in columns}
    part["fixed"] = [{"id": item.code, **{k: v for k, v in _texts(item).items() if k in keys}} for item in items]


def _texts(item: EvaluationItem) -> dict[str, str]:
    texts = {"item": item.name, "kind": item.requirement, "requirement": item.note}
    if item.max_score is not None:
        texts["max_score"] = f"{item.max_score.normalize():f}"
    return texts
