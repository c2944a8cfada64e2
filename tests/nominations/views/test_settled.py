"""The chosen standard of a product on its form and in Excel: locked, with where it comes from."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from greenportal.filings.models import Filing
from nominations.services import drafting
from tests.factories import nominations as make
from tests.factories.reports import list_standards
from tests.factories.sheetbooks import typed
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
NUMBER, NAME = "T/TEST 1-2020", "试验产品评价技术规范"
SOURCE = "按“所属行业和评价标准”中的选择填入，不在本表修改"


@pytest.fixture
def district():
    return make.make_district()


def chosen(district, *, choose=True):
    """Return a product's basic sheet under a list of one standard, chosen or not."""
    nomination = make.make_draft(district, "product")
    list_standards(district)
    if choose:
        nomination.refresh_from_db()
        drafting.choose_standard(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard=NUMBER
        )
    return Filing.objects.get(scope_id=nomination.pk, sheet_key="product_basic")


def page(district, filing):
    answer = browser(district.officer).get(reverse("filings:section", args=[filing.pk, "product"]))
    return answer.content.decode()


def locked(html):
    """Names of the inputs of a page that cannot be typed in."""
    return {name for tag in re.findall(r"<input[^>]*readonly[^>]*>", html) for name in re.findall(r'name="(\w+)"', tag)}


def cells(content):
    """Return key → (value, locked, help) of the fields of a workbook."""
    lines = [row for sheet in load_workbook(BytesIO(content)).worksheets for row in sheet.iter_rows() if len(row) > 5]
    rows = {str(row[1].value): row for row in lines if str(row[1].value).startswith("field:")}
    return {
        key.removeprefix("field:"): (row[3].value, row[3].protection.locked, row[5].value) for key, row in rows.items()
    }


def test_the_form_shows_the_chosen_standard_locked_with_where_it_comes_from(district):
    filing = chosen(district)
    html = page(district, filing)
    assert locked(html) == {"standard_no", "standard_name"}
    assert html.count(SOURCE) == 2
    assert reverse("nominations:standard", args=[filing.scope_id]) in html
    assert NUMBER in html


def test_before_the_choice_the_form_is_open(district):
    html = page(district, chosen(district, choose=False))
    assert locked(html) == set()
    assert SOURCE not in html


def test_what_differs_from_the_choice_stays_open_to_be_mended(district):
    filing = chosen(district)
    Filing.objects.filter(pk=filing.pk).update(answers={**filing.answers, "standard_name": "另外写的"})
    assert locked(page(district, filing)) == {"standard_no"}


def test_excel_locks_the_chosen_standard_and_says_where_it_comes_from(district):
    filing = chosen(district)
    url = reverse("filings:workbook_file", args=[filing.pk])
    found = cells(browser(district.officer).get(url).content)
    assert found["standard_no"] == (NUMBER, True, SOURCE)
    assert found["standard_name"] == (NAME, True, SOURCE)
    assert found["highlight"][1] is False


def test_excel_is_open_before_the_choice(district):
    filing = chosen(district, choose=False)
    found = cells(browser(district.officer).get(reverse("filings:workbook_file", args=[filing.pk])).content)
    assert found["standard_no"][1] is False
    assert SOURCE not in {help_ for _, _, help_ in found.values()}


def test_the_annotated_workbook_gives_the_chosen_standard_back(district):
    filing = chosen(district)
    client = browser(district.officer)
    book = typed(
        client.get(reverse("filings:workbook_file", args=[filing.pk])).content,
        {"standard_no": "T/TEST 9-2020", "sales": "不详"},
    )
    upload = BytesIO(book)
    upload.name = "填报.xlsx"
    checked = client.post(reverse("filings:workbook", args=[filing.pk]), {"file": upload})
    found = cells(client.get(f"{checked.url}file/").content)
    assert found["standard_no"][:2] == (NUMBER, True)
    assert found["sales"][0] == "不详"
