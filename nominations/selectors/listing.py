"""附件1, 工业和信息化主管部门推荐汇总表: which values a nomination prints on its row.

The columns are those of the sheet `annex1_<category>` of the round's rulebook, so that a column added
there is printed without a change here, when it is a field of the nomination's own sheets or known below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import Sheet, load
from greenportal.sheets.printing import text_of

#: Key of the table that holds the rows in every annex1 sheet.
ROWS = "rows"


def annex_sheet(rulebook: Rulebook, category: str) -> Sheet:
    """Return the form of 附件1 for a category."""
    return load(sheet_file(rulebook.key, f"annex1_{category}"))


def columns_of(rulebook: Rulebook, category: str) -> tuple[tuple[str, str], ...]:
    """Return key and heading of the columns of 附件1 for a category, in printed order."""
    tables = (t for s in annex_sheet(rulebook, category).sections for t in s.tables if t.key == ROWS)
    return tuple((column.key, column.label) for table in tables for column in table.columns)


def row_texts(rulebook: Rulebook, category: str, printed: Mapping[str, str]) -> tuple[str, ...]:
    """Return a stored row as people read it: cells in printed order, choices by their labels.

    The database keeps no order of keys, so a page never walks the stored mapping itself.
    """
    tables = (t for s in annex_sheet(rulebook, category).sections for t in s.tables if t.key == ROWS)
    return tuple(text_of(column, printed.get(column.key, "")) for table in tables for column in table.columns)


def printed_row(payload: Mapping[str, Any], columns: Iterable[str]) -> dict[str, str]:
    """Return the row of 附件1 for a frozen nomination's payload: column key → canonical text. Pure.

    Known of the nomination itself first, then the field of that key in its sheets; empty otherwise.
    """
    typed = _typed(payload)
    return {key: typed[key] if key in typed else _answer(payload, key) for key in columns}


def _typed(payload: Mapping[str, Any]) -> dict[str, str]:
    head = payload["nomination"]
    industry, evaluator = head["industry"], head["evaluator"]
    factory = head["category"] == "factory"
    return {
        "district": head["authority"]["name"],
        "authority_name": head["authority"]["name"],
        "organisation": head["subject"]["name"] if factory else head["applicant"]["name"],
        "park_name": head["subject"]["name"],
        "product_name": head["subject"]["name"],
        "industry": f"{industry['code']} {industry['name']}" if industry else "",
        "evaluator": evaluator["name"] if evaluator else "",
        "standard": head["standard"] or _answer(payload, "standard_no"),
        "key_energy": {True: "yes", False: "no", None: ""}[head["key_energy_user"]],
        "energy_result": _energy_result(payload),
        "model": _models(payload),
        "note": "中央企业" if head["applicant"]["is_central"] else "",
    }


def _answer(payload: Mapping[str, Any], key: str) -> str:
    for sheet in payload["sheets"]:
        value = sheet["answers"].get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def _models(payload: Mapping[str, Any]) -> str:
    for sheet in payload["sheets"]:
        rows = sheet["answers"].get("models")
        if isinstance(rows, list):
            return "、".join(str(row["model"]) for row in rows if row.get("model"))
    return ""


def _energy_result(payload: Mapping[str, Any]) -> str:
    """The outcome of the energy benchmark as the frozen check says it."""
    for finding in (payload["check"] or {}).get("findings", ()):
        if finding["rule"] == "ENERGY" and finding["outcome"] != "not_applicable":
            return {"met": "达到标杆水平", "not_met": "未达到标杆水平", "manual": "待人工核实"}[finding["outcome"]]
    return ""
