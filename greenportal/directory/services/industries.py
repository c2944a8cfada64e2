"""Classes of GB/T 4754-2017: those that ship, those used before they were listed, and the list of the standard itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Industry
from greenportal.directory.pinyin import search_key, sort_key
from greenportal.directory.rules import may_import_industries
from greenportal.directory.tables import Row, RowProblem
from greenportal.directory.validators import section_of, validate_industry_code
from greenportal.findings.types import Invalid

UNCHECKED_NAME = "待核对"
#: Columns of a list of classes; the first spelling is the one shown.
REQUIRED = ("code", "name")
HEADINGS = {
    "code": ("行业代码", "代码", "小类代码", "四位代码"),
    "name": ("行业名称", "名称", "类别名称", "小类名称"),
    "checked": ("已与标准核对",),
    "source": ("来源", "依据"),
}
#: What may stand in the column 已与标准核对; 否 where nobody compared the name with the printed standard.
CHECKED = {"": True, "是": True, "否": False}


@dataclass(frozen=True, slots=True)
class IndustryChange:
    """One class that an import would add, rename or confirm. `before` is empty for a new one, the same for a confirmed."""

    number: int
    code: str
    before: str
    after: str
    source: str = ""
    checked: bool = True


@dataclass(frozen=True, slots=True)
class IndustryPreview:
    """What an import would do: new or renamed classes, how many stay as they are, rows that cannot be read."""

    changes: tuple[IndustryChange, ...]
    same: int
    skipped: int
    problems: tuple[RowProblem, ...]


def ensure_industry(code: str) -> Industry:
    """Return the class with this code; one that is not in the list yet is kept as 待核对. In the caller's transaction.

    Raises `Invalid` for anything that is no four-digit class of divisions 06–46.
    """
    digits = validate_industry_code(code)
    industry, _ = Industry.objects.get_or_create(
        code=digits,
        defaults={
            "section": section_of(digits),
            "name": UNCHECKED_NAME,
            "name_checked": False,
            "sort_key": sort_key(UNCHECKED_NAME),
        },
    )
    return industry


def _checked(row: Row) -> bool:
    return CHECKED[row["checked"].strip()]


def _nothing_new(held: Industry | None, name: str, row: Row) -> bool:
    """Return whether a row says what is stored already; one that was not checked says nothing against one that was."""
    if held is None:
        return False
    if _checked(row):
        return held.name_checked and held.name == name
    return held.name_checked or held.name == name


def preview_industries(rows: Iterable[Row]) -> IndustryPreview:
    """Compare rows with what is stored. Codes of one to three digits (门类, 大类, 中类) are counted as skipped.

    A row that says itself unchecked leaves a checked name as it is.
    """
    stored = {i.code: i for i in Industry.objects.all()}
    changes: list[IndustryChange] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    same = skipped = 0
    for row in rows:
        raw = row["code"].strip().upper().lstrip("ABCDEFGHIJKLMNOPQRST")
        if len(raw) < 4 or not section_of(raw):
            if raw.isdigit() and len(raw) > 4:
                problems.append(RowProblem(row.number, f"第{row.number}行：行业代码“{row['code']}”应为4位数字。"))
            else:
                skipped += 1
            continue
        name = "".join(row["name"].split())
        if not name or len(name) > 80:
            problems.append(RowProblem(row.number, f"第{row.number}行：代码{raw}缺少名称，填写1至80个字。"))
        elif row["checked"].strip() not in CHECKED:
            problems.append(RowProblem(row.number, f"第{row.number}行：“已与标准核对”填写“是”或“否”，或留空。"))
        elif raw in seen:
            problems.append(RowProblem(row.number, f"第{row.number}行：代码{raw}与第{seen[raw]}行重复，保留一行。"))
        elif _nothing_new(stored.get(raw), name, row):
            same += 1
        else:
            before = stored[raw].name if raw in stored else ""
            changes.append(IndustryChange(row.number, raw, before, name, row["source"], _checked(row)))
        seen.setdefault(raw, row.number)
    return IndustryPreview(tuple(changes), same, skipped, tuple(problems))


def apply_industries(*, actor: Actor, rows: Iterable[Row], source: str) -> IndustryPreview:
    """Store the classes of `rows`; a second time changes nothing. Refuses as a whole while a row has a problem."""
    may_import_industries(actor).require()
    with transaction.atomic():
        list(Industry.objects.select_for_update().values_list("code"))
        preview = preview_industries(rows)
        if preview.problems:
            raise Invalid("先更正下列各行，再导入。", errors={"rows": [p.message for p in preview.problems]})
        Industry.objects.bulk_create(
            [
                Industry(
                    code=change.code,
                    section=section_of(change.code),
                    name=change.after,
                    name_checked=change.checked,
                    sort_key=sort_key(change.after),
                    search_key=search_key(change.after),
                    source=(change.source or source)[:200],
                )
                for change in preview.changes
            ],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["section", "name", "name_checked", "sort_key", "search_key", "source"],
        )
        if preview.changes:
            record(
                actor=actor,
                action="directory.import_industries",
                target="directory.industries:0",
                data={"changed": len(preview.changes), "source": source},
            )
    return preview
