"""A table is read, recorded and compared by the rulebook of its round, not by the newest one."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dynamic_mgmt.models import UnitFigure
from dynamic_mgmt.selectors import figures, hints, table_detail
from dynamic_mgmt.selectors.catalogue import newest_book
from dynamic_mgmt.services import assessing, filing
from dynamic_mgmt.services.figures import FigureValue, record_figures
from greenportal.accounts.actors import Actor
from greenportal.rounds.selectors import rulebook_at
from tests.factories.tables import make_filed, make_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_book(monkeypatch):
    """The round's book asks energy in another unit than the newest and does not know water at all."""
    items = dict(newest_book().dynamic_indicators)
    del items["water_total"]
    items["energy_total"] = replace(items["energy_total"], unit="虚构单位", is_key=True)
    book = replace(newest_book(), dynamic_indicators=items)

    def of(round_id):
        return book, rulebook_at(round_id)[1]

    for module in (filing, hints, table_detail):
        monkeypatch.setattr(module, "rulebook_at", of)
    return book


def rows_of(stage):
    return {r.key: r.unit for r in table_detail.detail(stage.officer, stage.table()).rows}


def test_figures_rows_and_peers_are_of_the_rounds_book(other_book, monkeypatch):
    asked = {}
    monkeypatch.setattr(assessing, "peers", lambda **values: asked.update(values) or figures.peers(**values))
    stage = make_stage()
    make_filed(stage)
    stored = dict(UnitFigure.objects.filter(data_year=2021).values_list("indicator", "unit_of_measure"))
    assert stored["energy_total"] == "虚构单位" and "water_total" not in stored
    assert rows_of(stage)["energy_total"] == "虚构单位" and "water_total" not in rows_of(stage)
    assert "energy_total" in asked["indicators"]


def test_a_table_begins_with_the_indicators_of_the_rounds_book(other_book):
    stage = make_stage()
    make_figures(stage)
    first = filing.first_answers(stage.table())[1]
    assert first["energy_total_y1"] == "3000" and "water_total_y1" not in first


def test_control_the_shipped_book_prefills_water_too():
    stage = make_stage()
    make_figures(stage)
    assert filing.first_answers(stage.table())[1]["water_total_y1"] == "3000"


def make_figures(stage):
    values = [
        FigureValue(stage.unit.pk, 2020, key, "", Decimal(3000), "虚构") for key in ("energy_total", "water_total")
    ]
    record_figures(actor=Actor.system("试验"), values=values)


def test_control_the_shipped_book_says_otherwise():
    stage = make_stage()
    make_filed(stage)
    stored = dict(UnitFigure.objects.filter(data_year=2021).values_list("indicator", "unit_of_measure"))
    assert stored["energy_total"] == "tce" and "water_total" in stored
    assert rows_of(stage)["energy_total"] == "tce" and "water_total" in rows_of(stage)
