"""The roster as a workbook to fill in and bring back; no identity number stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from greenportal.documents.xlsx import Column, Row, Table, TableBook
from greenportal.sheets import Sheet

#: Above the heading: below the rows it would be read back as one more person.
_NOTE = "编号由系统生成，请勿修改，新增人员留空；身份证件号码只用于查重，系统不保存，已登记的留空不变。"


def roster_workbook(
    sheet: Sheet, rows: Sequence[Mapping[str, str]], *, title: str, row_key: str, row_label: str, issued_at: datetime
) -> bytes:
    """Return the workbook: a column per column of the roster's sheet, `row_key` before them, choices by label."""
    table = sheet.table("staff")
    columns = [Column(row_key, row_label, width=8)]
    for column in table.columns:
        options = tuple(c.label for c in column.choices) if column.choices else ()
        if str(column.type) == "yesno":
            options = ("是", "否")
        columns.append(Column(column.key, column.label, width=22 if column.key == "id_number" else 16, choices=options))
    blank = max(10, 30 - len(rows))
    body = [Row(dict(row)) for row in rows] + [Row({}) for _ in range(blank)]
    book = TableBook()
    book.add(Table(name="人员名册", title=title, columns=tuple(columns), rows=body, unit_line=(_NOTE,)))
    return book.to_bytes(issued_at=issued_at, title=title)
