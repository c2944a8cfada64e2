"""Excel of a report whose product's unit is stated: what was printed before and after is read back alike."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import save
from greenportal.sheets.workbook import reading
from tests.factories import nominations as make
from tests.factories.sheetbooks import touched, typed
from tests.factories.workbooks import XLSX
from tests.nominations.services.test_reporting import evaluator_of
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
WRONG = "需要修改的单元格"


class Excel:
    """One report, and somebody who fills it in by Excel."""

    def __init__(self, nomination, key, actor):
        self.filing = Filing.objects.get(scope_id=nomination.pk, sheet_key=key)
        self.actor, self.client = actor, browser(actor)

    def url(self, name, *more):
        return reverse(f"filings:{name}", args=[self.filing.pk, *more])

    def download(self):
        return self.client.get(self.url("workbook_file")).content

    def look(self, content):
        answer = self.client.post(self.url("workbook"), {"file": SimpleUploadedFile("表.xlsx", content, XLSX)})
        assert answer.status_code == 302, answer.content.decode()
        return answer.url, self.client.get(answer.url).content.decode()

    def store(self, content):
        url, page = self.look(content)
        assert WRONG not in page
        self.filing.refresh_from_db()
        self.client.post(url, {"version": self.filing.version})
        self.filing.refresh_from_db()
        return self.filing.answers

    def write(self, **changes):
        self.filing.refresh_from_db()
        save(filing_id=self.filing.pk, seen_version=self.filing.version, changes=changes, actor=self.actor)


def in_table(content, row_id, column, value):
    """Type into the cell of a printed row, found by the keys that stand hidden beside it."""

    def change(book):
        ways = [
            page.cell(key.row, head.column)
            for page in book.worksheets
            for line in page.iter_rows(max_row=40)
            for head in line
            if head.value == f"column:{column}"
            for key in (cell for row in page.iter_rows() for cell in row)
            if str(key.value).startswith("row:") and str(key.value).removeprefix("row:").split("/")[-1] == row_id
        ]
        (cell,) = ways
        cell.value = value

    return touched(content, change)


@pytest.fixture
def nomination():
    return make.make_complete(make.make_district())


@pytest.fixture
def own(nomination):
    return Excel(nomination, "factory_self", make.applicant_of(nomination))


@pytest.fixture
def third(nomination):
    return Excel(nomination, "factory_third", evaluator_of(nomination))


def test_the_applicants_file_of_before_the_unit_is_read_with_it_and_again_after(own):
    content = in_table(typed(own.download(), {"product_unit": "台", "output": "5"}), "output", "value", "4")
    assert own.store(content)["product_unit"] == "台"
    assert (own.filing.answers["output"], own.filing.answers["last_year"]) == ("5", [{"_id": "output", "value": "4"}])
    _, page = own.look(content)
    assert ("没有需要变更的内容" in page, WRONG in page) == (True, False)
    again = in_table(own.download(), "output", "value", "6台")
    assert own.store(again)["last_year"] == [{"_id": "output", "value": "6"}]


def test_the_evaluators_rows_are_read_with_the_applicants_unit_and_in_either_wording(own, third):
    before = third.download()
    own.write(product_unit="台")
    filled = in_table(before, "carbonperunit", "value", "0.7 tCO2e/产品单位")
    assert third.store(filled)["verified"] == [{"_id": "carbonperunit", "value": "0.7"}]
    assert WRONG not in third.look(filled)[1]
    filled = in_table(third.download(), "carbonperunit", "value", "0.8tCO2e/台")
    assert third.store(filled)["verified"] == [{"_id": "carbonperunit", "value": "0.8"}]
    assert WRONG not in third.look(filled)[1]


def test_control_where_the_unit_is_a_name_the_file_of_before_is_refused(own, monkeypatch):
    content = in_table(typed(own.download(), {"product_unit": "台", "output": "5"}), "output", "value", "4")
    own.store(content)
    monkeypatch.setattr(reading, "_UNNAMING", frozenset())
    assert WRONG in own.look(content)[1]


def test_a_page_reads_the_unit_as_it_shows_it(own, third):
    own.write(product_unit="台")
    section = next(s.key for s in sheet_of(third.filing).sections if any(t.key == "verified" for t in s.tables))
    page = third.client.get(third.url("section", section)).content.decode()
    assert "tCO2e/台" in page
    name = "verified__carbonperunit__value"
    assert f'name="{name}"' in page
    third.filing.refresh_from_db()
    posted = {"_version": third.filing.version, name: "0.8tCO2e/台"}
    assert third.client.post(third.url("autosave", section), posted).json()["errors"] == {}
    third.filing.refresh_from_db()
    assert third.filing.answers["verified"] == [{"_id": "carbonperunit", "value": "0.8"}]
    third.write(**{"verified[carbonperunit].value": "0.9 tCO2e/台"})
    third.filing.refresh_from_db()
    assert third.filing.answers["verified"] == [{"_id": "carbonperunit", "value": "0.9"}]
