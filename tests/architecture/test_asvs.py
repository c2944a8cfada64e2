"""The list of security requirements claims only what a test shows."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest

from greenportal.devtools.places import ROOT

STATUSES = {"met", "deviation", "open"}


def rows() -> list[dict[str, str]]:
    """Return the rows of the list."""
    with (ROOT / "docs" / "reference" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file, those in classes too; none where there is no such file."""
    file = ROOT / path
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return frozenset(re.findall(r"^ *def (test_\w+)\(", text, flags=re.MULTILINE))


def unshown(found: list[dict[str, str]]) -> list[str]:
    """Return the requirements whose test does not exist."""
    claimed = [(row["requirement"], *row["test"].partition("::")[::2]) for row in found if row["status"] != "open"]
    return [number for number, path, name in claimed if name not in named_in(path)]


def test_every_claimed_requirement_has_a_test_that_exists():
    found = rows()

    assert len(found) > 30
    assert unshown(found) == []


@pytest.mark.parametrize("test", ["", "tests/files/test_views.py::test_nothing", "tests/absent.py::test_nothing"])
def test_a_claim_without_test_is_found(test):
    assert unshown([{"requirement": "9.9.9", "status": "met", "test": test}]) == ["9.9.9"]


def test_rows_are_complete():
    assert {row["status"] for row in rows()} == STATUSES
    assert [row["requirement"] for row in rows() if not row["subject"] or not row["how"]] == []
    assert [row["requirement"] for row in rows() if row["status"] == "open" and row["test"]] == []
