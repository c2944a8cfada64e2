from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from greenportal.filings import services
from greenportal.filings.models import FilingVersion
from tests.factories import filings


def test_freeze_computes_formulas_and_is_deterministic(applicant):
    one = filings.make_filing(applicant, answers=filings.COMPLETE)
    two = filings.make_filing(applicant, answers=dict(reversed(filings.COMPLETE.items())), scope_id=2)
    first = services.freeze(filing_id=one.pk, cause="handed_in", actor=applicant)
    second = services.freeze(filing_id=two.pk, cause="handed_in", actor=applicant)
    assert (first.number, first.answers["ratio"]) == (1, "0.25")
    assert first.sha256 == second.sha256
    assert first.sha256 == services.answers_sha256(first.definition_sha256, first.answers)


def test_freeze_twice_for_one_cause_gives_one_version(applicant):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    first = services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant)
    assert services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant) == first
    assert services.freeze(filing_id=filing.pk, cause="finalised", actor=applicant).number == 2


def test_freeze_after_a_change_has_another_hash(applicant):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    first = services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant)
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "另一单位"}, actor=applicant)
    second = services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant)
    assert (second.number, second.sha256 == first.sha256) == (2, False)
    assert FilingVersion.objects.get(pk=first.pk).answers["name"] == "示例单位"


def test_order_of_rows_is_part_of_the_hash():
    rows = [{"_id": "a", "model": "甲"}, {"_id": "b", "model": "乙"}]
    turned = list(reversed(rows))
    assert services.answers_sha256("d", {"models": rows}) != services.answers_sha256("d", {"models": turned})


@pytest.mark.parametrize("act", ["update", "delete"])
def test_version_is_immutable_in_the_database(applicant, act):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    services.freeze(filing_id=filing.pk, cause="handed_in", actor=applicant)
    rows = FilingVersion.objects.filter(filing=filing)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(cause="x") if act == "update" else rows.delete()
    assert rows.get().cause == "handed_in"
