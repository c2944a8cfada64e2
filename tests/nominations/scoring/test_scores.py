"""Scores computed by hand: the arithmetic stands in each test, not taken from the code."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.rounds.rulebook import EvaluationItem, load
from greenportal.sheets import numerals
from nominations.scoring import pairs, scored
from nominations.scoring.index import green_index
from nominations.scoring.points import free_points, level_of, points
from nominations.scoring.types import Line, Score, shown
from nominations.scoring.weighted import weighted

BOOK = load("2022")
FACTORY, PARK = BOOK.evaluation_tables["factory_2016"], BOOK.evaluation_tables["park_2016"]
CHAIN, ELECTRONICS = BOOK.evaluation_tables["supply_generic"], BOOK.evaluation_tables["supply_electronics"]
GROUPS = {"infrastructure": 92, "management": 95, "inputs": 88, "product": 85, "emissions": 96, "performance": 84}
#: Optional indicators of the park: two of RG5–RG8, one of each other pool.
CHOSEN = {"RG5", "RG8", "IG3", "IG5", "CG3", "HG6"}


def group_scores(**changed):
    return {key: None if value is None else Decimal(value) for key, value in {**GROUPS, **changed}.items()}


def test_factory_total_is_the_weighted_sum():
    # 20×92/100 + 15×95/100 + 15×88/100 + 10×85/100 + 10×96/100 + 30×84/100
    # = 18.4   + 14.25     + 13.2      + 8.5       + 9.6       + 25.2 = 89.15
    found = weighted(FACTORY, group_scores(), Decimal("89.15"), "总分")
    assert (found.value, found.contradicts, found.because) == (Decimal("89.15"), False, "")
    assert found.arithmetic.startswith("20×92÷100＋15×95÷100")
    assert [line.part for line in found.lines] == [Decimal(p) for p in ("18.4", "14.25", "13.2", "8.5", "9.6", "25.2")]


def test_weights_of_the_factory_table_are_its_own_and_make_a_hundred():
    assert [group.weight for group in FACTORY.groups.values()] == [20, 15, 15, 10, 10, 30]
    assert FACTORY.items == ()
    assert FACTORY.pass_mark is None


def test_a_stated_total_that_the_groups_do_not_give_is_told():
    assert weighted(FACTORY, group_scores(), Decimal("89.2"), "总分").contradicts
    # 89.15 to one digit more is still 89.15
    assert not weighted(FACTORY, group_scores(), Decimal("89.150"), "总分").contradicts


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"product": None}, "尚未填写产品的得分，没有计算。"),
        ({"product": 101}, "产品的得分不在0到100之间，没有计算。"),
        ({"product": -1}, "产品的得分不在0到100之间，没有计算。"),
    ],
)
def test_an_incomplete_total_is_not_computed(changed, said):
    found = weighted(FACTORY, group_scores(**changed), Decimal(90), "总分")
    assert (found.value, found.because, found.stated) == (None, said, Decimal(90))


def test_without_weights_the_stated_score_is_taken():
    bare = replace(FACTORY, groups={k: replace(g, weight=None) for k, g in FACTORY.groups.items()})
    found = weighted(bare, group_scores(), Decimal(90), "总分")
    assert found.value is None
    assert found.because.startswith("分值未录入")


@given(st.lists(st.decimals(0, 100, places=2), min_size=6, max_size=6))
def test_factory_total_lies_between_the_least_and_the_greatest_group(scores):
    found = weighted(FACTORY, dict(zip(FACTORY.groups, scores, strict=True)), None, "总分")
    assert min(scores) <= found.value <= max(scores)


def full_marks():
    return {item.code: item.max_score for item in CHAIN.items}


def test_supply_chain_makes_a_hundred_and_half_points_add_up():
    # 8+6+6 + 4+3+3+3+3+4 + 10+10 + 5+5+5+5 + 10 + 2.5×4 = 20+20+20+20+10+10 = 100
    assert points(CHAIN, full_marks(), None, "指数").value == Decimal(100)
    # X61 at 2 instead of 2.5 and X12 at 5.5 instead of 6: 100 − 0.5 − 0.5 = 99
    less = {**full_marks(), "X61": Decimal(2), "X12": Decimal("5.5")}
    assert points(CHAIN, less, Decimal(99), "指数").value == Decimal(99)
    assert not points(CHAIN, less, Decimal(99), "指数").contradicts


@pytest.mark.parametrize(
    ("value", "said"), [(Decimal("8.5"), "超出分值范围"), (Decimal("-0.5"), "超出分值范围"), (None, "尚未填写")]
)
def test_points_beyond_their_most_or_missing_give_no_total(value, said):
    found = points(CHAIN, {**full_marks(), "X11": value}, Decimal(90), "指数")
    assert found.value is None
    assert said in found.because


def test_an_industry_system_without_a_table_takes_what_the_report_brings_or_states():
    rows = [("战略", Decimal(30), Decimal("25.5")), ("采购", Decimal(70), Decimal(60))]
    # 25.5 + 60 = 85.5: four stars from 85 on
    found = free_points(ELECTRONICS, rows, Decimal("85.5"), "指数")
    assert (found.value, found.level) == (Decimal("85.5"), "4星")
    assert free_points(ELECTRONICS, rows[:1], Decimal(85), "指数").because.startswith("各项最高分值合计30")
    nothing = free_points(ELECTRONICS, [], Decimal("90"), "指数")
    assert (nothing.value, nothing.stated, nothing.level) == (None, Decimal(90), "5星")
    assert nothing.because.startswith("分值未录入")


def test_a_table_without_points_computes_nothing():
    items = tuple(replace(item, max_score=None) for item in CHAIN.items)
    found = points(replace(CHAIN, items=items), full_marks(), Decimal(90), "指数")
    assert (found.value, found.stated) == (None, Decimal(90))
    assert found.because.startswith("分值未录入")


@pytest.mark.parametrize(("score", "stars"), [("90", "5星"), ("89.99", "4星"), ("70", "1星"), ("69.99", "")])
def test_levels_begin_at_their_least(score, stars):
    assert level_of(ELECTRONICS, Decimal(score)) == stars


def at_reference(**changed):
    values = {item.code: Decimal(1) if item.yes_no else item.reference_value for item in PARK.items}
    return {**values, **{code: None if value is None else Decimal(value) for code, value in changed.items()}}


def gi(table=PARK, chosen=frozenset(CHOSEN), **changed):
    return green_index(table, at_reference(**changed), chosen, None, "指数")


def test_park_at_its_reference_values_is_a_hundred_by_both_readings():
    found = gi()
    assert (found.value, found.other) == (Decimal(100), ("各项比值简单平均", Decimal(100)))
    assert len(found.lines) == 24
    assert (len(PARK.items), len([i for i in PARK.items if not i.pool])) == (31, 18)


def test_the_two_readings_differ_because_groups_have_three_or_six_members():
    # EG1 6 against 3: ratio 2, all others 1.
    # groups: EG (2+1+1)/3 = 4/3, five others 1: (4/3 + 5)/6 × 100 = 19/18 × 100 = 105.5555…
    # plain: (2 + 23)/24 × 100 = 104.1666…
    found = gi(EG1="6")
    assert shown(found.value, 4) == "105.5556"
    assert shown(found.other[1], 4) == "104.1667"
    # RG1 3000 against 1500: RG (2+5)/6 = 7/6; (7/6 + 5)/6 × 100 = 37/36 × 100 = 102.7777…; plain again 104.1666…
    found = gi(RG1="3000")
    assert (shown(found.value, 4), shown(found.other[1], 4)) == ("102.7778", "104.1667")


def test_the_setting_of_the_rulebook_chooses_the_reading():
    found = gi(replace(PARK, weighting="plain"), EG1="6")
    assert (shown(found.value, 4), found.other[0], shown(found.other[1], 4)) == (
        "104.1667",
        "六组平均（各组等权）",
        "105.5556",
    )


def test_smaller_is_better_for_waste_water_and_elasticity():
    # HG3 lead 5, value 10: ratio 5/10 = 0.5; HG (0.5+5)/6 = 11/12; (11/12 + 5)/6 × 100 = 71/72 × 100 = 98.6111…
    assert shown(gi(HG3="10").value, 4) == "98.6111"
    # HG4 lead 0.3, value 0.1: ratio 3; HG (3+5)/6 = 4/3; (4/3+5)/6 × 100 = 105.5555…
    assert shown(gi(HG4="0.1").value, 4) == "105.5556"


def test_a_ratio_above_one_is_capped_only_where_the_setting_says():
    assert gi(replace(PARK, cap_ratio=True), EG1="6").value == Decimal(100)
    assert "大于1的按1计" in gi(replace(PARK, cap_ratio=True), EG1="6").lines[0].arithmetic


def test_a_yes_no_indicator_counts_one_or_nothing():
    # MG3 0: MG (1+1+0)/3 = 2/3; (2/3+5)/6 × 100 = 17/18 × 100 = 94.4444…
    assert shown(gi(MG3="0").value, 4) == "94.4444"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (CHOSEN - {"RG8"}, "RG5至RG8选2项，已选1项"),
        (CHOSEN | {"RG6"}, "RG5至RG8选2项，已选3项"),
        (CHOSEN - {"CG3"}, "CG3至CG4选1项，已选0项"),
    ],
)
def test_optional_indicators_must_be_chosen_as_asked(chosen, said):
    found = gi(chosen=frozenset(chosen))
    assert found.value is None
    assert said in found.because


@pytest.mark.parametrize("changed", [{"EG1": None}, {"HG4": "0"}, {"HG3": "-1"}])
def test_an_index_with_a_hole_is_not_computed(changed):
    found = gi(**changed)
    assert found.value is None
    assert found.because.endswith("没有可用的数值，没有计算。")


def test_an_optional_indicator_that_is_not_chosen_never_counts():
    assert gi(RG6="999").value == Decimal(100)


@given(st.decimals("0.01", 1000, places=2))
def test_the_index_grows_with_an_indicator_that_should_grow(value):
    assert gi(EG1=str(value)).value < gi(EG1=str(value + 1)).value


def test_pairs_mark_what_differs():
    own = [
        Line(key="a", label="甲", value=Decimal("90.0")),
        Line(key="b", label="乙", value=Decimal(5)),
        Line(key="d", label="丁"),
    ]
    third = [
        Line(key="a", label="甲", value=Decimal(90)),
        Line(key="b", label="乙", value=Decimal(4)),
        Line(key="c", label="丙", value=Decimal(1)),
    ]
    found = {pair.key: (pair.difference, pair.differs) for pair in pairs(own, third)}
    assert found == {"a": (Decimal(0), False), "b": (Decimal(-1), True), "c": (None, False)}


def test_both_reports_of_a_factory_stand_side_by_side():
    rows = [{"_id": key, "score": str(value)} for key, value in GROUPS.items()]
    lower = [{**row, "score": "80"} if row["_id"] == "performance" else row for row in rows]
    answers = {
        "factory_self": {"groups": rows, "self_score": "89.15"},
        "factory_third": {"groups": lower, "third_party_score": "87.95"},
    }
    found = scored("factory", answers, BOOK, standard="GB/T 36132-2018")
    # third party: 89.15 − 30×(84−80)/100 = 89.15 − 1.2 = 87.95
    assert [(p.own, p.third, p.difference) for p in found.totals] == [
        (Decimal("89.15"), Decimal("87.95"), Decimal("-1.20"))
    ] * 2
    assert [p.key for p in found.rows if p.differs] == ["performance"]


def test_a_standard_whose_table_nobody_entered_computes_nothing():
    found = scored("factory", {"factory_self": {"self_score": "90"}}, BOOK, standard="JB/T 14407-2023")
    (score,) = found.reports[0].scores
    assert (found.table, score.value, score.stated) == (None, None, Decimal(90))
    assert score.because.startswith("分值未录入")
    machinery = {"supply_chain_conditions": {"system": "machinery"}, "supply_chain_self": {"self_score": "90"}}
    assert scored("supply_chain", machinery, BOOK).reports[0].scores[0].because.startswith("分值未录入")


def test_a_park_has_three_scores_and_a_product_none():
    found = scored("park", {"park_self": {"year_3": "2021", "self_index_3": "101"}}, BOOK)
    titles = [score.title for score in found.reports[0].scores]
    assert titles == ["第1年绿色指数", "第2年绿色指数", "第3年（2021年）绿色指数"]
    assert scored("product", {}, BOOK) is None


@pytest.mark.parametrize(
    ("value", "text"), [("0.005", "0.01"), ("-0.004", "0"), ("100", "100"), ("89.150", "89.15"), ("2.345", "2.35")]
)
def test_figures_are_shown_rounded_half_up(value, text):
    assert shown(Decimal(value)) == text


def test_nothing_stated_contradicts_nothing():
    assert not Score(title="总分", value=Decimal(1)).contradicts
    assert not Score(title="总分", stated=Decimal(1)).contradicts


def test_an_industrys_table_without_points_takes_the_most_that_the_report_brings():
    item = EvaluationItem(code="E1", group="g1", name="无铅焊接")
    shipped = BOOK.evaluation_tables["supply_electronics"]
    book = replace(BOOK, evaluation_tables={"e": replace(shipped, items=(item,), groups={}, total=None)})
    conditions = {"supply_chain_conditions": {"system": "electronics"}}

    def total(row):
        rows = [{"_id": "E1", **row}]
        return (
            scored("supply_chain", {**conditions, "supply_chain_self": {"industry_indicators": rows}}, book)
            .reports[0]
            .scores[0]
        )

    assert total({"score": "9", "max_score": "10"}).value == Decimal(9)
    assert total({"score": "11", "max_score": "10"}).value is None
    # nobody says the most: the page says 分值未录入 and computes nothing
    assert (total({"score": "9"}).value, "分值未录入" in total({"score": "9"}).because) == (None, True)


def test_a_figure_with_all_the_digits_that_a_form_takes_is_shown_and_compared():
    long = Decimal("9" * numerals.MAX_DIGITS)
    assert shown(long) == "9" * numerals.MAX_DIGITS
    assert shown(Decimal("0." + "0" * 28 + "1")) == "0"
    assert Score(title="总分", value=long, stated=Decimal("0." + "0" * 28 + "1")).contradicts
