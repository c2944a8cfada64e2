"""What the tutorial says of outcomes that stored data cannot bring is what the tests of the demonstration leave out."""

from __future__ import annotations

import re
from pathlib import Path

from greenportal.devtools.portal import DEMO_STAGES
from nominations.demo.people import officials
from nominations.demo.stages import STAGES
from tests.nominations.demo.test_collecting import UNREACHABLE

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/tutorial/demo.md").read_text()
MANUAL = "待人工核实"


def told(text: str) -> dict[tuple[str, str], str]:
    """(rule, outcome) → why, of the table's rows."""
    rows = re.findall(rf"^\| ([A-Z0-9_, ]+) \| {MANUAL} \| (.+) \|$", text, re.MULTILINE)
    return {(rule, "manual"): why for rules, why in rows for rule in rules.split(", ")}


def test_the_table_of_outcomes_left_out_is_the_tested_one():
    assert told(TEXT) == UNREACHABLE


def test_a_row_too_many_would_be_seen():
    assert told(f"{TEXT}\n| EX1 | {MANUAL} | no reason |\n").keys() - UNREACHABLE.keys() == {("EX1", "manual")}


def test_every_stage_and_every_kind_of_account_is_named():
    assert re.findall(r"^\| `([a-z]+)` \|", TEXT, re.MULTILINE) == list(STAGES) == list(DEMO_STAGES)
    accounts = (ROOT / "README.md").read_text()
    prefixes = {p.username.split("-")[0] for p in officials()}
    assert [prefix for prefix in sorted(prefixes) if f"`{prefix}-" not in accounts] == []
