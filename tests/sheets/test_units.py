"""The product's unit in the place of the words 产品单位, on the page, on paper and in Excel."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from greenportal.sheets.printing import printed
from greenportal.sheets.units import stated, words_of
from greenportal.sheets.workbook import Form, Mark, write_forms

SELF = load(sheet_file("2022", "factory_self"))
THIRD = load(sheet_file("2022", "factory_third"))
GIVEN = {"product_unit": "台", "output": "5"}


def units(sheet):
    return {field.key: field.unit for field in sheet.fields()}


@pytest.mark.parametrize("unit", ["", "t/台", "按各产品的计量单位分别填写"])
def test_without_a_plain_unit_the_forms_own_words_stay(unit):
    assert words_of(SELF, {"product_unit": unit}) == {}
    assert stated(SELF, words_of(SELF, {"product_unit": unit})) is SELF


def test_every_unit_that_bears_the_words_bears_the_stated_unit():
    made = stated(SELF, words_of(SELF, GIVEN))
    assert (units(SELF)["output"], units(made)["output"]) == ("产品单位", "台")
    changed = {key: unit for key, unit in units(made).items() if unit != units(SELF)[key]}
    assert set(changed.values()) >= {"台", "台/m2", "m3/台", "t/台", "tCO2e/台"}
    assert not any("产品单位" in unit for unit in changed.values())
    columns = {column.unit for table in made.tables() for column in table.columns}
    assert ("tce/台" in columns, any("产品单位" in unit for unit in columns)) == (True, False)
    assert made.sha256 == SELF.sha256


def test_the_evaluators_rows_bear_the_unit_that_the_applicant_stated():
    made = stated(THIRD, words_of(SELF, GIVEN))
    assert made.table("verified").fixed_row("carbonperunit").values["unit"] == "tCO2e/台"
    assert THIRD.table("verified").fixed_row("carbonperunit").values["unit"] == "tCO2e/产品单位"


def test_paper_bears_it():
    rows = {row.label: row.unit for part in printed(SELF, GIVEN).sections for row in part.rows}
    assert {unit for unit in rows.values() if "产品单位" in unit} == set()
    plain = {row.unit for part in printed(SELF, {"output": "5"}).sections for row in part.rows}
    assert "产品单位" in plain


def test_excel_bears_it():
    made = stated(SELF, words_of(SELF, GIVEN))
    form = Form(sheet=made, mark=Mark("1", made.key, made.sha256), answers=GIVEN)
    book = load_workbook(BytesIO(write_forms([form], nonce="0" * 16)))
    shown = {str(c.value) for page in book.worksheets[:-2] for row in page.iter_rows() for c in row if c.value}
    assert {"tCO2e/台", "台"} <= shown
    assert not {text for text in shown if text.endswith("/产品单位") or text.endswith("产品单位）")}
