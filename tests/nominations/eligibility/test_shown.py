"""Records that a website shows, from the answers of the sheet to EX2 and EX6: more written never weighs less."""

from dataclasses import replace

import pytest

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load, validate
from nominations.eligibility.engine import evaluate
from nominations.selectors.answers import credit, statements
from tests.factories.nominations import CLEAN
from tests.nominations.eligibility.base import BOOK, base

SHEET = load(sheet_file("2022", "statement"))
#: A statement that denies everything and three clean queries: what each case changes stands on top of it.
DENIED = {key: value for key, value in CLEAN.items() if key in {field.key for field in SHEET.fields()}}


def found(rule: str, **answers: str):
    """What the rule says of a factory whose statement sheet holds these answers, none of them unusable."""
    given = {**DENIED, **answers}
    assert not [p for p in validate(SHEET, given) if p.level == "error"]
    facts = replace(base("factory"), statements=statements(given), credit=credit(given))
    return next(item for item in evaluate(facts, BOOK) if item.rule == rule)


def shown(source: str, text: str = "列入失信被执行人，未履行", on: str = "") -> dict[str, str]:
    return {f"{source}_clean": "no", f"{source}_text": text, f"{source}_event_on": on}


@pytest.mark.parametrize("source", ["creditchina", "gsxt"])
@pytest.mark.parametrize(
    ("on", "outcome"),
    [("2021-03-01", "not_met"), ("", "manual"), ("2015-03-01", "met"), ("2022-12-01", "manual")],
)
def test_a_dated_record_of_the_two_sites_decides_by_its_date(source, on, outcome):
    finding = found("EX2", **shown(source, "因环境污染受行政处罚", on))
    assert finding.outcome == outcome
    assert ("2021年3月1日因环境污染受行政处罚" in finding.because) == (outcome == "not_met")
    assert ("日期不详" in finding.because) == (outcome == "manual")


@pytest.mark.parametrize("on", ["", "2021-03-01", "2015-03-01", "2022-12-01"])
@pytest.mark.parametrize("text", ["", "列入失信被执行人，未履行"])
def test_an_entry_that_the_enforcement_site_shows_counts_however_much_is_written_about_it(text, on):
    finding = found("EX6", **shown("zxgk", text, on))
    assert (finding.outcome, finding.severity, finding.blocks) == ("not_met", "blocker", True)
    assert not text or text in finding.because


def test_an_undated_entry_is_told_with_the_day_on_which_it_was_still_there():
    assert "2022年9月10日查询时仍列为失信被执行人：列入失信被执行人，未履行" in found("EX6", **shown("zxgk")).because


def test_the_enforcement_site_says_nothing_of_the_other_exclusions_and_a_clean_query_excludes_nobody():
    assert found("EX2", **shown("zxgk", on="2021-03-01")).outcome == "met"
    assert [found(rule).outcome for rule in ("EX2", "EX6")] == ["met", "met"]


@pytest.mark.parametrize("source", ["creditchina", "gsxt", "zxgk"])
def test_the_day_is_asked_only_where_a_record_is_shown_and_its_absence_refuses_nothing(source):
    field = next(item for item in SHEET.fields() if item.key == f"{source}_event_on")
    assert (field.type, field.required, field.copy) == ("date", "soft", False)
    assert field.show_if
    asked = [p for p in validate(SHEET, {**DENIED, **shown(source)}) if p.path.endswith("_event_on")]
    assert [p.level for p in asked] == ["soft"]
    assert not [p for p in validate(SHEET, DENIED) if p.path.endswith("_event_on")]
