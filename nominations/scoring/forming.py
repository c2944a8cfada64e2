"""A report's form under an evaluation table that the city entered: its indicators become the printed rows. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from greenportal.rounds.rulebook import EvaluationItem, EvaluationTable
from greenportal.sheets import Sheet, Table, from_json
from greenportal.sheets.paths import rows_of
from greenportal.sheets.types import SHOWN

#: Tables of a supply chain's report: of the general system, and of the three industries with a system of their own.
GENERAL, INDUSTRY = "indicators", "industry_indicators"


def with_table(sheet: Sheet, table: EvaluationTable | None) -> Sheet:
    """Return the form with the table's indicators as the rows of its groups, each limited by its most.

    A table without indicators, or none, changes nothing; nor does one whose rows the form prints already, word for
    word and with the same most. Rows of a group that the table does not have go too: the table is the whole of what
    the standard asks.
    """
    if table is None or not table.items:
        return sheet
    raw: dict[str, Any] = copy.deepcopy(dict(sheet.definition))
    wanted = _by_part(table)
    touched = False
    for section in raw["sections"]:
        for part in section.get("tables", []):
            items = wanted.get(part["key"])
            if items and not _prints(part, items, table):
                _rows(part, items, table)
                part["source"] = table.source
                if table.category == "supply_chain":
                    part["help"] = _told(table)
                if section["key"] == GENERAL and section.get("intro"):
                    section["intro"] = f"{_told(table)}。"
                touched = True
    return from_json(raw) if touched else sheet


def _by_part(table: EvaluationTable) -> dict[str, list[EvaluationItem]]:
    if table.category == "supply_chain":
        return {GENERAL if table.system in {"", "generic"} else INDUSTRY: list(table.items)}
    return {key: [item for item in table.items if item.group == key] for key in table.groups}


def _prints(part: Mapping[str, Any], items: Sequence[EvaluationItem], table: EvaluationTable) -> bool:
    """True when the form's rows are the table's: the same codes with the same words and the same most."""
    keys = {column["key"] for column in part["columns"]}
    wanted = [{"id": item.code, **_printed(item, table, number, keys)} for number, item in enumerate(items, 1)]
    held = [{key: text for key, text in row.items() if text} for row in part.get("fixed", [])]
    return held == wanted


def _printed(item: EvaluationItem, table: EvaluationTable, number: int, keys: Set[str]) -> dict[str, str]:
    texts = _chain_texts if table.category == "supply_chain" else _texts
    return {key: text for key, text in texts(item, table, number).items() if key in keys and text}


def _told(table: EvaluationTable) -> str:
    return f"按{table.label}填写" + (f"，满分{table.total.normalize():f}分" if table.total is not None else "")


def _rows(part: dict[str, Any], items: list[EvaluationItem], table: EvaluationTable) -> None:
    columns = part["columns"] = [column for column in part["columns"] if column.get("formula") != SHOWN]
    keys = {column["key"] for column in columns}
    if "met" in keys and "value" not in keys:
        # Figures of these rows are not those of GB/T 36132: no formula is known, so the report's are typed.
        place = next(n for n, column in enumerate(columns) if column["key"] == "met")
        columns.insert(place, {"key": "value", "label": "指标值", "max_length": 100, "required": "no", "copy": False})
    if all(item.max_score is not None for item in items) and "max_score" not in keys:
        place = next(n for n, column in enumerate(columns) if column["key"] == "score")
        columns.insert(
            place, {"key": "max_score", "label": "最高分值", "type": "decimal", "decimals": 2, "required": "no"}
        )
        columns[place + 1]["max_from"] = "max_score"
    for column in columns:
        if column["key"] in {"score", "max_score"}:
            # Steps of half a point are those of the shipped system alone, and so is the hint that speaks of them.
            for name in ("step", "help"):
                column.pop(name, None)
            column["decimals"] = max(2, column.get("decimals", 0))
    keys = {column["key"] for column in columns}
    part["fixed"] = [{"id": item.code, **_printed(item, table, number, keys)} for number, item in enumerate(items, 1)]


def _texts(item: EvaluationItem, table: EvaluationTable, number: int) -> dict[str, str]:
    return {"item": item.name, "kind": item.requirement, "requirement": item.note, **_most(item)}


def _chain_texts(item: EvaluationItem, table: EvaluationTable, number: int) -> dict[str, str]:
    group = table.groups[item.group].label if item.group in table.groups else ""
    texts = {"no": str(number), "group": group, "item": item.name, "unit": item.unit, "kind": item.kind}
    return {key: text for key, text in texts.items() if text} | _most(item)


def _most(item: EvaluationItem) -> dict[str, str]:
    return {} if item.max_score is None else {"max_score": f"{item.max_score.normalize():f}"}


def carried(old: Sheet, new: Sheet, answers: Mapping[str, Any], *, borne: Set[str] | None = None) -> dict[str, Any]:
    """Return the answers under the new form: a row is known by what is printed (or typed) in it, not by its number.

    Rows of a replaced table are numbered anew, so an answer by number could land at another indicator. What the new
    form does not ask is left out here; the caller keeps it in a version. borne: keys of the tables whose rows an
    evaluation table gives, where that is known; the others are the form's own, with ids that never change.
    """
    found = dict(answers)
    before = {table.key: table for table in old.tables()}
    for table in new.tables():
        former = before.get(table.key)
        if borne is not None and table.key not in borne:
            continue
        if former is None or not answers.get(table.key) or former.fixed == table.fixed:
            continue
        rows = [row for row in rows_of(former, answers) if _typed(former, row)]
        found[table.key] = list(_matched(table, rows)) if table.fixed else rows
    return found


def _typed(table: Table, row: Mapping[str, str]) -> bool:
    return any(value for key, value in row.items() if key != "_id" and not table.is_printed(row["_id"], key))


def _matched(table: Table, rows: Sequence[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    taken: set[str] = set()
    for fixed in table.fixed:
        for names in (("item", "requirement", "kind"), ("item",)):
            wanted = [fixed.values.get(name, "") for name in names]
            same = [row for row in rows if [row.get(name, "") for name in names] == wanted]
            if wanted[0] and len(same) == 1 and same[0]["_id"] not in taken:
                taken.add(same[0]["_id"])
                yield {**same[0], "_id": fixed.id}
                break
