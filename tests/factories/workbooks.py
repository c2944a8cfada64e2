"""Workbooks as uploads for tests of imports."""

from __future__ import annotations

import io
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_upload(*rows: Sequence[object], name: str = "名单.xlsx") -> SimpleUploadedFile:
    """Return an uploaded workbook whose first sheet has these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile(name, stream.getvalue(), XLSX)
