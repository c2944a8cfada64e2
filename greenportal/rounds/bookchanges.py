"""What of a rulebook may be changed in the browser, how, and what a change looks like. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from greenportal import clock
from greenportal.findings.types import Confidence, Invalid
from greenportal.rounds import rulebook
from greenportal.rounds.bookcodec import canonical_decimal, encode
from greenportal.rounds.rulebook import EvaluationTable, ProductStandard, Rulebook, RulebookError


@dataclass(frozen=True, slots=True)
class Editable:
    """One value that the city lead may change: where it stands, what it is called, what it is now."""

    path: str
    label: str
    kind: str
    value: datetime | Decimal | int
    unit: str
    clause: str
    confidence: Confidence


def editables(book: Rulebook) -> list[Editable]:
    """Return the dates and numbers of a rulebook that may be changed, in the order of the page."""
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
    return found


def apply(
    book: Rulebook,
    changes: Mapping[str, datetime | Decimal | int],
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
    allowed = {item.path for item in editables(book)}
    raw = book.as_json()
    for path, value in changes.items():
        if path not in allowed:
            raise Invalid(f"“{path}”不能在批次中修改。", errors={path: ["该项不能在批次中修改"]})
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
        if held != table:
            found.append(Change(f"评价指标表：{table.label}", _told(held) if held else "", _told(table)))
    return found


def _told(table: EvaluationTable) -> str:
    return f"{len(table.groups)}个一级指标，{len(table.items)}项指标，来源：{table.source}"


def _shown(item: Editable) -> str:
    if isinstance(item.value, datetime):
        return clock.spoken(item.value)
    value = canonical_decimal(item.value) if isinstance(item.value, Decimal) else str(item.value)
    return f"{value}{item.unit}"
