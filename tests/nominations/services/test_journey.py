"""The straight way: from a draft to the accepted list."""

from __future__ import annotations

import pytest

from nominations.constants import Category
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def test_a_list_of_every_category_comes_to_its_receipt():
    ready = make.ready_list(categories=Category.values, stage="submitted")
    assert ready.submission is not None
    assert ready.submission.receipt_no == "DL2022-0001"
    assert {n.state for n in ready.nominations} == {"submitted"}
