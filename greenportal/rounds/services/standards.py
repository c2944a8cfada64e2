"""绿色设计产品标准清单 from the city's Excel: preview with row errors, then a revision of the rulebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.documents.xlsx import Column, Table, write_table
from greenportal.files import services as files
from greenportal.files.jail import Cell, Worksheet, read_workbook
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible
from greenportal.rounds import rules, selectors
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.rulebook import ProductStandard, standard_key
from greenportal.rounds.services.lifecycle import revise

KIND = "rounds.document"
HEADINGS = {
    "number": ("标准编号", "标准号", "编号"),
    "name": ("标准名称", "名称"),
    "product": ("产品种类", "产品类别", "产品名称"),
    "batch": ("批次",),
}
LONGEST = 200


@dataclass(frozen=True, slots=True)
class RowError:
    """A row of the workbook that cannot be taken: its number as Excel shows it, and what to do."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class StandardsPreview:
    """What an import would bring: rows to take, row errors, and the difference to what is held."""

    items: tuple[ProductStandard, ...]
    errors: tuple[RowError, ...]
    added: int
    removed: int


def preview_standards(*, actor: Actor, round_id: int, file_id: str) -> StandardsPreview:
    """Read an uploaded workbook in the jailed child and say what it would change. Stores nothing."""
    rules.may_lead(actor).require()
    row = selectors.visible_round(actor, round_id)
    found = parse(_sheets(actor, file_id))
    held = selectors.rulebook_at(row.pk)[0].standard_numbers
    numbers = {standard_key(item.number) for item in found[0]}
    return StandardsPreview(found[0], found[1], added=len(numbers - held), removed=len(held - numbers))


def import_standards(
    *, actor: Actor, round_id: int, seen_version: int, file_id: str, complete: bool, reason: str
) -> RoundRevision:
    """Take the workbook's list as the round's, as a revision whose document is the workbook itself.

    complete: the city declares that this is the whole list, so that an absent standard is refused.
    Raises Refused, NotVisible, Stale, Invalid (row errors are listed; then nothing is taken).
    """
    rules.may_lead(actor).require()
    items, errors = parse(_sheets(actor, file_id))
    if errors:
        told = {f"row-{error.row}": [error.message] for error in errors}
        raise Invalid(f"有{len(errors)}行不能导入，请改好后重新上传。", errors=told)
    with transaction.atomic():
        return revise(
            actor=actor,
            round_id=round_id,
            seen_version=seen_version,
            changes={},
            reason=reason,
            document_id=file_id,
            document_title="绿色设计产品标准清单",
            standards=items,
            standards_complete=complete,
        )


def _sheets(actor: Actor, file_id: str) -> list[Worksheet]:
    stored = StoredFile.objects.filter(pk=file_id, kind=KIND, uploaded_by_id=actor.user_id).first()
    if stored is None:
        raise NotVisible
    with files.open_path(stored) as path:
        return read_workbook(path)


def parse(sheets: Sequence[Worksheet]) -> tuple[tuple[ProductStandard, ...], tuple[RowError, ...]]:
    """Return the standards of the first worksheet and the rows that cannot be taken. Pure.

    Raises Invalid when there is no heading row or no row at all.
    """
    rows = sheets[0].rows if sheets else []
    at, columns = _columns(rows)
    items: list[ProductStandard] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for index, cells in enumerate(rows[at + 1 :], at + 2):
        values = {name: _text(cells, column) for name, column in columns.items()}
        if not any(values.values()):
            continue
        problem = _problem(values, seen)
        if problem:
            errors.append(RowError(index, problem))
            continue
        seen[standard_key(values["number"])] = index
        items.append(ProductStandard(**values))
    if not items and not errors:
        raise Invalid("工作表中没有标准。按模板填写“标准编号”和“标准名称”后重新上传。")
    return tuple(items), tuple(errors)


def _columns(rows: Sequence[Sequence[Cell]]) -> tuple[int, dict[str, int]]:
    for at, cells in enumerate(rows[:10]):
        titles = [str(cell or "").strip() for cell in cells]
        found = {name: titles.index(t) for name, known in HEADINGS.items() for t in reversed(known) if t in titles}
        if "number" in found and "name" in found:
            return at, found
    raise Invalid("没有找到表头。表头应有“标准编号”和“标准名称”两列，请使用模板。")


def _text(cells: Sequence[Cell], column: int) -> str:
    value = cells[column] if column < len(cells) else None
    return "" if value is None else str(value).strip()


def _problem(values: dict[str, str], seen: dict[str, int]) -> str:
    if not values["number"]:
        return "填写标准编号。"
    if not values["name"]:
        return "填写标准名称。"
    if any(len(text) > LONGEST for text in values.values()):
        return f"每格不超过{LONGEST}字。"
    if first := seen.get(standard_key(values["number"])):
        return f"标准编号与第{first}行重复，只保留一行。"
    return ""


def template() -> bytes:
    """Return the empty workbook that the city fills: one row per standard."""
    columns = tuple(
        Column(name, titles[0], width=width, kind="text")
        for (name, titles), width in zip(HEADINGS.items(), (22, 46, 24, 12), strict=True)
    )
    notes = ("每行一项标准；标准编号照清单原文填写，例如 GB/T 32161-2015。",)
    return write_table(Table("标准清单", "绿色设计产品标准清单", columns, (), notes=notes, blank_rows=300))
