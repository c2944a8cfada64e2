"""Uploaded lists read in the jailed child; kept apart from `tables`, which needs no child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from greenportal.directory.tables import Row, decoded, pick, read_csv
from greenportal.files import jail
from greenportal.findings.types import Invalid


def read_table(path: Path, *, headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV or of the first sheet of a workbook; `headings` and `required` as for `tables.pick`."""
    if path.suffix.lower() == ".csv":
        return read_csv(decoded(path.read_bytes()), headings=headings, required=required)
    sheets = jail.read_workbook(path)
    if not sheets:
        raise Invalid("工作簿没有工作表。用模板重新填写后上传。")
    return pick(sheets[0].rows, headings, required)
