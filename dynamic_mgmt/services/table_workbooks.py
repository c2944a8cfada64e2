"""A whole district's tables as one workbook: a sheet per category, a row per unit; back with a look through first."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from dynamic_mgmt.constants import SCOPE_TABLE
from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod
from dynamic_mgmt.selectors.catalogue import sheet_for
from dynamic_mgmt.selectors.prefill import prefilled
from dynamic_mgmt.selectors.tables import MISSING, visible_to
from dynamic_mgmt.services import filing
from dynamic_mgmt.table_rules import may_judge
from dynamic_mgmt.table_states import EDITABLE, NOT_FILED
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.selectors import sheets_of
from greenportal.filings.services import Edit, save_all
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet
from greenportal.sheets.workbook import (
    CellProblem,
    Contents,
    Form,
    Mark,
    WorkbookRefused,
    compare,
    marks_of,
    read,
    write_lists,
)
from greenportal.sheets.workbook.types import Page

#: More rows than this are not one district's; the reader stops at 6,000 as well.
MOST = 5_500


@dataclass(frozen=True, slots=True)
class UnitEdits:
    """What a workbook would change in one unit's table; conflicts keep the text of others. version: of the answers compared."""

    table_id: int
    name: str
    changes: Mapping[str, object]
    conflicts: tuple[str, ...]
    version: int = 1


@dataclass(frozen=True, slots=True)
class WorkbookPreview:
    """What an import would do. problems: cells to mend; skipped: units whose tables are filed or not the district's."""

    units: tuple[UnitEdits, ...]
    problems: tuple[CellProblem, ...]
    skipped: tuple[str, ...]

    @property
    def cells(self) -> int:
        """Return how many cells would be stored."""
        return sum(len(unit.changes) for unit in self.units)


def _open_tables(actor: Actor, period: TablePeriod) -> list[DynamicTable]:
    rows = visible_to(actor).filter(MISSING, period=period).select_related("filing")
    return list(rows.order_by("category", "unit__sort_key", "pk")[:MOST])


def district_workbook(*, actor: Actor, period: TablePeriod) -> bytes:
    """Return the workbook of a district's unfiled tables, prefilled; the ones begun with their answers. Constant queries.

    Raises Refused for anybody but a district, Invalid when there is nothing to fill.
    """
    if not actor.is_district:
        raise Refused("全区填报工作簿由区市县主管部门下载。")
    tables = _open_tables(actor, period)
    if not tables:
        raise Invalid("没有待填报的动态管理表。")
    book, fresh = _begun_with(tables, period)
    begun = sheets_of({t.filing.definition_sha256 for t in tables if t.filing})
    first = prefilled([t for t in tables if t.filing is None], period, fresh, book=book)
    groups: dict[str, tuple[Sheet, list[Form]]] = {}
    for table in tables:
        sheet = begun[table.filing.definition_sha256] if table.filing else fresh[table.category]
        answers = table.filing.answers if table.filing else first[table.pk]
        group = groups.setdefault(sheet.sha256, (sheet, []))
        title = f"{table.unit.current_name}（第{table.unit.batch}批）{table.unit.product_model}#{table.pk}"
        mark = Mark(
            ref=str(table.pk),
            sheet_key=sheet.key,
            definition=sheet.sha256,
            title=title,
            scope=SCOPE_TABLE,
            scope_id=str(table.pk),
            version=table.filing.version if table.filing else 0,
        )
        group[1].append(Form(sheet=sheet, mark=mark, answers=answers))
    order = {value: n for n, value in enumerate(ListedUnit.Category.values)}
    ordered = sorted(groups.values(), key=lambda g: order.get(g[0].key.removeprefix("dynamic_"), 9))
    return write_lists(ordered, nonce=secrets.token_hex(8), issued_at=clock.now())


def preview_workbook(*, actor: Actor, period: TablePeriod, pages: Iterable[Page]) -> WorkbookPreview:
    """Compare a filled workbook with what is stored; stores nothing. Raises Invalid for a workbook that is not ours."""
    contents, tables = _read(actor, period, list(pages))
    units, skipped = [], []
    answers, sheets = _stored(tables, period)
    for part in contents.filings:
        table = tables.get(int(part.mark.ref) if part.mark.ref.isdigit() else 0)
        if table is None or table.state not in NOT_FILED:
            skipped.append(part.mark.title)
            continue
        found = compare(sheets[table.pk], part, answers[table.pk])
        conflicts = tuple(item.label for item in found.conflicts)
        changes = found.changes()
        if changes or conflicts:
            version = table.filing.version if table.filing else 1
            units.append(UnitEdits(table.pk, table.unit.current_name, changes, conflicts, version))
    return WorkbookPreview(tuple(units), tuple(contents.all_problems), tuple(skipped))


def import_workbook(*, actor: Actor, period: TablePeriod, pages: Iterable[Page]) -> WorkbookPreview:
    """Store what a filled workbook changes, or nothing while a cell cannot be used; repeatable. Tables not begun are begun.

    Places that somebody changed meanwhile keep his text. Raises Invalid with every cell's message, Refused.
    """
    with transaction.atomic():
        preview = preview_workbook(actor=actor, period=period, pages=pages)
        if preview.problems:
            texts = [f"{p.place}“{p.label}”：{p.message}" for p in preview.problems]
            raise Invalid("先更正下列单元格，再导入。", errors={"rows": texts})
        _apply(actor, period, [unit for unit in preview.units if unit.changes])
    return preview


def _apply(actor: Actor, period: TablePeriod, units: Sequence[UnitEdits]) -> None:
    """Begin what is not begun and store all changes, in queries that do not grow with the units of a batch."""
    named = {unit.table_id: unit for unit in units}
    mine = visible_to(actor).filter(pk__in=named, period=period).order_by().values("pk")
    locked = DynamicTable.objects.select_for_update(no_key=True).filter(pk__in=mine).order_by("pk")
    tables = {table.pk: table for table in locked}
    for pk, unit in named.items():
        if pk not in tables or tables[pk].state not in NOT_FILED:
            raise Invalid(f"{unit.name}的动态管理表刚被提交或登记拒不填报，请重新上传后再导入。")
        may_judge(actor, tables[pk]).require()
    fresh = [table.pk for table in tables.values() if table.state not in EDITABLE]
    if fresh:
        loaded = list(visible_to(actor).filter(pk__in=fresh).order_by("pk"))
        book, sheets = _begun_with(loaded, period)
        answers = prefilled(loaded, period, sheets, book=book)
        filing.begin_all(actor=actor, tables=loaded, sheets=sheets, answers=answers)
        tables |= {table.pk: table for table in loaded}
    edits = [Edit(tables[pk].filing_id or 0, unit.version, unit.changes, unit.name) for pk, unit in named.items()]
    # A name of its own: what another import stored meanwhile is another's, and stops this one.
    client = f"workbook-{secrets.token_hex(8)}"
    try:
        save_all(edits=edits, actor=actor, client=client)
    except Stale as error:
        places = "、".join(place.label for place in error.current)
        raise Invalid(f"{error.current[0].owner}的“{places}”刚被他人修改，请重新上传工作簿，核对后再导入。") from error


def _begun_with(tables: Iterable[DynamicTable], period: TablePeriod) -> tuple[Rulebook, dict[str, Sheet]]:
    """Return the rulebook of the period's round and the sheets, by category, with which these tables begin."""
    book, _ = rulebook_at(period.round_id)
    kinds = {table.category for table in tables}
    return book, {kind: sheet_for(book, kind, periodic=period.periodic) for kind in kinds}


def _read(actor: Actor, period: TablePeriod, pages: list[Page]) -> tuple[Contents, dict[int, DynamicTable]]:
    """Return what the workbook says and the tables that it names, if they are the district's and of this period."""
    if not actor.is_district:
        raise Refused("填好的工作簿由区市县主管部门导入。")
    try:
        marks = marks_of(pages)
        ids = [int(m.ref) for m in marks if m.scope == SCOPE_TABLE and m.ref.isdigit() and len(m.ref) < 12]
        tables = {t.pk: t for t in visible_to(actor).filter(pk__in=ids, period=period).select_related("filing")}
        if not tables:
            raise NotVisible("工作簿不是本区市县这一期的，请重新下载后填写。")
        known = {sheet.sha256: sheet for sheet in _begun_with(tables.values(), period)[1].values()}
        known |= sheets_of({t.filing.definition_sha256 for t in tables.values() if t.filing})
        return read(pages, known), tables
    except WorkbookRefused as error:
        raise Invalid(str(error)) from error


def _stored(
    tables: Mapping[int, DynamicTable], period: TablePeriod
) -> tuple[dict[int, dict[str, object]], dict[int, Sheet]]:
    book, fresh = _begun_with(tables.values(), period)
    begun = sheets_of({t.filing.definition_sha256 for t in tables.values() if t.filing})
    first = prefilled([t for t in tables.values() if t.filing is None], period, fresh, book=book)
    answers = {pk: (t.filing.answers if t.filing else first[pk]) for pk, t in tables.items()}
    sheets = {pk: (begun[t.filing.definition_sha256] if t.filing else fresh[t.category]) for pk, t in tables.items()}
    return answers, sheets
