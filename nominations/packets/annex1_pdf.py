"""附件1 as PDF: landscape A4, one section per category, head repeated, room for the seal at the upper left."""

from __future__ import annotations

from nominations.packets.annex1 import MARK, TITLE, measured, notes, unit_line
from nominations.packets.data import ListCategory, ListData
from nominations.packets.pages import document


def annex1_pdf(data: ListData) -> bytes:
    """Return the printed list of a version, or its preview."""
    context = {
        "mark": MARK,
        "heading": TITLE,
        "unofficial": data.unofficial,
        "unit_line": unit_line(data),
        "sections": [_section(data, category) for category in data.categories],
    }
    return document("annex1", context, title=TITLE, stamp=data.stamp, issued_at=data.issued_at)


def _section(data: ListData, category: ListCategory) -> dict[str, object]:
    columns = measured(category)
    return {
        "label": category.label,
        "columns": columns,
        "rows": [
            (row.position, [(m.column.kind, row.values.get(m.column.key, "")) for m in columns])
            for row in category.rows
        ],
        "notes": notes(data, category),
    }
