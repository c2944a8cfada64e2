"""A percent typed in the row's own unit, in the evaluator's sheets: on the page, from Excel, and what a finding reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.http import QueryDict

from greenportal.findings.types import Outcome
from greenportal.rounds.rulebook import load as load_book
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from greenportal.sheets.forms import apply, build_form
from nominations.eligibility.engine import check_one
from nominations.eligibility.facts import NominationFacts
from nominations.eligibility.figures import report_figures
from tests.factories import sheetbooks as books
from tests.filings.test_rows import put

BOOK = load_book("2022")
BOOK_DAY = date(2022, 10, 9)
PARK, FACTORY = (load(sheet_file("2022", f"{name}_third")) for name in ("park", "factory"))
#: Sheet, section, row in %, row in another unit, column, label of the share in a finding.
CASES = [
    (PARK, "eg", "EG2", "EG1", "y1", "第三方评价：可再生能源使用比例（第1年）"),
    (FACTORY, "verified", "buildingdensity", "valueperland", "value", "第三方评价：建筑密度（核实数值）"),
]
TYPED = ["85%", "８５％", " 85 %", "八十五%"]


def section_of(sheet, table):
    return next(part for part in sheet.sections if table in part.item_keys()).key


@pytest.mark.parametrize(("sheet", "table", "row", "_other", "column", "_label"), CASES)
@pytest.mark.parametrize("text", TYPED)
def test_it_is_read_on_the_page(sheet, table, row, _other, column, _label, text):
    data = QueryDict(mutable=True)
    data[f"{table}__{row}__{column}"] = text
    form = build_form(sheet, section_of(sheet, table), {}, data)
    assert (form.errors, form.changes()) == ({}, {f"{table}[{row}].{column}": "85"})


@pytest.mark.parametrize(("sheet", "table", "row", "_other", "column", "_label"), CASES)
@pytest.mark.parametrize(("value", "style"), [*((text, "General") for text in TYPED), (0.85, "0%")])
def test_it_is_read_from_excel(sheet, table, row, _other, column, _label, value, style, tmp_path: Path):
    back = books.one(put(sheet, row, column, value, style), tmp_path, sheet)
    assert (back.edits, back.problems) == ({f"{table}[{row}].{column}": "85"}, ())


@pytest.mark.parametrize(("sheet", "table", "_row", "other", "column", "_label"), CASES)
def test_control_a_row_in_another_unit_takes_no_percent(sheet, table, _row, other, column, _label, tmp_path: Path):
    path = f"{table}[{other}].{column}"
    back = books.one(put(sheet, other, column, "85%"), tmp_path, sheet)
    assert (back.edits, [problem.path for problem in back.problems]) == ({}, [path])
    data = QueryDict(mutable=True)
    data[f"{table}__{other}__{column}"] = "85%"
    form = build_form(sheet, section_of(sheet, table), {}, data)
    assert (list(form.errors), form.changes()) == ([f"{table}__{other}__{column}"], {path: "85%"})


def finding(sheet, answers):
    """Return FIG_SHARE of a nomination whose evaluator stated these answers."""
    category = sheet.key.removesuffix("_third")
    own = load(sheet_file("2022", f"{category}_self"))
    parts = [(own.key, own, {}), (sheet.key, sheet, answers)]
    facts = NominationFacts(
        ref="1",
        as_of=BOOK_DAY,
        category=category,
        figures=report_figures(category, parts, BOOK, standard="GB/T 36132-2018"),
    )
    return check_one("FIG_SHARE", facts, BOOK)


@pytest.mark.parametrize(("sheet", "table", "row", "_other", "column", "label"), CASES)
def test_a_finding_reads_it(sheet, table, row, _other, column, label):
    def stated(text):
        data = QueryDict(mutable=True)
        data[f"{table}__{row}__{column}"] = text
        return apply(sheet, {}, build_form(sheet, section_of(sheet, table), {}, data).changes())

    good, bad = finding(sheet, stated("85%")), finding(sheet, stated("１２０％"))
    assert (good.outcome, bad.outcome) == (Outcome.MET, Outcome.NOT_MET)
    assert f"{label}为120%，应在0到100%之间" in bad.because


@pytest.mark.parametrize("percent", ["%", "％"])
def test_a_share_that_the_evaluator_verified_by_material_is_read_in_its_rows_unit_too(percent):
    path = "verified_rows__r1__"
    data = QueryDict(mutable=True)
    data.update(
        {
            f"{path}indicator": "green_materials",
            f"{path}name": "再生钢材",
            f"{path}unit": percent,
            f"{path}value": "120%",
        }
    )
    answers = {"verified_rows": [{"_id": "r1"}]}
    changes = build_form(FACTORY, section_of(FACTORY, "verified_rows"), answers, data).changes()
    assert changes["verified_rows[r1].value"] == "120"
    told = finding(FACTORY, apply(FACTORY, answers, changes))
    assert (told.outcome, "再生钢材" in told.because, "120%" in told.because) == (Outcome.NOT_MET, True, True)
    other = apply(FACTORY, answers, {**changes, "verified_rows[r1].unit": "kg"})
    assert finding(FACTORY, other).outcome == Outcome.NOT_APPLICABLE
