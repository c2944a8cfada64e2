"""Positions among peers, by hand: values and places are written here, not taken from the code."""

from dataclasses import replace
from decimal import Decimal

import pytest

from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.sheets import from_json
from nominations.eligibility import comparing, engine
from nominations.eligibility.answers import number, short
from nominations.eligibility.comparing import Indicator, Peer, Scope
from nominations.eligibility.facts import PeerFigure
from tests.nominations.eligibility.base import BOOK, base

D = Decimal

SPEC = BOOK.rules["PEERS"]
ENERGY = Indicator("energy_per_product", "单位产品综合能耗", "tce/产品单位", "lower_is_better")
LAND = Indicator("land_output", "单位用地面积产值", "万元/㎡", "higher_is_better")
NAMES = ("energy_total", "output", "output_value", "carbon_total", "waste_gas", "land_area", "solid_rate", "water_rate")


def sheet():
    fields = [{"key": n, "label": n, "type": "decimal", "decimals": 4, "required": "no"} for n in NAMES]
    fields.append({"key": "product_unit", "label": "产品单位", "required": "no"})
    section = {"key": "figures", "title": "数据", "fields": fields}
    return from_json(
        {"key": "factory_self", "title": "自评价", "source": "试验", "confidence": "low", "sections": [section]}
    )


def peers(*values):
    return [Peer(n, f"某厂{n}", 2021, D(v), "动态管理表") for n, v in enumerate(values, 1)]


def test_own_values_follow_from_the_totals():
    # 1200 tce / 4000 台 = 0.3; 1200 / 60000 万元 = 0.02; 60000 万元 / 50000 ㎡ = 1.2; 产量未填 leaves the rest out.
    given = {
        "energy_total": "1200",
        "output": "4000",
        "output_value": "60000",
        "land_area": "50000",
        "solid_rate": "93.5",
    }
    found = comparing.own_values(sheet(), given, comparing.wanted(SPEC))
    assert found == {
        "energy_per_product": D("0.3"),
        "energy_per_value": D("0.02"),
        "land_output": D("1.2"),
        "solid_waste_rate": D("93.5"),
    }


def test_division_by_zero_and_text_give_no_value():
    given = {"energy_total": "1200", "output": "0", "output_value": "大约"}
    assert comparing.own_values(sheet(), given, comparing.wanted(SPEC)) == {}


def test_a_sheet_without_the_figures_gives_none():
    bare = from_json({"key": "x_self", "title": "x", "source": "x", "confidence": "low",
                      "sections": [{"key": "a", "title": "a", "fields": [{"key": "name", "label": "n"}]}]})  # fmt: skip
    assert comparing.own_values(bare, {}, comparing.wanted(SPEC)) == {}


@pytest.mark.parametrize(
    ("own", "rank", "ahead"),
    [("0.19", 1, True), ("0.20", 1, False), ("0.25", 3, False), ("0.41", 6, False), (None, None, None)],
)
def test_place_among_five_when_lower_is_better(own, rank, ahead):
    groups = {"tce/台": peers("0.20", "0.24", "0.30", "0.36", "0.40")}
    row = comparing.position(ENERGY, D(own) if own else None, product_unit="台", groups=groups)
    assert (row.count, row.best, row.middle) == (5, D("0.20"), D("0.30"))
    assert (row.rank, row.ahead) == (rank, ahead)


@pytest.mark.parametrize(("own", "rank", "ahead"), [("2.1", 1, True), ("2.0", 1, False), ("1.0", 3, False)])
def test_place_when_higher_is_better(own, rank, ahead):
    row = comparing.position(LAND, D(own), product_unit="", groups={"万元/m2": peers("2.0", "1.5", "0.5")})
    assert (row.best, row.middle, row.rank, row.ahead) == (D("2.0"), D("1.5"), rank, ahead)


def test_another_unit_of_measure_is_never_compared():
    row = comparing.position(ENERGY, D("0.3"), product_unit="台", groups={"tce/吨": peers("0.1", "0.2")})
    assert (row.count, row.others, row.rank, row.ahead, row.middle) == (0, 2, None, None, None)


def test_the_scope_comes_from_the_rulebook_and_takes_only_known_words():
    start = Scope.of(SPEC)
    assert (start.area, start.digits, start.level) == ("city", "4", "")
    other = start.asked({"area": "district", "digits": "2", "level": "national"})
    assert other.words == "本区市县、同一大类、国家级"
    assert start.asked({"area": "'; drop", "digits": "9", "level": "x"}) == start


def test_every_indicator_of_the_rule_is_one_of_the_register():
    known = {key: item for key, item in BOOK.dynamic_indicators.items() if "factory" in item.categories}
    assert set(comparing.wanted(SPEC)) <= set(known)
    assert all(known[key].direction != "none" for key in comparing.wanted(SPEC))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_is_withheld_says_the_same_whatever_it_came_to(outcome):
    told = Finding(
        "PEERS",
        outcome,
        Severity.DECISION,
        "通知 一、（一）第2段",
        "未优于：能耗0.12（居第4位）",
        "对标",
        "",
        {"worse": ["x"]},
    )
    other = Finding("EX1", outcome, Severity.BLOCKER, "x", "y")
    shown, kept = comparing.withheld([told, other])
    assert kept is other
    assert shown == Finding("PEERS", Outcome.MANUAL, Severity.INFO, "通知 一、（一）第2段", comparing.WITHHELD, "对标")


@pytest.mark.parametrize(
    ("value", "text"),
    # 1/3; rounded half even; whole; small values keep four digits that count instead of becoming 0.
    [
        (D(1) / D(3), "0.3333"),
        (D("5200"), "5200"),
        (D("1.23456"), "1.2346"),
        (D("0.0000123456"), "0.00001235"),
        (D(0), "0"),
    ],
)
def test_a_computed_figure_is_told_as_people_read_it(value, text):
    assert number(short(value)) == text


def test_the_verdict_tells_the_own_figure_short():
    own = PeerFigure(indicator="单位产品综合能耗", unit="tce/套", value=D(1) / D(3), peer=D("0.35"), count=6, rank=1)
    finding = engine.check_one("PEERS", replace(base("factory"), peers=(own,)), BOOK)
    assert "单位产品综合能耗0.3333tce/套（与6家可比工厂相比居第1位）" in finding.because
