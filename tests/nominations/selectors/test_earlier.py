"""Totals of a product and of a supply chain against last year's nomination of the same subject."""

from __future__ import annotations

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from nominations.eligibility.engine import evaluate
from nominations.selectors import facts
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def answered(nomination, key, **answers):
    held = nomination.sheets.get(sheet_key=key).filing_id
    row = Filing.objects.get(pk=held)
    Filing.objects.filter(pk=held).update(answers={**row.answers, **answers})


def two_years(category, *, apart=1):
    """Return last year's nomination and this year's of one subject, this year's in a round `apart` years later."""
    district = make.make_district()
    old = make.make_draft(district, category)
    Round.objects.filter(pk=district.round.pk).update(state="closed", year=2022 - apart)
    new = make.make_draft(
        make.District(make.open_round_2022(), district.authority, district.officer, district.lead),
        category,
        subject=old.subject,
    )
    return old, new


def told(nomination, rule):
    book, _ = rulebook_at(nomination.round_id)
    found = evaluate(facts.load([nomination.pk], as_of=clock.now())[0], book)
    return next(row for row in found if row.rule == rule)


def test_a_slip_of_the_unit_against_last_years_supply_chain_is_told_with_its_arithmetic():
    old, new = two_years("supply_chain")
    answered(old, "supply_chain_self", recoverable_products="1200", recovered_products="600")
    answered(new, "supply_chain_self", recoverable_products="12000000", recovered_products="620")
    found = told(new, "FIG_UNIT")
    # 12000000 ÷ 1200 = 10000
    assert (found.outcome, found.severity) == ("not_met", "warning")
    assert "12000000÷1200＝10000" in found.because
    assert "产品回收量" not in found.because.replace("可回收产品量", "")


def test_a_products_measured_value_that_jumps_is_told_by_indicator_and_model():
    old, new = two_years("product")
    row = {"_id": "r1", "indicator": "待机功率", "model": "甲型", "unit": "W", "measured": "0.4"}
    answered(old, "product_self", requirements=[row])
    answered(
        new,
        "product_self",
        requirements=[{**row, "_id": "r9", "measured": "0.7"}, {**row, "_id": "r2", "model": "乙型"}],
    )
    found = told(new, "FIG_JUMP")
    # 0.7 ÷ 0.4 = 1.75
    assert found.outcome == "not_met"
    assert "待机功率（甲型）实测值本年0.7W，上年0.4W（0.7÷0.4＝1.75），增加75%" in found.because


def test_only_the_year_before_counts():
    old, new = two_years("product", apart=2)
    answered(old, "product_basic", sales="100")
    answered(new, "product_basic", sales="1000")
    assert told(new, "FIG_UNIT").outcome == "not_applicable"
