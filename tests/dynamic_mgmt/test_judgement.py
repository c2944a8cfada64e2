"""What a table's answers point to: pure rules, each with a control that it stays silent about."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_mgmt.judgement import Peer, TableFacts, findings_of, own_hints, proposals_of, slip_of
from dynamic_mgmt.selectors.catalogue import indicators, newest_book
from tests.factories.tables import ANSWERS

LIMITS = {key: item.value for key, item in newest_book().dynamic_limits.items()}


def facts(category="factory", **values):
    answers = values.pop("answers", {})
    return TableFacts(answers={**ANSWERS, **answers}, indicators=indicators(category), limits=LIMITS, **values)


def rules(**values) -> set[str]:
    return {f.rule for f in findings_of(facts(**values)) if f.open}


QUIET = rules()
DAY = date(2022, 2, 1)


def test_ordinary_answers_raise_nothing():
    assert {"TABLE_REQUIREMENT"} == QUIET  # 待人工核实: values that we do not hold
    assert [p.opinion.value for p in proposals_of(findings_of(facts()))] == ["keep"]


@pytest.mark.parametrize(
    ("rule", "answers", "opinion"),
    [
        ("TABLE_STOPPED", {"in_production": "no", "stopped_text": "搬迁"}, "on_site"),
        ("TABLE_FLAG", {"safety_exists": "yes", "safety_text": "一般事故"}, "on_site"),
        ("TABLE_FLAG", {"tax_exists": "yes"}, "on_site"),
        ("TABLE_RENAMED", {"renamed": "yes", "rename_proof": "登记通知书"}, "renamed"),
        ("TABLE_MAJOR", {"major_change": "yes", "major_text": "迁址"}, "major_change"),
        ("TABLE_JUMP", {"energy_total_y1": "1800"}, "keep"),
        ("TABLE_SLIP", {"water_total_y1": "9"}, "keep"),
        ("TABLE_SLIP", {"water_total_y1": "900000"}, "keep"),
        ("TABLE_SHARE", {"solid_waste_rate_y0": "101"}, "keep"),
        ("TABLE_EVIDENCE", {"evidence_water": ""}, "keep"),
        ("TABLE_WORSE", {"energy_per_product_y0": "12", "energy_per_product_y1": "10"}, "keep"),
    ],
)
def test_each_soft_rule_speaks_and_is_silent_without_its_cause(rule, answers, opinion):
    assert rule in rules(answers=answers)
    assert rule not in QUIET
    assert proposals_of(findings_of(facts(answers=answers)))[0].opinion == opinion


@pytest.mark.parametrize(
    "answers", [{"energy_total_y1": "1800"}, {"water_total_y1": "9"}, {"solid_waste_rate_y0": "101"}]
)
def test_a_unit_is_told_of_its_own_numbers_and_of_nothing_else(answers):
    """Peers, incidents and conduct stay with the officers."""
    secret = {"peers": {"energy_per_value": Peer("tce/万元", Decimal("0.001"), 9)}, "incidents": ["不该看见的事故"]}
    told = own_hints(facts(answers={**answers, "safety_exists": "yes"}, **secret))
    assert len(told) == 1
    assert own_hints(facts(**secret)) == []


def test_a_finding_names_the_unit_of_product_that_the_table_uses():
    texts = [f.because for f in findings_of(facts(answers={"energy_per_product_y0": "12"}))]
    assert "单位产品综合能耗为12tce/万套；系统没有这一指标的评价要求值。" in texts
    assert not [text for text in texts if "产品单位" in text]


def test_no_finding_ever_refuses():
    everything = facts(
        answers={"safety_exists": "yes", "in_production": "no", "water_total_y1": "9"}, refused_reason="拒"
    )
    assert {f.severity.value for f in findings_of(everything) if f.open} == {"warning"}


def test_jump_stays_silent_up_to_the_limit():
    assert "TABLE_JUMP" not in rules(answers={"energy_total_y1": "2400"})  # +30.0 %
    assert "TABLE_JUMP" in rules(answers={"energy_total_y1": "2399"})


def test_requirement_is_only_compared_where_the_rulebook_holds_a_sure_value():
    park = {"industrial_share_y0": "50"}
    (found,) = [
        f
        for f in findings_of(facts("park", answers=park))
        if f.rule == "TABLE_REQUIREMENT" and f.data["indicator"] == "industrial_share"
    ]
    assert (found.outcome, found.clause) == ("not_met", "通知 一、（三）")  # 50 % is not more than 50 %
    above = findings_of(facts("park", answers={"industrial_share_y0": "50.01"}))
    assert [f.outcome for f in above if f.data.get("indicator") == "industrial_share"] == ["met"]
    low = findings_of(facts(answers={"building_density_y0": "20"}))
    assert [f.outcome for f in low if f.data.get("indicator") == "building_density"] == ["manual"]


@pytest.mark.parametrize(("count", "speaks"), [(4, False), (5, True)])
def test_peers_count_from_five_on(count, speaks):
    peers = {"energy_per_product": Peer("tce/万套", Decimal(10), count)}
    assert ("TABLE_PEERS" in rules(answers={"energy_per_product_y0": "12"}, peers=peers)) is speaks
    assert "TABLE_PEERS" not in rules(answers={"energy_per_product_y0": "11"}, peers=peers)


def test_incident_lateness_refusal_and_another_past_are_told():
    found = rules(
        incidents=["2022-05-01 环境污染事故"],
        late_reason="停电",
        refused_reason="拒",
        recorded={"energy_total": Decimal(5)},
        answers={"energy_total_y1": "3000"},
    )
    assert {"TABLE_INCIDENT", "TABLE_LATE", "TABLE_REFUSED", "TABLE_PREVIOUS"} <= found
    assert proposals_of(findings_of(facts(refused_reason="拒")))[0].opinion == "remove"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"answers": {"energy_per_product_y0": "12", "energy_per_product_y1": "10"}}, "比上一年变差20.0%"),
        ({"answers": {"energy_total_y1": "1800"}}, "同比增加"),
        ({"answers": {"water_total_y1": "9"}}, "可能是计量单位填错"),
        ({"late_reason": "停电"}, "在期限之后补报：停电"),
        (
            {
                "answers": {"energy_per_product_y0": "12"},
                "peers": {"energy_per_product": Peer("tce/万套", Decimal(10), 5)},
            },
            "本市同类名单单位（5家）中位数为10tce/万套",
        ),
    ],
)
def test_keeping_is_proposed_with_every_open_doubt_named(values, named):
    (proposal,) = proposals_of(findings_of(facts(**values)))
    assert proposal.opinion == "keep" and "保留前须核实" in proposal.reason and named in proposal.reason
    assert "未发现应当调整的情形" not in proposal.reason
    # control: without the doubt it says that there is none, and how many values nobody compared
    (quiet,) = proposals_of(findings_of(facts()))
    assert quiet.reason.startswith("已按要求填报，未发现应当调整的情形。有") and "人工核实" in quiet.reason


def test_a_grave_accident_and_a_failed_visit_point_to_removal():
    text = "2022-05-01发生生产安全（重大）。"
    grave = proposals_of(findings_of(facts(incidents=[text], grave_incidents=frozenset({text}))))
    assert [(p.opinion.value, p.reason) for p in grave] == [("remove", text)]
    # controls: a lesser one asks for a look on site; a visit that was passed says nothing
    assert [p.opinion.value for p in proposals_of(findings_of(facts(incidents=[text])))] == ["on_site"]
    assert [p.opinion.value for p in proposals_of(findings_of(facts(visit_result="fails")))] == ["remove"]
    assert [p.opinion.value for p in proposals_of(findings_of(facts(visit_result="fits")))] == ["keep"]


@given(st.decimals("0.001", "100000", places=3), st.integers(-6, 6), st.integers(-150, 150))
def test_slips_of_tens_are_recognised_and_nothing_else(value, power, permille):
    shifted = value * Decimal(10) ** power * (1 + Decimal(permille) / 1000)
    assert slip_of(shifted, value, Decimal(20)) == power
