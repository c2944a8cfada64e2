"""附件1 as Excel: one worksheet per category, by the conventions of `greenportal.documents.xlsx`."""

from __future__ import annotations

from greenportal.documents.xlsx import Column, Identity, Row, Table, TableBook
from nominations.packets.annex1 import MARK, TITLE, measured, notes, unit_line
from nominations.packets.data import ListCategory, ListData

TEMPLATE_KEY, TEMPLATE_VERSION = "nominations.annex1", "1"


def annex1_xlsx(data: ListData) -> bytes:
    """Return the workbook of a list; the hidden sheet names the version and the nomination of each row."""
    identity = Identity(
        template=TEMPLATE_KEY,
        version=TEMPLATE_VERSION,
        round=str(data.round.year),
        filer=data.office.name,
        checksum=data.stamp.sha256 if data.stamp else "",
    )
    book = TableBook(identity=identity)
    for category in data.categories:
        book.add(_table(data, category))
    return book.to_bytes(issued_at=data.issued_at, title=TITLE)


def _table(data: ListData, category: ListCategory) -> Table:
    columns = (
        Column("position", "序号", width=6, kind="int"),
        *(
            Column(m.column.key, m.column.label, width=m.width, kind=m.column.kind, decimals=m.column.decimals)
            for m in measured(category)
        ),
    )
    return Table(
        name=category.label,
        title=f"{TITLE}（{category.label}）",
        columns=columns,
        rows=tuple(Row({"position": row.position, **row.values}, id=row.id) for row in category.rows),
        mark=MARK,
        unit_line=unit_line(data),
        foot=("单位负责人（签字）：", "填表人："),
        notes=notes(data, category),
    )
