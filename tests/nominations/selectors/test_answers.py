"""What rules read out of sheets, where more than a look-up is done."""

from decimal import Decimal

import pytest

from nominations.selectors.answers import park


@pytest.mark.parametrize(
    ("part", "whole", "typed", "share"),
    [
        # 499700 ÷ 1000000 = 49.97 %, whatever is typed beside it
        ("499700", "1000000", "50.01", "49.97"),
        ("500000", "1000000", "50.01", "50"),
        # 500000.01 ÷ 1000000 = 50.000001 %: above, though two decimals would print 50.00
        ("500000.01", "1000000", "50.00", "50.000001"),
        # 1 ÷ 3 = 33.333333… %, cut upwards
        ("1", "3", "", "33.333334"),
        ("", "1000000", "62.5", "62.5"),
        ("5", "0", "62.5", "62.5"),
        ("", "", "", None),
        # More digits than Python's own context holds.
        ("9" * 30, "1", "", "1" + "0" * 32),
    ],
)
def test_the_industrial_share_follows_the_totals_and_is_never_rounded_over_the_limit(part, whole, typed, share):
    found = park({"industrial_value_added": part, "total_value_added": whole, "industrial_share": typed})
    assert found.industrial_share == (None if share is None else Decimal(share))
