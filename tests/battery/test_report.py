"""The report of the battery holds what its tests kept: each part has a heading, and only such parts are kept."""

from __future__ import annotations

import pytest

from tests.battery import results
from tests.battery.conftest import Keep

pytestmark = pytest.mark.battery
HEAD = {"commit": "", "seed": 1, "full": True, "machine": "m", "passed": 1, "failed": 0}


@pytest.mark.parametrize("part", results.PARTS)
def test_every_part_stands_in_the_report(part: str) -> None:
    row = {"part": part, "case": "某页面 · 20–39", "outcome": "通过", "figures": {"表单": 7}}
    told = results.report(HEAD, [row])
    assert f"## {results.PARTS[part]}" in told
    assert "| 某页面 · 20–39 | 通过 | 表单 7 |" in told


def test_a_part_without_a_heading_is_refused(keep: Keep) -> None:
    with pytest.raises(KeyError, match="heading"):
        keep("nowhere", "某页面", "通过")
