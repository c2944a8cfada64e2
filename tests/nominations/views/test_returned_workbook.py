"""What a district wrote when it returned a nomination stands in the applicant's Excel, at the cell it speaks of."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse

from greenportal import clock
from nominations.services import returning
from nominations.services.returning import CommentDraft
from tests.factories import nominations as make
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
REMARK = CommentDraft("factory_basic.profile", "单位简介", "incomplete", "补充主要产品", "附件2")


def comments(nomination, actor, sheet_key="factory_basic"):
    """Every comment of the workbook that this person downloads, with the text of the cell it stands at."""
    held = nomination.sheets.get(sheet_key=sheet_key)
    answer = browser(actor).get(reverse("filings:workbook_file", args=[held.filing_id]))
    assert answer.status_code == 200
    content = b"".join(answer) if answer.streaming else answer.content
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for page in book.worksheets for row in page.iter_rows() for cell in row if cell.comment]
    return [(cell.value, cell.comment.text) for cell in cells if "退回意见" in cell.comment.text]


def test_a_returned_nominations_workbook_bears_the_remark_at_its_cell():
    district = make.make_district()
    nomination = make.make_handed_in(district)
    applicant = make.applicant_of(nomination)
    assert comments(nomination, applicant) == []
    nomination.refresh_from_db()
    returning.return_by_district(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        reason="请补正",
        due_at=clock.now() + timedelta(days=3),
        comments=[REMARK],
    )
    ((value, told),) = comments(nomination, applicant)
    assert value == "试验单位简介"
    assert told.startswith("退回意见（")
    assert "补充主要产品" in told
    assert told.endswith("依据：附件2")
    assert comments(nomination, applicant, "factory_self") == []
