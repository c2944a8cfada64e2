"""What a workbook would change, told from what it was made with and from what stands there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from greenportal.sheets.forms import apply
from greenportal.sheets.paths import anchors, parse
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Answers, Sheet
from greenportal.sheets.values import fingerprint, is_empty
from greenportal.sheets.workbook.types import FilingRead


class Kind(StrEnum):
    """NEW: nothing stood there; CHANGED; CLEARED: only the workbook's cell is empty; REMOVED: a row taken away;
    CONFLICT: the place was changed on the web after the download, to something else."""

    NEW = "新增"
    CHANGED = "修改"
    CLEARED = "清空"
    REMOVED = "删除"
    CONFLICT = "冲突"


@dataclass(frozen=True, slots=True)
class Item:
    """One place: texts as printed. `was_wanted`: the workbook's value, as `save` takes it."""

    kind: Kind
    path: str
    label: str
    before: str
    after: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """items in printed order; same: edits that stand there already (the same file again, or typed on the page too)."""

    items: tuple[Item, ...]
    same: int

    @property
    def conflicts(self) -> tuple[Item, ...]:
        """Return the places that two people changed."""
        return tuple(item for item in self.items if item.kind == Kind.CONFLICT)

    def changes(self, *, take: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return path → value for `save`: everything but conflicts, of which only those in `take`."""
        return {item.path: item.value for item in self.items if item.kind != Kind.CONFLICT or item.path in take}


def compare(sheet: Sheet, read: FilingRead, answers: Answers) -> Comparison:
    """Return what the edits of a workbook mean for the answers as they stand now."""
    known = _labels(sheet, read, answers)
    found, same = [], 0
    for path, value in read.edits.items():
        now = _now(answers, path)
        if value == now or (is_empty(value) and is_empty(now)):
            same += 1
            continue
        kind = _kind(read.base, path, value, now, answers)
        before, after = _text(sheet, path, now), _text(sheet, path, value)
        found.append(Item(kind, path, known.get(path, path), before, after, value))
    order = {path: number for number, path in enumerate(known)}
    found.sort(key=lambda item: order.get(item.path, len(order)))
    return Comparison(tuple(found), same)


def _kind(base: Mapping[str, str], path: str, value: Any, now: Any, answers: Answers) -> Kind:
    if value is None:
        moved = any(
            fingerprint(text) != base.get(f"{path}.{name}", fingerprint(""))
            for name, text in now.items()
            if name != "_id"
        )
        return Kind.CONFLICT if moved else Kind.REMOVED
    gone = path.partition("]")[0] + "]"
    if "[" in path and gone in base and _now(answers, gone) is None:
        return Kind.CONFLICT
    if fingerprint(now) != base.get(path, fingerprint("")):
        return Kind.CONFLICT
    if is_empty(now):
        return Kind.NEW
    return Kind.CLEARED if is_empty(value) else Kind.CHANGED


def _now(answers: Answers, path: str) -> Any:
    place = parse(path)
    if place is None or place.field:
        return answers.get(path, "")
    row = next((row for row in answers.get(place.table) or [] if row["_id"] == place.row), None)
    return (row or {}).get(place.column, "") if place.column else row


def _labels(sheet: Sheet, read: FilingRead, answers: Answers) -> dict[str, str]:
    """Return path → label in printed order, of what stands there and of what the workbook adds."""
    kept = {path: value for path, value in read.edits.items() if value is not None}
    found: dict[str, str] = {}
    for path, label in anchors(sheet, apply(sheet, answers, kept)):
        inner = path.removeprefix(f"{sheet.key}.")
        row = inner.partition("]")[0] + "]"
        if "[" in inner and row not in found:
            found[row] = label.rpartition(" ")[0]
        found[inner] = label
    return found


def _text(sheet: Sheet, path: str, value: Any) -> str:
    place = parse(path)
    if place is None:
        return ""
    if place.field:
        return text_of(sheet.field(place.field), value)
    table = sheet.table(place.table)
    if place.column:
        return text_of(table.column(place.column), value)
    if value is None:
        return "（删除这一行）"
    return "；".join(text for column in table.columns if (text := text_of(column, value.get(column.key))))
