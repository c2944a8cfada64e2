"""Evaluations outside the portal come in by Excel; the portal's own columns do not change by it."""

import pytest

from evaluators.services import reporting
from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.selectors.workbooks import filled
from greenportal.filings.services.keeping import readonly_for
from tests.evaluators.conftest import person
from tests.factories.evaluators import make_engagement, make_evaluator
from tests.factories.reporting import make_report
from tests.factories.sheetbooks import pages_of, touched

pytestmark = pytest.mark.django_db
D1, D2 = "本系统的评价项目", "本系统以外的评价项目"


def heading(page):
    """Return (row, label → column) of a table's heading."""
    for row in page.iter_rows():
        labels = {str(cell.value).split("\n")[0].split("（")[0]: cell.column for cell in row if cell.value}
        if {"受评价方", "类别"} <= set(labels):
            return row[0].row, labels
    raise AssertionError(page.title)


def page_of(book, label):
    return next(page for page in book.worksheets if label == page.title or page.title.startswith(label))


def put(book, label, values):
    page = page_of(book, label)
    row, columns = heading(page)
    for name, text in values.items():
        page.cell(row + 1, columns[name]).value = text


def test_rows_of_d2_come_from_excel_and_count_and_d1_stays_the_portals(round_2022, tmp_path):
    body = make_evaluator("甲试验评价所")
    admin = person(Role.EVALUATOR_ADMIN, "机构管理员甲", organisation_id=body.organisation_id)
    engagement = make_engagement(body, round_2022)
    report = make_report(admin, round_2022)
    filing = Filing.objects.get(pk=report.filing_id)
    sheet = sheet_of(filing)
    content = filled(filing, sheet, readonly=readonly_for(admin, filing, sheet), locked=False)
    elsewhere = {"受评价方": "外省试验厂", "省": "吉林省", "类别": "绿色工厂", "层级": "国家级"}

    def change(book):
        put(book, D2, elsewhere)
        put(book, D1, {"受评价方": "改名厂", "得分": 91.5})

    services.apply_workbook(
        filing_id=filing.pk,
        pages=pages_of(touched(content, change), tmp_path),
        seen_version=filing.version,
        actor=admin,
    )
    filing.refresh_from_db()
    [row] = filing.answers["elsewhere"]
    assert (row["subject"], row["category"], row["level"]) == ("外省试验厂", "factory", "national")
    [project] = filing.answers["projects"]
    assert (project["subject"], project["score"]) == (engagement.subject.name, "91.5")
    assert reporting.totals_of(report, filing.answers).union == 2
