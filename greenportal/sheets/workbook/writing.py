"""Drawing workbooks: one filing as label and value (FORM), or many filings of a sheet as rows (LIST)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, islice
from typing import Any

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from greenportal.documents import xlsx
from greenportal.sheets import computing
from greenportal.sheets.paths import cell as cell_path
from greenportal.sheets.paths import rows_of
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Field, FieldType, Sheet, Table
from greenportal.sheets.validation import in_row
from greenportal.sheets.workbook import cells, drawing, identity
from greenportal.sheets.workbook.drawing import MARKER, Book
from greenportal.sheets.workbook.identity import Identity
from greenportal.sheets.workbook.types import CellProblem, Form, Mark, Note

WEB_ONLY = "这一项请在网页上填写"
INSTRUCTIONS = (
    "黄色格填写，灰色格不用填。不要改动表头，不要删除隐藏的行、列和工作表。",
    "填好后保存为 .xlsx，回到网页上传；上传后先核对，确认后才保存。",
)
PROBLEMS_SHEET = "问题清单"
_FORM_HEADS = ("序号", "", "项目", "填写内容", "单位", "填写说明")
_FORM_WIDTHS = (6, 4, 34, 46, 12, 46)
#: Column of the labels, where titles of sections stand too.
_TITLED = 3
_FORM_KEYS = ("#no", "", "#label", "#value", "", "")
_PROBLEM_HEADS = ("序号", "", "位置", "项目", "填写的内容", "怎样修改")
_PROBLEM_WIDTHS = (6, 4, 26, 34, 30, 60)


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of a table to draw: whose, its key, its stored values."""

    form: Form
    number: int
    key: str
    row: dict[str, str]
    title: str = ""


def write_forms(
    forms: Sequence[Form], *, nonce: str, problems: Sequence[CellProblem] = (), issued_at: datetime | None = None
) -> bytes:
    """Return a workbook of one or several filings: each a worksheet of its fields and one for each of its tables.

    nonce: a fresh random text per download; ids of new rows are made from it, so that two people's new rows differ
    and the same file brought in twice adds nothing. problems: listed on a worksheet of their own, at the front.
    """
    book, marks = Book(), Identity("form", nonce)
    _problems(book, problems)
    for form in forms:
        prepared = replace(form, answers=computing.compute(form.sheet, form.answers))
        number = _identify(marks, prepared)
        if any(True for _ in form.sheet.fields()):
            _fields(book, marks, number, prepared)
        for table in form.sheet.tables():
            lines = list(_form_lines(prepared, table, nonce))
            name = table.label if len(forms) == 1 else f"{form.sheet.title} {table.label}"
            _table(book, marks, f"table:{number}:{table.key}", name, form.sheet, table, lines)
    return _finished(book, marks, forms[0].sheet.title, issued_at)


def write_lists(
    lists: Sequence[tuple[Sheet, Sequence[Form]]],
    *,
    nonce: str,
    blank_rows: int = 0,
    problems: Sequence[CellProblem] = (),
    issued_at: datetime | None = None,
) -> bytes:
    """Return a workbook in which each filing is a row: a worksheet per sheet, and one per table of it.

    `Form.mark.title` names the row and must differ within a sheet (ValueError). blank_rows: rows for filings that
    do not exist yet, for callers that make them (`Contents.new`); each table gets `Form.blank_rows` once.
    """
    book, marks = Book(), Identity("list", nonce)
    _problems(book, problems)
    for sheet, forms in lists:
        titles = [form.mark.title for form in forms]
        if len(set(titles)) != len(titles):
            raise ValueError(f"two rows of {sheet.key} bear the same title")
        prepared = [replace(form, answers=computing.compute(sheet, form.answers)) for form in forms]
        for form in prepared:
            _identify(marks, form)
        if any(True for _ in sheet.fields()):
            _list(book, marks, sheet, prepared, blank_rows)
        for table in sheet.tables():
            name = table.label if len(lists) == 1 else f"{sheet.title} {table.label}"
            rows = list(_list_lines(prepared, table, nonce))
            _table(book, marks, f"listtable:{sheet.key}:{table.key}", name, sheet, table, rows, titles=titles)
    return _finished(book, marks, lists[0][0].title if lists else "", issued_at)


def _finished(book: Book, marks: Identity, title: str, issued_at: datetime | None) -> bytes:
    book.finish()
    identity.write(book.book, marks)
    return xlsx.to_bytes(book.book, issued_at=issued_at, title=title)


def _identify(marks: Identity, form: Form) -> int:
    given = identity.base_of(form.sheet, form.answers) if form.base is None else form.base
    kept = {path: text for path, text in given.items() if not path.startswith(identity.NOTED)}
    base = kept | identity.noted(form.sheet, form.answers)
    skipped = set()
    for item in form.sheet.fields():
        if not cells.holds(item, form.answers.get(item.key)):
            skipped.add(item.key)
    for table in form.sheet.tables():
        for row in rows_of(table, form.answers):
            for column in table.columns:
                if not cells.holds(column, row.get(column.key)):
                    skipped.add(cell_path(table.key, row["_id"], column.key))
    return marks.add(form.mark, base, skipped)


def _fields(book: Book, marks: Identity, number: int, form: Form) -> None:
    """Draw the worksheet of label, value, unit and help, section after section."""
    sheet = book.sheet(form.sheet.title)
    marker = f"{MARKER}fields:{number}"
    marks.pages[marker] = sheet.title
    mark = "" if form.sheet.official else "（非官方样式）"
    lines = [f"{form.mark.title}".strip(), *INSTRUCTIONS]
    drawing.head(sheet, f"{form.sheet.title}{mark}", [line for line in lines if line], _FORM_WIDTHS, _keys(marker))
    drawing.heading(sheet, 4, _FORM_HEADS, _FORM_WIDTHS)
    known = {field.key: field for field in form.sheet.fields()}
    row, place = 5, 0
    for section in form.sheet.sections:
        if not section.fields:
            continue
        _section_row(sheet, row, section.title)
        row += 1
        for field in section.fields:
            place += 1
            chosen = form.settled.get(field.key)
            help_ = chosen.hint if chosen else drawing.help_text(field, known)
            _field_row(book, sheet, row, place, form, field, help_)
            row += 1
    xlsx.set_page(sheet, width=len(_FORM_WIDTHS), head=(4, 4), orientation="portrait")
    xlsx.protect(sheet)


def _keys(marker: str) -> tuple[str, ...]:
    return (*_FORM_KEYS[:1], marker, *_FORM_KEYS[2:])


def _section_row(sheet: Worksheet, row: int, title: str) -> None:
    """Draw a section's title over the columns: beside the hidden key it would be cut off at the first one's edge."""
    for column in range(1, len(_FORM_WIDTHS) + 1):
        drawing.text_cell(sheet, row, column, title if column == _TITLED else "", bold=True)
        xlsx.cell_at(sheet, row, column).fill = xlsx.HEADER_FILL
    xlsx.cell_at(sheet, row, _TITLED).alignment = Alignment(horizontal="left", vertical="center", wrap_text=False)
    drawing.text_cell(sheet, row, 2, "section")
    sheet.row_dimensions[row].height = 26


def _field_row(book: Book, sheet: Worksheet, row: int, place: int, form: Form, field: Field, help_: str) -> None:
    drawing.text_cell(sheet, row, 1, str(place), align="center")
    drawing.text_cell(sheet, row, 2, f"field:{field.key}")
    drawing.text_cell(sheet, row, 3, field.label)
    shown = _answer(book, sheet, row, 4, form, field, field.key, form.answers.get(field.key))
    drawing.text_cell(sheet, row, 5, field.unit, align="center")
    drawing.text_cell(sheet, row, 6, help_)
    texts = [(field.label, _FORM_WIDTHS[2]), (shown, _FORM_WIDTHS[3]), (help_, _FORM_WIDTHS[5])]
    least = 72.0 if field.type == FieldType.LONGTEXT else 24.0
    sheet.row_dimensions[row].height = max(least, xlsx.height_for(texts))


def _answer(
    book: Book, sheet: Worksheet, row: int, column: int, form: Form, field: Field, path: str, value: Any
) -> str:
    """Draw one answer into its cell and return the text it shows."""
    target = xlsx.cell_at(sheet, row, column)
    notes = form.notes.get(path, ())
    if field.formula:
        text = text_of(field, value)
        drawing.value_cell(target, text, cells.column_of(field, kind="text"), locked=True, notes=notes)
        if field.is_number:
            target.alignment = drawing.aligned("right")
        return text
    raw = form.raw.get(path)
    locked = form.locked or field.who in form.readonly or path in form.settled
    if raw is None and not cells.holds(field, value):
        drawing.value_cell(target, WEB_ONLY, cells.column_of(field, kind="text"), locked=True, notes=notes)
        return WEB_ONLY
    written, format_ = cells.to_cell(field, value)
    drawing.value_cell(target, written, format_, locked=locked, notes=notes, raw=raw)
    if not locked:
        book.choices(sheet, field.label, cells.options(field), [target.coordinate])
    return raw if raw is not None else str(written or "")


def _form_lines(form: Form, table: Table, nonce: str) -> Iterator[_Line]:
    rows = rows_of(table, form.answers)
    for number, row in enumerate(rows, 1):
        yield _Line(form, number, f"row:{row['_id']}", row)
    if table.fixed or form.locked:
        return
    taken = {row["_id"] for row in rows}
    ids = (identity.new_row_id(nonce, form.mark.ref, table.key, "blank", number) for number in count(1))
    free = (row_id for row_id in ids if row_id not in taken)
    blank = max(0, min(form.blank_rows, table.max_rows - len(rows)))
    for number, row_id in enumerate(islice(free, blank), len(rows) + 1):
        yield _Line(form, number, f"row:{row_id}", {"_id": row_id})


def _list_lines(forms: Sequence[Form], table: Table, nonce: str) -> Iterator[_Line]:
    number = 0
    for form in forms:
        for row in rows_of(table, form.answers):
            number += 1
            yield _Line(form, number, f"row:{form.mark.ref}/{row['_id']}", row, form.mark.title)
    if forms and not table.fixed and not all(form.locked for form in forms):
        taken = {row["_id"] for form in forms for row in rows_of(table, form.answers)}
        ids = (identity.new_row_id(nonce, "", table.key, "blank", index) for index in count(1))
        free = (row_id for row_id in ids if row_id not in taken)
        for index, row_id in enumerate(islice(free, forms[0].blank_rows), 1):
            yield _Line(replace(forms[0], locked=False), number + index, f"row:/{row_id}", {"_id": row_id})


def _width(field: Field) -> float:
    wide = {FieldType.LONGTEXT: 44.0, FieldType.USCC: 24.0, FieldType.EMAIL: 26.0, FieldType.URL: 30.0}
    number = 14.0 if field.is_number or field.type in {FieldType.YEAR, FieldType.YESNO, FieldType.DATE} else 20.0
    widest = max((xlsx.display_width(line) for line in drawing.head_label(field).split("\n")), default=0)
    return min(44.0, max(wide.get(field.type, number), widest * 0.7))


def _table(
    book: Book,
    marks: Identity,
    target: str,
    name: str,
    owner: Sheet,
    table: Table,
    lines: Sequence[_Line],
    *,
    titles: Sequence[str] | None = None,
) -> None:
    """Draw a table on its own worksheet; with `titles` (a list workbook) every row names its filing."""
    sheet = book.sheet(name)
    marker = f"{MARKER}{target}"
    marks.pages[marker] = sheet.title
    named = titles is not None
    lead = ("#title",) if named else ()
    widths = [6, 4, *([30] if named else []), *(_width_in(table, column) for column in table.columns)]
    # A form that prints numbers of its own has one 序号 only.
    own_numbers = table.columns[0].key == "no"
    heads = [
        "行" if own_numbers else "序号",
        "",
        *(["填报单位"] if named else []),
        *(drawing.head_label(column) for column in table.columns),
    ]
    keys = ["#no", marker, *lead, *(f"column:{column.key}" for column in table.columns)]
    limit = "" if table.fixed else f"最多{table.max_rows}行"
    notes = [text for text in (table.help, limit) if text]
    mark = "" if owner.official else "（非官方样式）"
    drawing.head(sheet, f"{table.label}{mark}", [*notes, INSTRUCTIONS[0]], widths, keys)
    drawing.heading(sheet, 4, heads, widths)
    drawing.comment(xlsx.cell_at(sheet, drawing.TITLE_ROW, 1), _table_notes(lines, table))
    first = 3 + named
    for offset, line in enumerate(lines):
        _table_row(book, sheet, 5 + offset, line, table, first, widths)
    if titles and lines:
        blanks = [f"C{5 + offset}" for offset, line in enumerate(lines) if not line.title]
        book.choices(sheet, "填报单位", titles, blanks)
    xlsx.set_page(sheet, width=len(widths), head=(4, 4))
    xlsx.protect(sheet)


def _table_notes(lines: Sequence[_Line], table: Table) -> list[Note]:
    """Return the comments at the table as a whole: of each filing once, with its name in a list workbook."""
    found: dict[str, list[Note]] = {}
    for line in lines:
        told = f"{line.title}：" if line.title else ""
        notes = line.form.notes.get(table.key, ())
        found[line.form.mark.ref] = [replace(note, text=f"{told}{note.text}") for note in notes]
    return [note for notes in found.values() for note in notes]


def _width_in(table: Table, column: Field) -> float:
    """Return a column's width: of one that is printed throughout by what stands in it, else by what is typed there."""
    printed = max((xlsx.display_width(row.values.get(column.key, "")) for row in table.fixed), default=0)
    if table.fixed and all(table.is_printed(row.id, column.key) for row in table.fixed):
        head = max(xlsx.display_width(line) for line in drawing.head_label(column).split("\n"))
        return min(60.0, max(6.0, head + 2.0, min(printed + 2.0, max(30.0, printed * 0.55))))
    return min(60.0, max(_width(column), min(printed * 0.55, 60.0)))


def _table_row(
    book: Book, sheet: Worksheet, row: int, line: _Line, table: Table, first: int, widths: Sequence[float]
) -> None:
    drawing.text_cell(sheet, row, 1, str(line.number), align="center")
    drawing.text_cell(sheet, row, 2, line.key)
    row_notes = line.form.notes.get(f"{table.key}[{line.row['_id']}]", ())
    drawing.comment(xlsx.cell_at(sheet, row, 1), row_notes)
    if first > 3:
        drawing.text_cell(sheet, row, 3, line.title)
        if not line.title:
            drawing.value_cell(xlsx.cell_at(sheet, row, 3), None, cells.column_of(_TITLE), locked=False)
    texts = []
    for index, column in enumerate(table.columns, first):
        if table.is_printed(line.row["_id"], column.key):
            drawing.text_cell(sheet, row, index, line.row[column.key])
            texts.append((line.row[column.key], widths[index - 1]))
            continue
        path = cell_path(table.key, line.row["_id"], column.key)
        meant = in_row(column, line.row)
        shown = _answer(book, sheet, row, index, line.form, meant, path, line.row.get(column.key))
        texts.append((shown, widths[index - 1]))
    sheet.row_dimensions[row].height = xlsx.height_for(texts)


_TITLE = Field(key="title", label="填报单位")


def _list(book: Book, marks: Identity, sheet_: Sheet, forms: Sequence[Form], blank_rows: int) -> None:
    """Draw the worksheet of fields of a list workbook: a filing per row."""
    sheet = book.sheet(sheet_.title)
    marker = f"{MARKER}list:{sheet_.key}"
    marks.pages[marker] = sheet.title
    fields = list(sheet_.fields())
    widths = [6, 4, 30, *(_width(field) for field in fields)]
    keys = ["#no", marker, "#title", *(f"column:{field.key}" for field in fields)]
    mark = "" if sheet_.official else "（非官方样式）"
    drawing.head(sheet, f"{sheet_.title}{mark}", INSTRUCTIONS, widths, keys)
    drawing.heading(sheet, 4, ["序号", "", "填报单位", *(drawing.head_label(field) for field in fields)], widths)
    row = 5
    for number, form in enumerate(forms, 1):
        drawing.text_cell(sheet, row, 1, str(number), align="center")
        drawing.text_cell(sheet, row, 2, f"row:{form.mark.ref}")
        drawing.text_cell(sheet, row, 3, form.mark.title)
        _list_answers(book, sheet, row, form, fields, widths)
        row += 1
    for number in range(len(forms) + 1, len(forms) + blank_rows + 1):
        blank = Form(sheet=sheet_, mark=forms[0].mark if forms else _NOBODY, answers={})
        drawing.text_cell(sheet, row, 1, str(number), align="center")
        drawing.value_cell(xlsx.cell_at(sheet, row, 3), None, cells.column_of(_TITLE), locked=False)
        _list_answers(book, sheet, row, blank, fields, widths)
        row += 1
    xlsx.set_page(sheet, width=len(widths), head=(4, 4))
    sheet.freeze_panes = f"{get_column_letter(4)}5"
    xlsx.protect(sheet)


_NOBODY = Mark("", "", "")


def _list_answers(
    book: Book, sheet: Worksheet, row: int, form: Form, fields: Sequence[Field], widths: Sequence[float]
) -> None:
    texts = []
    for index, field in enumerate(fields, 4):
        shown = _answer(book, sheet, row, index, form, field, field.key, form.answers.get(field.key))
        texts.append((shown, widths[index - 1]))
    sheet.row_dimensions[row].height = xlsx.height_for(texts)


def _problems(book: Book, problems: Sequence[CellProblem]) -> None:
    """Draw the list of what is to be mended, where there is something."""
    if not problems:
        return
    sheet = book.sheet(PROBLEMS_SHEET)
    lead = f"共{len(problems)}处需要修改。改好后重新上传这份工作簿；其余内容不受影响。"
    drawing.head(sheet, PROBLEMS_SHEET, [lead], _PROBLEM_WIDTHS, ("",) * len(_PROBLEM_WIDTHS))
    drawing.heading(sheet, 4, _PROBLEM_HEADS, _PROBLEM_WIDTHS)
    for number, problem in enumerate(problems, 1):
        row = number + 4
        texts = [str(number), "", problem.place, problem.label, problem.value, problem.message]
        for column, text in enumerate(texts, 1):
            drawing.text_cell(sheet, row, column, xlsx.clean(text[:2000]))
        sheet.row_dimensions[row].height = xlsx.height_for(zip(texts, _PROBLEM_WIDTHS, strict=True))
    xlsx.set_page(sheet, width=len(_PROBLEM_WIDTHS), head=(4, 4))
