"""Uploaded lists read in the jailed child; kept apart from `tables`, which needs no child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from greenportal.directory.tables import Row, decoded, pick, read_csv
from greenportal.files import jail
from greenportal.findings.types import Invalid


def read_table(
    path: Path, *, headings: Mapping[str, Sequence[str]], required: Sequence[str], max_rows: int = jail.MAX_ROWS
) -> list[Row]:
    """Return the rows of a CSV or of the first sheet of a workbook; `headings` and `required` as for `tables.pick`.

    A workbook of more than `max_rows` rows is refused before it is read whole.
    """
    if path.suffix.lower() == ".csv":
        return read_csv(decoded(path.read_bytes()), headings=headings, required=required)
    sheets = jail.read_workbook(path, max_rows=max_rows)
    if not sheets:
        raise Invalid("工作簿没有工作表。用模板重新填写后上传。")
    return pick(sheets[0].rows, headings, required)
