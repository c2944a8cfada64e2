"""Reading a workbook back: by the keys that stand in its hidden row and column, wherever people moved them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter

from greenportal.sheets.paths import ROW_ID, cell_label
from greenportal.sheets.paths import cell as cell_path
from greenportal.sheets.types import Field, Sheet, Table
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import clean, fingerprint, is_empty, normalise
from greenportal.sheets.workbook import cells, identity
from greenportal.sheets.workbook.drawing import MARKER
from greenportal.sheets.workbook.identity import NOTED, Identity
from greenportal.sheets.workbook.types import (
    Base,
    CellProblem,
    CellRef,
    Contents,
    FilingRead,
    Mark,
    NewRecord,
    Page,
    WorkbookRefused,
)

_SEARCHED_ROWS = 40
#: Printed texts that name no row: 产品单位 stands in units until the product's is stated, and a file may be of before.
_UNNAMING = frozenset({"unit"})
_NOTHING = fingerprint("")
AGAIN = "在网页上重新下载填报表，把内容填入后上传"


def marks_of(pages: Sequence[Page]) -> tuple[Mark, ...]:
    """Return whose answers the workbook holds, before anything of them is read. Raises WorkbookRefused."""
    return tuple(identity.read(pages).marks)


def read(pages: Sequence[Page], sheets: Mapping[str, Sheet]) -> Contents:
    """Return what was typed. `sheets`: definition sha256 → sheet, of every mark in the workbook.

    Raises WorkbookRefused when the workbook is not ours, was damaged, or bears a definition that is not given.
    """
    marks = identity.read(pages)
    if any(mark.definition not in sheets for mark in marks.marks):
        raise WorkbookRefused(f"这份工作簿是按以前的表式下载的。{AGAIN}。")
    grids = _grids(pages)
    desks = [_Desk(mark, sheets[mark.definition], base, skipped) for mark, base, skipped in _zipped(marks)]
    contents = _Reader(marks, desks)
    for marker, name in marks.pages.items():
        grid = grids.get(marker)
        if grid is None:
            message = f"工作表“{name}”或其隐藏的识别行列不见了，其中的内容没有读取。{AGAIN}"
            contents.problems.append(CellProblem(name, "", name, message))
        else:
            contents.take(grid)
    return contents.finished()


def _zipped(marks: Identity) -> Iterator[tuple[Mark, Base, frozenset[str]]]:
    return zip(marks.marks, marks.bases, marks.skipped, strict=True)


@dataclass(frozen=True, slots=True)
class _Grid:
    """A worksheet whose key row was found. columns: key → index from 0; `first`: index of the row after the keys."""

    page: Page
    marker: str
    key_column: int
    columns: Mapping[str, int]
    first: int

    def lines(self) -> Iterator[tuple[int, str, Sequence[object]]]:
        """Yield (row number from 1, its key, its cells) of each row below the keys."""
        for index in range(self.first, len(self.page.rows)):
            row = self.page.rows[index]
            yield index + 1, _text(row, self.key_column), row

    def at(self, number: int, column: str) -> str:
        """Return the address of a cell."""
        return f"{get_column_letter(self.columns[column] + 1)}{number}"


def _text(row: Sequence[object], index: int | None) -> str:
    value = row[index] if index is not None and index < len(row) else None
    return cells.shown_text(value).strip()


def _grids(pages: Sequence[Page]) -> dict[str, _Grid]:
    found: dict[str, _Grid] = {}
    for page in pages:
        grid = _grid(page)
        if grid is None:
            continue
        if grid.marker in found:
            first = found[grid.marker].page.name
            raise WorkbookRefused(f"工作表“{first}”与“{page.name}”是同一张表的两份。删去不用的一份后重新上传。")
        found[grid.marker] = grid
    return found


def _grid(page: Page) -> _Grid | None:
    for index, row in enumerate(page.rows[:_SEARCHED_ROWS]):
        for column, value in enumerate(row):
            if isinstance(value, str) and value.startswith(MARKER):
                names = {text: at for at in range(len(row)) if (text := _text(row, at)) and at != column}
                return _Grid(page, value, column, names, index + 1)
    return None


@dataclass(slots=True)
class _Desk:
    """One filing while it is read."""

    mark: Mark
    sheet: Sheet
    base: Base
    skipped: frozenset[str]
    edits: dict[str, Any] = field(default_factory=dict)
    places: dict[str, CellRef] = field(default_factory=dict)
    problems: list[CellProblem] = field(default_factory=list)
    rows: dict[str, set[str]] = field(default_factory=dict)

    def put(self, item: Field, path: str, label: str, seen: object, where: CellRef) -> bool:
        """Take one cell; return whether something stands in it."""
        if path in self.skipped or item.formula:
            self.untouched(item, path, label, seen, where)
            return True
        self.places[path] = where
        value, problem = _value(item, label, seen, where, path, self.base.get(path, ""))
        if problem is not None:
            self.problems.append(problem)
            return True
        if fingerprint(value) != self.base.get(path, fingerprint("")):
            self.edits[path] = value
        return not is_empty(value)

    def untouched(self, item: Field, path: str, label: str, seen: object, where: CellRef) -> None:
        """Say that a computed cell was written over: it is never read. Workbooks made before it was noted say nothing."""
        shown = cells.shown_text(seen).strip()
        if item.formula and NOTED in self.base and fingerprint(shown) != self.base.get(f"{NOTED}{path}", _NOTHING):
            message = f"“{label}”由系统计算，不能填写，这一格没有读取。要更正的，修改算出它的各项数据。"
            self.problems.append(CellProblem(where.worksheet, where.cell, label, message, path, shown))

    def drop_emptied(self, table: Table, row_id: str) -> None:
        """Turn a row whose every answer was cleared into a row taken away."""
        prefix = f"{table.key}[{row_id}]"
        if any(path.startswith(f"{prefix}.") for path in self.base):
            for path in [path for path in self.edits if path.startswith(f"{prefix}.")]:
                del self.edits[path]
            self.edits[prefix] = None

    def missing_rows(self, table: Table) -> list[str]:
        """Return the ids of rows that were there and are not any more."""
        prefix = f"{table.key}["
        ids = [path[len(prefix) : -1] for path in self.base if path.startswith(prefix) and path.endswith("]")]
        return [row_id for row_id in ids if row_id not in self.rows.get(table.key, set())]


def _value(
    item: Field, label: str, seen: object, where: CellRef, path: str, base: str = ""
) -> tuple[Any, CellProblem | None]:
    """Return the canonical value, or what is wrong. A wrong text that was there already is no news."""
    shown = cells.shown_text(seen)
    try:
        value = cells.from_cell(item, seen, label)
    except cells.Unusable as wrong:
        if isinstance(seen, str) and base and fingerprint(normalise(item, seen)) == base:
            return normalise(item, seen), None
        return None, CellProblem(where.worksheet, where.cell, label, f"{wrong.message}。", path, shown)
    message = cells.usable(item, value, label)
    if message and fingerprint(value) != base:
        return None, CellProblem(where.worksheet, where.cell, label, f"{message}。", path, shown)
    return value, None


def _beside(grid: _Grid, table: Table, row_id: str, row: Sequence[object]) -> dict[str, str]:
    """Return what stands in a row, for its unit and its limit: printed texts are the definition's, never the file's."""
    named = {column.key: (column, grid.columns.get(f"column:{column.key}")) for column in table.columns}
    found = {key: str(normalise(column, _text(row, at))) for key, (column, at) in named.items() if not column.is_list}
    fixed = table.fixed_row(row_id)
    return found | (dict(fixed.values) if fixed else {})


class _Reader:
    """Takes worksheet after worksheet."""

    def __init__(self, marks: Identity, desks: list[_Desk]) -> None:
        self.problems: list[CellProblem] = []
        self._marks = marks
        self._desks = desks
        self._new: list[NewRecord] = []
        self._by_ref = {(desk.mark.sheet_key, desk.mark.ref): desk for desk in desks}
        self._by_title = {(desk.mark.sheet_key, desk.mark.title): desk for desk in desks}

    def finished(self) -> Contents:
        """Return what was read."""
        read_ = tuple(FilingRead(d.mark, d.base, d.edits, d.places, tuple(d.problems)) for d in self._desks)
        return Contents(self._marks.layout, self._marks.nonce, read_, tuple(self._new), tuple(self.problems))

    def take(self, grid: _Grid) -> None:
        """Read one worksheet by what its marker says it is."""
        kind, _, target = grid.marker.removeprefix(MARKER).partition(":")
        if kind == "fields":
            self._fields(grid, self._desks[int(target)])
        elif kind == "table":
            number, _, key = target.partition(":")
            desk = self._desks[int(number)]
            self._table(grid, desk.sheet.table(key), [desk])
        elif kind == "list":
            self._list(grid, [desk for desk in self._desks if desk.mark.sheet_key == target])
        elif kind == "listtable":
            sheet_key, _, key = target.partition(":")
            desks = [desk for desk in self._desks if desk.mark.sheet_key == sheet_key]
            if desks:
                self._table(grid, desks[0].sheet.table(key), desks, named=True)

    def _has_columns(self, grid: _Grid, wanted: Mapping[str, str]) -> bool:
        """Say which columns are gone; nothing of the worksheet is read then, for a gap must not clear answers."""
        gone = [label for key, label in wanted.items() if key not in grid.columns]
        if gone:
            message = f"列“{'、'.join(gone)}”不见了，这张工作表没有读取。{AGAIN}。"
            self.problems.append(CellProblem(grid.page.name, "", "、".join(gone), message))
        return not gone

    def _fields(self, grid: _Grid, desk: _Desk) -> None:
        if not self._has_columns(grid, {"#label": "项目", "#value": "填写内容"}):
            return
        known = {item.key: item for item in desk.sheet.fields()}
        seen: set[str] = set()
        for number, key, row in grid.lines():
            kind, _, name = key.partition(":")
            item = known.get(name) if kind == "field" else None
            where = CellRef(grid.page.name, grid.at(number, "#value"))
            content = row[grid.columns["#value"]] if grid.columns["#value"] < len(row) else None
            label = _text(row, grid.columns["#label"])
            if item is None:
                if not key and cells.shown_text(content).strip() and label != "项目":
                    self._lost(desk, where, label, content)
            elif name in seen or clean(label) != clean(item.label):
                seen.add(name)
                message = f"第{number}行的“{label}”与隐藏识别码的“{item.label}”对不上，这一行没有读取。{AGAIN}。"
                desk.problems.append(
                    CellProblem(where.worksheet, where.cell, label, message, "", cells.shown_text(content))
                )
            else:
                seen.add(name)
                desk.put(item, name, item.label, content, where)
        for name, item in known.items():
            if name not in seen and not item.formula:
                message = f"“{item.label}”所在的行不见了，系统中的内容没有变。{AGAIN}。"
                desk.problems.append(CellProblem(grid.page.name, "", item.label, message))

    def _lost(self, desk: _Desk, where: CellRef, label: str, content: object) -> None:
        message = "这一行没有识别码，不属于任何项目，没有读取。填到相应项目的格内。"
        shown = cells.shown_text(content)
        desk.problems.append(CellProblem(where.worksheet, where.cell, label or "（无项目）", message, "", shown))

    def _table(self, grid: _Grid, table: Table, desks: list[_Desk], *, named: bool = False) -> None:
        wanted = {f"column:{column.key}": column.label for column in table.columns if not column.formula}
        if not self._has_columns(grid, wanted | ({"#title": "填报单位"} if named else {})):
            return
        counts: dict[int, int] = {}
        for number, key, row in grid.lines():
            if not key and not any(_text(row, grid.columns[name]) for name in wanted):
                continue
            if not key and all(_text(row, grid.columns[f"column:{c.key}"]).startswith(c.label) for c in table.columns):
                continue  # the visible head
            desk, row_id = self._row(grid, table, desks, number, key, row, named=named)
            if desk is not None:
                counts[id(desk)] = counts.get(id(desk), 0) + 1
                self._cells(grid, table, desk, row_id, number, row, counts[id(desk)])
        for desk in desks:
            for row_id in desk.missing_rows(table):
                desk.edits[f"{table.key}[{row_id}]"] = None
            gone = [fixed.id for fixed in table.fixed if fixed.id not in desk.rows.get(table.key, set())]
            if gone:
                message = f"印好的第{'、'.join(gone)}行不见了，系统中这些行的内容没有变。{AGAIN}。"
                desk.problems.append(CellProblem(grid.page.name, "", table.label, message))

    def _row(
        self,
        grid: _Grid,
        table: Table,
        desks: list[_Desk],
        number: int,
        key: str,
        row: Sequence[object],
        *,
        named: bool,
    ) -> tuple[_Desk | None, str]:
        """Return whose row this is, with its id; None when nothing of it can be taken (said as a problem) or need be."""
        answers = [f"column:{c.key}" for c in table.columns if not c.formula]
        filled = any(_text(row, grid.columns[name]) for name in answers)
        ref, _, row_id = key.removeprefix("row:").rpartition("/")
        desk: _Desk | None = desks[0]
        if named:
            desk = self._owner(grid, desks, number, ref, row, filled=filled)
            if desk is None:
                return None, ""
        if desk is None:
            return None, ""
        taken = desk.rows.setdefault(table.key, set())
        if table.fixed:
            return (desk, row_id) if self._printed(grid, table, desk, row_id, number, row) else (None, "")
        if not ROW_ID.fullmatch(row_id):
            row_id = identity.new_row_id(self._marks.nonce, desk.mark.ref, table.key, number)
        elif row_id in taken:
            row_id = identity.new_row_id(self._marks.nonce, desk.mark.ref, table.key, row_id, number)
        taken.add(row_id)
        return desk, row_id

    def _owner(
        self, grid: _Grid, desks: list[_Desk], number: int, ref: str, row: Sequence[object], *, filled: bool
    ) -> _Desk | None:
        sheet_key = desks[0].mark.sheet_key
        title = _text(row, grid.columns["#title"])
        desk = self._by_ref.get((sheet_key, ref)) if ref else self._by_title.get((sheet_key, title))
        where = CellRef(grid.page.name, grid.at(number, "#title"))
        if desk is None or (ref and clean(title) != clean(desk.mark.title)):
            if filled or title:
                message = (
                    f"第{number}行的填报单位“{title}”与下载时的名单对不上，这一行没有读取。从下拉列表中选择填报单位。"
                )
                self.problems.append(CellProblem(where.worksheet, where.cell, "填报单位", message, "", title))
            if desk is not None:
                # The row is there, only unreadable: it must not count as taken away.
                self._keep_rows(desk)
            return None
        return desk if filled or ref else None

    def _keep_rows(self, desk: _Desk) -> None:
        for path in desk.base:
            if path.endswith("]"):
                key, _, row_id = path[:-1].partition("[")
                desk.rows.setdefault(key, set()).add(row_id)

    def _printed(self, grid: _Grid, table: Table, desk: _Desk, row_id: str, number: int, row: Sequence[object]) -> bool:
        """True when a fixed row is itself: its printed texts stand beside its key, and it comes once."""
        fixed = table.fixed_row(row_id)
        filled = any(_text(row, grid.columns[f"column:{c.key}"]) for c in table.columns if not c.formula)
        good = fixed is not None and row_id not in desk.rows[table.key]
        if fixed is not None and good:
            named = ((key, text) for key, text in fixed.values.items() if key not in _UNNAMING)
            pairs = ((grid.columns[f"column:{key}"], text) for key, text in named)
            good = all(clean(_text(row, at)) == clean(text) for at, text in pairs)
            desk.rows[table.key].add(row_id)
        if not good and filled:
            message = f"第{number}行不是“{table.label}”印好的行，或印好的文字被改动，这一行没有读取。{AGAIN}。"
            desk.problems.append(CellProblem(grid.page.name, f"A{number}", table.label, message))
        return good

    def _cells(
        self, grid: _Grid, table: Table, desk: _Desk, row_id: str, number: int, row: Sequence[object], count: int
    ) -> None:
        filled = False
        beside = _beside(grid, table, row_id, row)
        for column in table.columns:
            name = f"column:{column.key}"
            if name not in grid.columns or table.is_printed(row_id, column.key):
                continue
            at = grid.columns[name]
            seen = row[at] if at < len(row) else None
            path = cell_path(table.key, row_id, column.key)
            label = cell_label(table, count, column)
            where = CellRef(grid.page.name, grid.at(number, name))
            if column.formula:
                desk.untouched(column, path, label, seen, where)
            else:
                filled = desk.put(in_row(column, beside), path, label, seen, where) or filled
        if not filled and not table.fixed:
            desk.drop_emptied(table, row_id)

    def _list(self, grid: _Grid, desks: list[_Desk]) -> None:
        fields = [item for item in self._sheet_of(grid, desks).fields() if not item.formula] if desks else []
        wanted = {f"column:{item.key}": item.label for item in fields}
        if not desks or not self._has_columns(grid, wanted | {"#title": "填报单位"}):
            return
        seen: set[str] = set()
        for number, key, row in grid.lines():
            ref = key.removeprefix("row:")
            title = _text(row, grid.columns["#title"])
            filled = title or any(_text(row, grid.columns[name]) for name in wanted)
            where = CellRef(grid.page.name, grid.at(number, "#title"))
            desk = self._by_ref.get((desks[0].mark.sheet_key, ref))
            if not key:
                if filled and title != "填报单位":
                    self._new.append(self._new_record(grid, desks[0].mark.sheet_key, fields, number, title, row))
            elif desk is None or ref in seen or clean(title) != clean(desk.mark.title):
                message = f"第{number}行的填报单位“{title}”与下载时的名单对不上，这一行没有读取。{AGAIN}。"
                self.problems.append(CellProblem(where.worksheet, where.cell, "填报单位", message, "", title))
            else:
                seen.add(ref)
                for item in fields:
                    at = grid.columns[f"column:{item.key}"]
                    place = CellRef(grid.page.name, grid.at(number, f"column:{item.key}"))
                    label = f"{title} {item.label}"
                    desk.put(item, item.key, label, row[at] if at < len(row) else None, place)

    @staticmethod
    def _sheet_of(_grid: _Grid, desks: list[_Desk]) -> Sheet:
        return desks[0].sheet

    def _new_record(
        self, grid: _Grid, sheet_key: str, fields: list[Field], number: int, title: str, row: Sequence[object]
    ) -> NewRecord:
        found: dict[str, Any] = {}
        problems = []
        for item in fields:
            at = grid.columns[f"column:{item.key}"]
            where = CellRef(grid.page.name, grid.at(number, f"column:{item.key}"))
            value, problem = _value(item, item.label, row[at] if at < len(row) else None, where, item.key)
            if problem is not None:
                problems.append(problem)
            elif not is_empty(value):
                found[item.key] = normalise(item, value)
        place = CellRef(grid.page.name, grid.at(number, "#title"))
        return NewRecord(sheet_key, place, title, found, tuple(problems))
