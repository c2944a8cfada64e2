"""Figures and scores read from stored reports: into facts, onto the page, for a living nomination and a version."""

from __future__ import annotations

from decimal import Decimal

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.rounds.rulebook import load
from nominations.eligibility import engine
from nominations.selectors import facts
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db
BOOK = load("2022")
SCORES = {"infrastructure": 92, "management": 95, "inputs": 88, "product": 85, "emissions": 96, "performance": 84}
GROUPS = [{"_id": key, "score": str(value)} for key, value in SCORES.items()]


def put(nomination, key, **answers):
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=key)
    Filing.objects.filter(pk=filing.pk).update(answers={**filing.answers, **answers})


def known(nomination):
    (found,) = facts.load([nomination.pk], as_of=clock.now())
    return found


def finding(nomination, rule):
    return engine.check_one(rule, known(nomination), BOOK)


@pytest.fixture
def factory():
    return make.make_complete(make.make_district())


def test_a_nomination_without_report_forms_has_no_figures_and_no_warning(factory):
    figures = known(factory).figures
    assert (figures.shares, figures.years, figures.scores) == ((), (), ())
    assert {str(finding(factory, f"FIG_{name}").outcome) for name in ("SHARE", "RATIO", "UNIT", "JUMP")} == {
        "not_applicable"
    }


def test_a_share_above_the_whole_is_told_with_its_arithmetic(factory):
    put(factory, "factory_self", solid_used="1890", solid_generated="1000", solid_old="0")
    # 1890 ÷ (1000 + 0) × 100 = 189
    found = finding(factory, "FIG_SHARE")
    assert (str(found.outcome), str(found.severity)) == ("not_met", "warning")
    assert "工业固体废物综合利用率为189%" in found.because


@pytest.mark.parametrize(("second", "outcome"), [("600", "met"), ("640.5", "not_met"), ("", "met")])
def test_the_products_energy_together_is_part_of_the_factorys(factory, second, outcome):
    rows = [{"_id": "r1", "name": "甲", "energy": "400"}, {"_id": "r2", "name": "乙", "energy": second}]
    put(factory, "factory_self", energy_products=rows, energy_total="1000")
    found = finding(factory, "FIG_SHARE")
    assert str(found.outcome) == outcome
    # (400 + 640.5) ÷ 1000 × 100 = 104.05
    told = "各产品综合能耗占综合能耗为104.05%（1040.5÷1000×100），应在0到100%之间"
    assert (told in found.because) is (outcome == "not_met")


@pytest.mark.parametrize(
    ("unit", "value", "kind", "told"),
    [
        # 400 tce ÷ 30000 t × 1000 = 13.3333 kgce/t
        ("kgce/t", "12", "单位产品综合能耗", "400÷30000×1000＝13.333333kgce/t"),
        ("千克标准煤/吨", "13.3", "单位产品综合能耗", ""),
        ("tce/t", "0.5", "单位产品综合能耗", "400÷30000＝0.013333tce/t"),
        ("kWh/t", "12", "单位产品综合能耗", ""),
        ("kgce/台", "12", "单位产品综合能耗", ""),
        ("kgce/t", "12", "单位产品可比综合能耗", ""),
    ],
)
def test_energy_of_a_product_told_twice_is_held_together(factory, unit, value, kind, told):
    rows = [{"_id": "r1", "name": "钢 筋", "energy": "400", "output": "30000"}]
    put(factory, "factory_self", energy_products=rows, product_unit="吨")
    entry = {"_id": "e1", "product": "钢筋", "indicator": kind, "unit": unit, "value": value}
    put(factory, "energy", applies="yes", entries=[entry])
    because = finding(factory, "FIG_RATIO").because
    if told:
        assert f"钢筋{kind}能效水平对标表填写为{value}{unit}，按申报单位填写的合计{told}" in because
    else:
        assert "能效水平对标表" not in because
    put(factory, "energy", applies="yes", entries=[entry, {**entry, "_id": "e2"}])
    assert "能效水平对标表" not in finding(factory, "FIG_RATIO").because  # which of the two is meant?


@pytest.mark.parametrize("total", ["", "0"])
def test_control_products_energy_without_a_total_is_not_compared(factory, total):
    put(factory, "factory_self", energy_products=[{"_id": "r1", "energy": "400"}], energy_total=total)
    assert not [row for row in known(factory).figures.shares if "各产品" in row.label]


def test_a_stated_score_against_its_groups(factory):
    put(factory, "factory_self", self_score="93", groups=GROUPS)
    found = finding(factory, "FIG_RATIO")
    # 18.4 + 14.25 + 13.2 + 8.5 + 9.6 + 25.2 = 89.15
    assert "报告所载93分" in found.because
    assert "＝89.15分" in found.because


def test_yuan_for_ten_thousand_yuan_is_a_slip_of_the_unit(factory):
    put(factory, "factory_self", output_value="297200000", last_year=[{"_id": "outputvalue", "value": "28500"}])
    # 297200000 ÷ 28500 = 10428.07…: near 10⁴
    assert "约为上一年度的10000倍，可能是单位不一致" in finding(factory, "FIG_UNIT").because
    assert str(finding(factory, "FIG_JUMP").outcome) == "not_met"


def test_a_parks_share_against_its_totals():
    nomination = make.make_complete(make.make_district(), "park")
    put(nomination, "park_conditions", industrial_share="62", industrial_value_added="300", total_value_added="500")
    # 300 ÷ 500 × 100 = 60
    assert "300÷500×100＝60%" in finding(nomination, "FIG_RATIO").because
    put(nomination, "park_self", eg=[{"_id": "EG2", "y2": "101", "y3": "12"}, {"_id": "EG1", "y1": "3", "y2": "30"}])
    assert "可再生能源使用比例（第2年）为101%" in finding(nomination, "FIG_SHARE").because
    assert "能源产出率（第2年与第1年）" in finding(nomination, "FIG_UNIT").because


def test_supply_chain_ratios_come_from_pairs():
    nomination = make.make_complete(make.make_district(), "supply_chain")
    put(nomination, "supply_chain_self", recovered_products="600", recoverable_products="500")
    put(nomination, "supply_chain_conditions", suppliers="100", low_risk_suppliers="80")
    shares = {row.label: (row.numerator, row.denominator) for row in known(nomination).figures.shares}
    assert shares["产品回收率"] == (Decimal(600), Decimal(500))
    assert shares["低风险供应商占比"] == (Decimal(80), Decimal(100))
    assert "产品回收率为120%（600÷500×100）" in finding(nomination, "FIG_SHARE").because


def test_points_of_an_indicator_in_percent_are_no_share_and_the_evaluators_shares_are():
    nomination = make.make_complete(make.make_district(), "supply_chain")
    put(nomination, "supply_chain_third", product_recovery_checked="150")
    labels = {row.label: row.value for row in known(nomination).figures.shares}
    assert labels["第三方评价：产品回收率"] == Decimal(150)
    assert not [label for label in labels if "分值" in label or "得分" in label]
    assert "150%" in finding(nomination, "FIG_SHARE").because


def test_a_row_of_general_requirements_judged_against_is_a_veto_for_an_officer(factory):
    assert str(finding(factory, "GENERAL").outcome) == "manual"
    put(factory, "factory_self", general=[{"_id": "4an1", "met": "yes"}, {"_id": "4an4", "met": "no"}])
    found = finding(factory, "GENERAL")
    assert (str(found.outcome), str(found.severity)) == ("not_met", "decision")
    assert "自评价：合规性与相关方要求：对利益相关方环境要求的承诺及兑现" in found.because


def test_the_evaluators_word_that_a_factory_does_not_meet_them_is_a_veto_too(factory):
    put(factory, "factory_self", general=[{"_id": "4an1", "met": "yes"}])
    put(factory, "factory_third", basic_met="no", infrastructure=[{"_id": "5d2n1", "met": "no"}])
    assert "第三方评价：评价结果：基本要求" in finding(factory, "GENERAL").because
    assert "5.2 照明：照明功率密度符合GB 50034" in finding(factory, "MUSTS").because


def test_a_product_by_its_chosen_standard_its_rows_and_its_lca():
    nomination = make.make_complete(make.make_district(), "product")
    row = {"_id": "r1", "indicator": "能耗", "direction": "most", "baseline": "18", "measured": "19.5", "met": "yes"}
    put(nomination, "product_self", requirements=[row], lca_done="no")
    # 19.5 > 18, although the report says 符合.
    assert "能耗判为符合，按所填数值不符合（实测值19.5，要求不大于18）" in finding(nomination, "PRODUCT_ROWS").because
    assert str(finding(nomination, "LCA").outcome) == "not_met"
    type(nomination).objects.filter(pk=nomination.pk).update(standard="GB/T 1-2015")
    assert "GB/T 1-2015" in finding(nomination, "PRODUCT").because
