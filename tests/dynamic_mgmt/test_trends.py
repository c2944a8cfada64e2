"""Totals of trends: a firm counts once, a park is never added to its factories."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.models import UnitFigure
from dynamic_mgmt.packets.year import year_paper
from dynamic_mgmt.selectors import table_detail, trends
from dynamic_mgmt.services.figures import FigureValue, record_figures
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from tests.factories.accounts import make_user, sign_in
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING, make_lead
from tests.factories.tables import Stage, make_stage

pytestmark = pytest.mark.django_db


def listed_thrice() -> Stage:
    """One firm on the national and the provincial list of factories, its park and its supply chain, in one district."""
    stage = make_stage()
    same = {"organisation": stage.organisation, "authority": stage.authority, "industry_code": "3451"}
    name = stage.unit.name_as_listed
    again = make_listed(name, level="provincial", **same)
    park = make_listed("虚构工业园区", category="park", **same)
    second = make_listed("虚构第二工业园区", category="park", **same)
    chain = make_listed(name, category="supply_chain", **same)
    told = [(stage.unit, 100), (again, 110), (park, 4000), (second, 500), (chain, 9000)]
    for unit, value in told:
        values = [FigureValue(unit.pk, 2021, "energy_total", "tce", Decimal(value), "虚构")]
        record_figures(actor=Actor.system("试验"), values=values)
    return stage


def energy_of(charts: Iterable[trends.Chart]) -> list[tuple[str, int]]:
    return [(p.text, p.count) for c in charts if c.key == "energy_total" for p in c.points]


def test_totals_count_a_firm_once_and_never_add_a_park_to_its_factories():
    stage, lead = listed_thrice(), make_lead()
    assert energy_of(trends.group_charts(lead)) == [("110", 1)], "the firm's newest figure, once"
    assert energy_of(trends.group_charts(lead, category="park")) == [("4,500", 2)], "two parks of one committee"
    assert energy_of(trends.group_charts(lead, category="supply_chain")) == [("9,000", 1)]
    for by in ("district", "industry"):
        assert [(r.units, r.cells[0][0]) for r in trends.group_rows(lead, by=by, year=2021)] == [(1, "110")]
        assert [r.texts for t in trends.group_trends(lead, by=by, until=2021) for r in t.rows] == [("110",)]
    apart = {r.name: (r.units, r.cells[0][0]) for r in trends.group_rows(lead, by="category", year=2021)}
    assert apart == {"factory": (1, "110"), "park": (2, "4,500"), "supply_chain": (1, "9,000")}
    paper = year_paper(lead, stage.period)
    assert energy_of(paper.charts) == [("110", 1)] and len(paper.categories) == 3


def test_control_plain_sums_would_count_the_firm_twice():
    listed_thrice()
    plain = UnitFigure.objects.filter(unit__category="factory", superseded_at=None).aggregate(total=Sum("value"))
    assert plain["total"] == 210


def test_the_trend_page_shows_factories_first_and_each_category_by_itself(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    listed_thrice()
    client, url = sign_in(Client(), make_user(Role.CITY_LEAD)), reverse("dynamic_mgmt:trends")
    first, parks = (client.get(url, query).content.decode() for query in ({}, {"category": "park"}))
    assert "绿色工厂已报送数据的合计" in first and ">110<" in first and "4,500" not in first
    assert "绿色工业园区已报送数据的合计" in parks and "4,500" in parks and ">110<" not in parks


def test_figures_longer_than_pythons_own_context_are_told():
    assert table_detail.change_text("9" * 30, "1") == "+1" + "0" * 32 + ".0%"
    assert trends.grouped(Decimal("9" * 30)).replace(",", "") == "9" * 30
