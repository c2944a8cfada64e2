"""What of a rulebook may be changed in the browser, how, and what a change looks like. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from greenportal import clock
from greenportal.findings.types import Confidence, Invalid
from greenportal.rounds import rulebook
from greenportal.rounds.bookcodec import canonical_decimal, encode
from greenportal.rounds.booktypes import CAPPINGS, WEIGHTINGS
from greenportal.rounds.rulebook import EvaluationTable, ProductStandard, Rulebook, RulebookError

#: An instant, a number, a count, or the key of a choice.
Value = datetime | Decimal | int | str


@dataclass(frozen=True, slots=True)
class Editable:
    """One value that the city lead may change: where it stands, what it is called, what it is now.

    choices: of kind `choice` only, stored value → words.
    """

    path: str
    label: str
    kind: str
    value: Value
    unit: str
    clause: str
    confidence: Confidence
    choices: Mapping[str, str] = field(default_factory=dict)


def editables(book: Rulebook) -> list[Editable]:
    """Return the dates, numbers and readings of a rulebook that may be changed, in the order of the page."""
    found: list[Editable] = []
    for key, spec in book.deadlines.items():
        for name, word in (("opens_at", "开始时间"), ("closes_at", "截止时间")):
            value = getattr(spec, name)
            label = f"{spec.label}：{word}"
            found.append(Editable(f"deadlines|{key}|{name}", label, "instant", value, "", spec.clause, spec.confidence))
    for key, number in book.numbers.items():
        found.append(
            Editable(
                f"numbers|{key}|value",
                number.label,
                "number",
                number.value,
                number.unit,
                number.clause,
                number.confidence,
            )
        )
    cap = book.cap_rule
    found.append(
        Editable("cap_rule|limit", "同一法人评价项目上限", "count", cap.limit, "项", cap.clause, cap.confidence)
    )
    for key, table in book.evaluation_tables.items():
        if table.method == "index":
            found += _readings(key, table)
    return found


def _readings(key: str, table: EvaluationTable) -> list[Editable]:
    """Return the two settings of an index: no source says which reading is right, so the city lead does."""
    asked = (
        ("weighting", "加权方式", table.weighting, WEIGHTINGS),
        ("cap_ratio", "比值大于1时", "yes" if table.cap_ratio else "no", CAPPINGS),
    )
    return [
        Editable(
            f"evaluation_tables|{key}|{name}",
            f"{table.label}：{word}",
            "choice",
            value,
            "",
            table.clause,
            table.confidence,
            choices,
        )
        for name, word, value, choices in asked
    ]


def apply(
    book: Rulebook,
    changes: Mapping[str, Value],
    *,
    source: str,
    confidence: Confidence | None = None,
    standards: tuple[ProductStandard, ...] | None = None,
    standards_complete: bool | None = None,
    evaluation_tables: Mapping[str, EvaluationTable] | None = None,
) -> Rulebook:
    """Return a rulebook with the changes, each marked with where it now comes from.

    `confidence` is set on what changed only when a document stands behind it. Raises Invalid when a
    path may not be changed or the result contradicts itself.
    """
    allowed = {item.path: item for item in editables(book)}
    raw = book.as_json()
    for path, value in changes.items():
        if path not in allowed:
            raise Invalid(f"“{path}”不能在批次中修改。", errors={path: ["该项不能在批次中修改"]})
        if allowed[path].kind == "choice" and value not in allowed[path].choices:
            raise Invalid(f"{allowed[path].label}：从列出的方式中选择。", errors={path: ["从列出的方式中选择"]})
        _put(raw, path.split("|"), value, source, confidence)
    if standards is not None:
        raw["product_standards"]["items"] = [
            {"number": s.number, "name": s.name, "product": s.product, "batch": s.batch} for s in standards
        ]
        raw["product_standards"]["complete"] = bool(standards_complete)
        raw["product_standards"]["source"] = source
    for key, table in (evaluation_tables or {}).items():
        kept = [row for row in raw["evaluation_tables"] if row["key"] != key]
        raw["evaluation_tables"] = [*kept, {"key": key, **encode(table)}]
    try:
        return rulebook.from_json(raw)
    except RulebookError as error:
        raise Invalid(
            f"{_label(book, error.file)}{error.reason}。", errors={_path(error.file): [error.reason]}
        ) from error


def _put(raw: dict[str, Any], parts: list[str], value: Any, source: str, confidence: Confidence | None) -> None:
    group = raw[parts[0]]
    row = group if isinstance(group, dict) else next(item for item in group if item["key"] == parts[1])
    if parts[0] == "evaluation_tables":
        # A reading that the city chose says nothing about where the weights and reference values come from.
        row[parts[-1]] = value == "yes" if parts[-1] == "cap_ratio" else value
        row["reading_source"] = source
        return
    row[parts[-1]] = _stored(value)
    row["source"] = source
    if confidence is not None:
        row["confidence"] = str(confidence)


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.local(value).isoformat()
    return canonical_decimal(value) if isinstance(value, Decimal) else value


def _path(dotted: str) -> str:
    """Turn `deadlines.nominations.submit.closes_at` into `deadlines|nominations.submit|closes_at`."""
    head, _, rest = dotted.partition(".")
    middle, _, last = rest.rpartition(".")
    return "|".join(part for part in (head, middle, last) if part)


def _label(book: Rulebook, dotted: str) -> str:
    found = {item.path: item.label for item in editables(book)}.get(_path(dotted))
    return f"{found}：" if found else ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two revisions, as people read it."""

    label: str
    before: str
    after: str


def difference(old: Rulebook, new: Rulebook) -> list[Change]:
    """Return what differs between two revisions: dates, numbers and the list of product standards."""
    before = {item.path: item for item in editables(old)}
    found = [
        Change(item.label, _shown(before[item.path]) if item.path in before else "", _shown(item))
        for item in editables(new)
        if item.path not in before or before[item.path].value != item.value
    ]
    added = new.standard_numbers - old.standard_numbers
    gone = old.standard_numbers - new.standard_numbers
    if added or gone or old.product_standards.complete != new.product_standards.complete:
        old_count, new_count = len(old.product_standards.items), len(new.product_standards.items)
        told = f"{new_count}项（新增{len(added)}项，减少{len(gone)}项）"
        found.append(Change("绿色设计产品标准清单", f"{old_count}项", told))
    for key, table in new.evaluation_tables.items():
        held = old.evaluation_tables.get(key)
        if held is None or _without_reading(held) != _without_reading(table):
            found.append(Change(f"评价指标表：{table.label}", _told(held) if held else "", _told(table)))
    return found


def _without_reading(table: EvaluationTable) -> EvaluationTable:
    """Return the table without the settings that `editables` already compares."""
    return replace(table, weighting="", cap_ratio=False, reading_source="")


def _told(table: EvaluationTable) -> str:
    return f"{len(table.groups)}个一级指标，{len(table.items)}项指标，来源：{table.source}"


def _shown(item: Editable) -> str:
    if isinstance(item.value, datetime):
        return clock.spoken(item.value)
    if item.kind == "choice":
        return item.choices[str(item.value)]
    value = canonical_decimal(item.value) if isinstance(item.value, Decimal) else str(item.value)
    return f"{value}{item.unit}"
