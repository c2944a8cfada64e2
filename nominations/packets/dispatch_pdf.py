"""纸质材料交接单: what is handed over on paper, in how many copies; one sheet for each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nominations.packets.data import ListData
from nominations.packets.pages import document

TITLE = "纸质材料交接单"


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """One kind of material: name, copies. `pages` of uploaded reports where they are known."""

    name: str
    copies: int
    pages: str = ""


def dispatch_pdf(data: ListData, rows: Sequence[DispatchRow]) -> bytes:
    """Return the slip, once for the sender and once for the bureau; the hash on it is compared on arrival."""
    context = {
        "heading": TITLE,
        "office": data.office,
        "round": data.round,
        "rows": rows,
        "total": sum(row.copies for row in rows),
        "stamp": data.stamp,
        "parts": ("第一联　送件单位留存", "第二联　收件单位留存"),
    }
    return document("dispatch", context, title=TITLE, stamp=data.stamp, issued_at=data.issued_at)
