"""申报条件核查情况: what the rules found at 定稿, per nominee, with clause and written decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nominations.packets.data import ListData, NomineeFindings
from nominations.packets.pages import document

TITLE = "申报条件核查情况"
OUTCOMES = ("符合", "不符合", "待人工核实", "不适用")


def findings_pdf(data: ListData, nominees: Sequence[NomineeFindings]) -> bytes:
    """Return the findings: a table of counts, then what is not 符合 with its reason and decision."""
    counted = []
    for nominee in nominees:
        numbers = Counter(row.outcome for row in nominee.rows)
        counted.append((nominee, [numbers[outcome] for outcome in OUTCOMES]))
    context = {
        "heading": TITLE,
        "office": data.office,
        "outcomes": OUTCOMES,
        "counted": counted,
        "open": [(nominee, [row for row in nominee.rows if row.open]) for nominee in nominees],
    }
    return document("findings", context, title=TITLE, stamp=data.stamp, issued_at=data.issued_at)
