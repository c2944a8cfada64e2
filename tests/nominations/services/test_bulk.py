"""Bulk start from the rows of a workbook: preview, then all or none."""

from __future__ import annotations

import pytest

from greenportal.findings.types import Invalid, Refused
from nominations.models import Nomination
from nominations.services import bulk
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def row(number, **values):
    base = {
        "category": "绿色工厂",
        "uscc": "91210202MA0TE5T16A",
        "organisation": "试验轴承有限公司",
        "subject": "一厂",
        "industry": "",
    }
    return bulk.CandidateRow(number=number, **{**base, **values})


def run(district, rows, verb=bulk.preview):
    return verb(actor=district.officer, round_id=district.round.pk, authority_id=district.authority.pk, rows=rows)


def test_a_preview_changes_nothing_and_a_commit_does_what_it_said(district):
    rows = [row(2), row(3, subject="二厂"), row(4, category="supply_chain", subject="")]
    before = run(district, rows)
    assert not Nomination.objects.exists()
    after = run(district, rows, bulk.commit)
    assert [(r.row.number, r.status) for r in before] == [(r.row.number, r.status) for r in after]
    assert Nomination.objects.count() == 3
    assert [r.status for r in run(district, rows)] == ["exists"] * 3
    run(district, rows, bulk.commit)
    assert Nomination.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"category": "绿色乡村"}, "category"),
        ({"uscc": "91210202MA0TE5T16B"}, "uscc"),
        ({"organisation": ""}, "organisation"),
        ({"industry": "0000"}, "industry"),
        ({"evaluator_uscc": "12210200MB0TE5T44H"}, "evaluator_uscc"),
    ],
)
def test_a_row_error_names_its_column_and_nothing_is_made(district, changes, column):
    rows = [row(2, subject="好的"), row(3, **changes)]
    assert [r.status for r in run(district, rows)] == ["new", "error"]
    with pytest.raises(Invalid) as caught:
        run(district, rows, bulk.commit)
    assert list(caught.value.errors) == [f"3.{column}"]
    assert not Nomination.objects.exists()


def test_a_row_that_repeats_another_names_the_first(district):
    found = run(district, [row(2), row(7)])
    assert found[1].errors == (("subject", "与第2行重复，同一申报对象同一类别只保留一行。"),)


def test_a_known_code_under_another_name_is_asked_about(district):
    run(district, [row(2)], bulk.commit)
    found = run(district, [row(2, organisation="别的名字", subject="三厂")])
    assert "该代码已登记为“试验轴承有限公司”" in found[0].errors[0][1]


def test_another_district_cannot_begin_rows_here(district):
    other = make.make_district("普兰店区", year=district.round)
    with pytest.raises(Refused):
        bulk.preview(actor=other.officer, round_id=district.round.pk, authority_id=district.authority.pk, rows=[row(2)])
