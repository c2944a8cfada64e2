"""附件1: which values stand on a nominee's row."""

from __future__ import annotations

import pytest

from greenportal.rounds.selectors import rulebook_at
from nominations.models import ListEntry
from nominations.selectors.listing import columns_of
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def test_the_models_of_a_product_are_joined_from_its_table():
    district = make.make_district()
    models = [{"_id": "r1", "model": "QF-100"}, {"_id": "r2", "model": ""}, {"_id": "r3", "model": "QF-200"}]
    make.make_checked(district, "product", models=models)
    make.finalise(district)
    entry = ListEntry.objects.get()
    assert entry.printed["model"] == "QF-100、QF-200"
    assert entry.printed["standard"] == "GB/T 32161-2015"


@pytest.mark.parametrize(
    ("category", "blank"),
    [
        # Scores stand in the evaluation reports; the round's sheets do not ask for them.
        ("factory", {"self_score", "third_party_score", "energy_result", "note"}),
        ("product", {"note"}),
        ("park", {"note"}),
        ("supply_chain", {"note"}),
    ],
)
def test_a_complete_nomination_leaves_no_other_column_blank(category, blank):
    district = make.make_district()
    nomination = make.make_checked(district, category)
    make.finalise(district)
    printed = ListEntry.objects.get().printed
    book, _ = rulebook_at(nomination.round_id)
    assert set(printed) == {key for key, _ in columns_of(book, category)}
    assert {key for key, value in printed.items() if not value} == blank
