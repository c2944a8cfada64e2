"""征求有关部门意见情况: every department, every nominee, as answered."""

from __future__ import annotations

from collections.abc import Sequence

from nominations.packets.data import DepartmentOpinion, ListData
from nominations.packets.pages import document

TITLE = "征求有关部门意见情况"


def opinions_pdf(data: ListData, opinions: Sequence[DepartmentOpinion]) -> bytes:
    """Return the opinions of a list version. Departments that have not answered are said to be open."""
    context = {
        "heading": TITLE,
        "office": data.office,
        "round": data.round,
        "opinions": opinions,
        "clause": "通知 一、第2段",
    }
    return document("opinions", context, title=TITLE, stamp=data.stamp, issued_at=data.issued_at)
