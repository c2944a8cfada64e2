"""An evaluation table (评价指标表) of an industry standard that the city adds to a round: by form, or from Excel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.documents.xlsx import Column, Table, write_table
from greenportal.files import services as files
from greenportal.files.jail import Cell, Worksheet, read_workbook
from greenportal.files.models import StoredFile
from greenportal.findings.types import Confidence, Invalid, NotVisible
from greenportal.rounds import rules, selectors
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.rulebook import EvaluationGroup, EvaluationItem, EvaluationTable, Rulebook, standard_key
from greenportal.rounds.services.lifecycle import revise
from greenportal.rounds.services.standards import KIND

HEADINGS = ("一级指标", "一级指标权重", "编号", "二级指标", "必选或可选", "单位", "最高分值", "指标类型")
_CODE = re.compile(r"[A-Za-z0-9]{1,40}")
LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDraft:
    """What the city enters: for which standard or supply-chain system, its first-level indicators, its indicators."""

    label: str
    category: str
    standard: str = ""
    system: str = ""
    groups: tuple[tuple[str, Decimal | None], ...] = ()
    items: tuple[EvaluationItem, ...] = ()
    source: str = ""


def groups_of(text: str) -> tuple[tuple[str, Decimal | None], ...]:
    """Return first-level indicators typed one a line, `基础设施 20`; Invalid names the line that cannot be read."""
    found: list[tuple[str, Decimal | None]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace("　", " ").split()
        if not words:
            continue
        weight = _decimal(words[-1]) if len(words) > 1 else None
        if len(words) != 2 or weight is None:
            told = f"第{number}行写作“一级指标 权重”，如：基础设施 20。"
            raise Invalid(told, errors={"groups": [told]})
        found.append((words[0], weight))
    return tuple(found)


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None


def read_items(
    sheets: Sequence[Worksheet],
) -> tuple[tuple[tuple[str, Decimal | None], ...], tuple[EvaluationItem, ...]]:
    """Return groups and indicators of a workbook made from the template. Invalid lists every row to mend. Pure."""
    rows = sheets[0].rows if sheets else []
    at, columns = _columns(rows)
    groups: dict[str, Decimal | None] = {}
    items: list[EvaluationItem] = []
    errors: dict[str, list[str]] = {}
    for index, cells in enumerate(rows[at + 1 :], at + 2):
        values = {name: _text(cells, column) for name, column in columns.items()}
        if not any(values.values()):
            continue
        problem = _problem(values, {item.code for item in items})
        if problem:
            errors[f"row-{index}"] = [f"第{index}行：{problem}"]
            continue
        weight = _decimal(values.get("一级指标权重", "")) if values.get("一级指标权重") else None
        groups[values["一级指标"]] = weight if weight is not None else groups.get(values["一级指标"])
        items.append(_item(values, len(items) + 1))
    if errors:
        told = "；".join(message for messages in errors.values() for message in messages)
        raise Invalid(f"有{len(errors)}行不能导入：{told}", errors={"file": [told]})
    if not items:
        raise Invalid("工作表中没有指标。按模板填写后重新上传。", errors={"file": ["工作表中没有指标。"]})
    return tuple(groups.items()), tuple(items)


def _columns(rows: Sequence[Sequence[Cell]]) -> tuple[int, dict[str, int]]:
    for at, cells in enumerate(rows[:10]):
        titles = [str(cell or "").strip() for cell in cells]
        found = {name: titles.index(name) for name in HEADINGS if name in titles}
        if {"一级指标", "二级指标"} <= found.keys():
            return at, found
    told = "没有找到表头。表头应有“一级指标”和“二级指标”两列，请使用模板。"
    raise Invalid(told, errors={"file": [told]})


def _text(cells: Sequence[Cell], column: int) -> str:
    value = cells[column] if column < len(cells) else None
    return "" if value is None else str(value).strip()


def _problem(values: Mapping[str, str], codes: set[str]) -> str:
    for name in ("一级指标", "二级指标"):
        if not values[name]:
            return f"填写{name}。"
    if any(len(text) > LONGEST for text in values.values()):
        return f"每格不超过{LONGEST}字。"
    for name in ("一级指标权重", "最高分值"):
        if values.get(name) and _decimal(values[name]) is None:
            return f"{name}填写数字。"
    if values.get("编号") in codes:
        return f"编号“{values['编号']}”重复。"
    return ""


def _item(values: Mapping[str, str], number: int) -> EvaluationItem:
    code = values.get("编号", "")
    return EvaluationItem(
        code=code if _CODE.fullmatch(code) else f"i{number}",
        group=values["一级指标"],
        name=values["二级指标"],
        requirement=values.get("必选或可选", ""),
        unit=values.get("单位", ""),
        max_score=_decimal(values["最高分值"]) if values.get("最高分值") else None,
        kind=values.get("指标类型", ""),
        note="" if code == "" or _CODE.fullmatch(code) else f"原编号{code}",
    )


def build(draft: TableDraft, book: Rulebook, *, source: str) -> EvaluationTable:
    """Return the record of a draft; Invalid says what it lacks. A factory keeps to the six groups of the report.

    With a most for every indicator the total is their sum, else the weighted scores of the groups. Pure.
    """
    if draft.category == "factory" and not draft.standard:
        raise Invalid("填写标准编号。", errors={"standard": ["填写标准编号。"]})
    if draft.category == "supply_chain" and draft.system not in book.supply_systems:
        raise Invalid("选择评价指标体系。", errors={"system": ["选择评价指标体系。"]})
    if not draft.groups:
        told = "填写一级指标和权重，或上传按模板填写的指标表。"
        raise Invalid(told, errors={"groups": [told]})
    known = {
        g.label: key
        for t in book.evaluation_tables.values()
        if t.category == draft.category
        for key, g in t.groups.items()
    }
    strange = [label for label, _ in draft.groups if label not in known]
    if draft.category == "factory" and strange:
        told = f"一级指标应为{'、'.join(list(known)[:6])}，没有“{'、'.join(strange)}”。"
        raise Invalid(told, errors={"groups": [told]})
    keys = {label: known.get(label) or f"g{n}" for n, (label, _) in enumerate(draft.groups, start=1)}
    pointed = bool(draft.items) and all(item.max_score is not None for item in draft.items)
    if not pointed and (wrong := _weights_problem(draft)):
        raise Invalid(wrong, errors={"groups": [wrong]})
    items = tuple(_regrouped(item, keys) for item in draft.items)
    most = [item.max_score for item in items if item.max_score is not None]
    return EvaluationTable(
        label=draft.label,
        category=draft.category,
        method="sum" if pointed else "weighted",
        standards=(draft.standard,) if draft.standard else (),
        system=draft.system,
        groups={keys[label]: EvaluationGroup(label=label, weight=weight) for label, weight in draft.groups},
        items=items,
        total=sum(most, Decimal(0)) if pointed else Decimal(100),
        clause=draft.standard or book.supply_systems[draft.system].clause,
        source=source,
        confidence=Confidence.HIGH,
        note="市局录入",
    )


def _weights_problem(draft: TableDraft) -> str:
    weights = [weight for _, weight in draft.groups if weight is not None]
    if len(weights) != len(draft.groups):
        return "填写每个一级指标的权重，或为每项指标填写最高分值。"
    total = sum(weights, Decimal(0))
    return "" if total == 100 else f"权重合计应为100，现为{total.normalize():f}。"


def _regrouped(item: EvaluationItem, keys: Mapping[str, str]) -> EvaluationItem:
    return EvaluationItem(
        code=item.code,
        group=keys[item.group],
        name=item.name,
        requirement=item.requirement,
        unit=item.unit,
        max_score=item.max_score,
        kind=item.kind,
        note=item.note,
    )


def add_evaluation_table(
    *, actor: Actor, round_id: int, seen_version: int, draft: TableDraft, reason: str, file_id: str
) -> RoundRevision:
    """Add the table of a standard or system to the round, or replace it, as a revision with its document.

    file_id: the workbook made from the template (its rows are the indicators), or the standard as PDF.
    Raises Refused, NotVisible, Stale, ReasonRequired, Invalid.
    """
    rules.may_lead(actor).require()
    row = selectors.visible_round(actor, round_id)
    stored = StoredFile.objects.filter(pk=file_id, kind=KIND, uploaded_by_id=actor.user_id).first()
    if stored is None:
        raise NotVisible
    if stored.name.lower().endswith(".xlsx"):
        with files.open_path(stored) as path:
            groups, items = read_items(read_workbook(path))
        draft = TableDraft(
            label=draft.label,
            category=draft.category,
            standard=draft.standard,
            system=draft.system,
            groups=groups,
            items=items,
            source=draft.source,
        )
    with transaction.atomic():
        book, _ = selectors.rulebook_at(row.pk)
        table = build(draft, book, source=draft.source or f"市局录入：{stored.name}")
        table = _levels_kept(book, _key(book, table), table)
        return revise(
            actor=actor,
            round_id=row.pk,
            seen_version=seen_version,
            changes={},
            reason=reason,
            document_id=file_id,
            document_title=draft.label,
            evaluation_tables={_key(book, table): table},
        )


def _levels_kept(book: Rulebook, key: str, table: EvaluationTable) -> EvaluationTable:
    """Return the table with the levels and the pass mark of the one that it replaces: a workbook brings none."""
    held = book.evaluation_tables.get(key)
    if held is None or table.levels or not (held.levels or held.pass_mark is not None):
        return table
    note = f"{table.note}；等级沿用：{held.source}"
    return replace(table, levels=held.levels, pass_mark=held.pass_mark, note=note)


def _key(book: Rulebook, table: EvaluationTable) -> str:
    """Return the key of the table that this one replaces, or a new one: keys stay."""
    for key, held in book.evaluation_tables.items():
        same = {standard_key(n) for n in held.standards} & {standard_key(n) for n in table.standards}
        if held.category == table.category and (same or (table.system and held.system == table.system)):
            return key
    taken = [int(key.removeprefix("added_")) for key in book.evaluation_tables if key.startswith("added_")]
    return f"added_{max(taken, default=0) + 1}"


def evaluation_template() -> bytes:
    """Return the empty workbook: one indicator a row."""
    columns = tuple(
        Column(name, name, width=width, kind="text")
        for name, width in zip(HEADINGS, (18, 14, 10, 46, 14, 10, 12, 12), strict=True)
    )
    notes = ("每行一项二级指标，照标准原文填写；一级指标权重每组填一次即可；标准没有规定分值的，“最高分值”留空。",)
    return write_table(Table("评价指标表", "评价指标表", columns, (), notes=notes, blank_rows=150))
