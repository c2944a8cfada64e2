"""Characters in answers that no configured font can draw: told while typing, refused before anything is printed."""

from __future__ import annotations

from typing import Any

from greenportal.documents.fonts import missing_glyphs, named
from greenportal.sheets import Answers, Field, Sheet, compute
from greenportal.sheets.computing import shown
from greenportal.sheets.paths import cell_label, rows_of


def unprintable(sheet: Sheet, answers: Answers, *, section: str = "") -> list[tuple[str, str]]:
    """Return (label, characters as a message names them) of each answer shown that cannot be printed as it stands.

    `section`: only that part of the sheet.
    """
    computed = compute(sheet, answers)
    found = []
    for part in sheet.sections:
        if section and part.key != section:
            continue
        for field in part.fields:
            if shown(sheet, computed, field):
                found.append((field.label, _missing(field, computed.get(field.key))))
        for table in part.tables:
            if shown(sheet, computed, table):
                for number, row in enumerate(rows_of(table, computed), start=1):
                    found += [(cell_label(table, number, c), _missing(c, row.get(c.key))) for c in table.columns]
    return [(label, missing) for label, missing in found if missing]


def _missing(field: Field, value: Any) -> str:
    if field.choices or not value:
        return ""
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    return named(missing_glyphs(text))
