"""The demonstration shows a table in each state, and a second run changes nothing."""

import pytest

from dynamic_mgmt.demo.tables import PARTS, play
from dynamic_mgmt.models import Dispatch, DynamicTable, Experience, Incident, UnitChange, UnitVisit
from dynamic_mgmt.table_states import TableState
from greenportal.accounts.actors import Role
from greenportal.rounds.models import Extension
from tests.factories.directory import make_authority, make_industry
from tests.factories.rounds import DURING, open_round_2022
from tests.factories.tables import actor


@pytest.mark.django_db
def test_a_table_stands_in_every_state():
    make_industry("3451")
    home = make_authority()
    people = {
        "officer": actor(Role.DISTRICT_OFFICER, authority_id=home.pk),
        "reviewer": actor(Role.CITY_REVIEWER),
        "lead": actor(Role.CITY_LEAD),
    }
    said: list[str] = []
    year = open_round_2022()
    for _ in range(2):
        play(round_id=year.pk, authority_id=home.pk, at=DURING, say=said.append, **people)
    short = DynamicTable.objects.filter(period__periodic=True).order_by("id").values_list("category", "state")
    assert list(short) == [
        ("product", "due"),
        ("park", "filed"),
        ("supply_chain", "due"),
        ("supply_chain", "filed"),
    ]
    states = DynamicTable.objects.filter(period__periodic=False).order_by("id").values_list("state", flat=True)
    assert list(states) == [*(part.upto for part in PARTS), "opinion_given"]
    assert set(states) == set(TableState.values)
    assert DynamicTable.objects.filter(state="opinion_given").exclude(proposal="").count() == 1
    assert DynamicTable.objects.get(state="returned").correct_by is not None
    assert sorted(Experience.objects.values_list("state", flat=True)) == [
        "declined",
        "offered",
        "published",
        "recommended",
    ]
    assert sorted(Incident.objects.values_list("state", flat=True)) == ["rejected", "withdrawn"]
    assert DynamicTable.objects.get(late=True).receipts.get().reason and Extension.objects.count() == 1
    assert UnitVisit.objects.get().result == "fits" and UnitChange.objects.filter(kind="scope").count() == 1
    assert Dispatch.objects.get().export.rows.count() > 1
    assert len(said) == 1
