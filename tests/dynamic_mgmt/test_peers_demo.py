"""The demonstration's peers are on the register with comparable figures, and a second run changes nothing."""

from __future__ import annotations

import pytest

from dynamic_mgmt.demo import peers
from dynamic_mgmt.models import ListedUnit, UnitFigure
from dynamic_mgmt.selectors import figures
from dynamic_mgmt.selectors.catalogue import indicators
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import is_fictional
from greenportal.directory.models import Organisation
from tests.factories.directory import make_authority, make_industry
from tests.factories.rounds import DURING


@pytest.mark.django_db
def test_peers_of_one_industry_have_every_figure_once():
    make_industry(peers.INDUSTRY)
    for code in {peer.district for peer in peers.PEERS}:
        make_authority(f"演示{code}", code=f"DL-{code}")
    with clock.fixed(DURING):
        for _ in range(2):
            peers.fill(system=Actor.system("演示"))
        asked = {"category": "factory", "as_of": clock.now()}
        units = figures.peer_units(industries=[peers.INDUSTRY], **asked)
        groups = figures.peers(industry_code=peers.INDUSTRY, indicators=list(peers.MEASURES), **asked)
    assert len(units) == len({unit.body for unit in units}) == len(peers.PEERS) == ListedUnit.objects.count()
    of_product = [(group.unit_of_measure, group.count) for group in groups["energy_per_product"]]
    assert of_product == [("tce/套", 6), ("tce/台", 1)]
    assert all(rows[0].publishable for rows in groups.values())
    assert UnitFigure.objects.count() == len(peers.PEERS) * len(peers.MEASURES)
    assert all(is_fictional(code) for code in Organisation.objects.values_list("uscc", flat=True))


def test_names_tell_that_they_are_invented_and_measures_are_those_of_the_register():
    assert all("演示" in peer.name for peer in peers.PEERS)
    known = indicators("factory")
    printed = {key: measure.format("产品单位") for key, measure in peers.MEASURES.items()}
    assert printed == {key: known[key].unit for key in printed}
