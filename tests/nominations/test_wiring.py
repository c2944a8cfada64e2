"""Which of a nomination's answers belong to its district alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from greenportal import clock
from greenportal.filings.services import save
from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from nominations.selectors import facts
from nominations.wiring import may_fill
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db
OFFICERS = {
    "benchmark_key": "none",
    "entered_benchmark": "1.5",
    "entered_source": "某通知附件",
    "advanced_value": "1.2",
}


def store(filing, actor, changes):
    filing.refresh_from_db()
    saved = save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=actor)
    return {p.path for p in saved.problems if "由区市县主管部门填写" in p.message}


def test_the_columns_of_the_officer_are_marked_in_the_energy_sheet():
    sheet = load(sheet_file("2022", "energy"))
    marked = [(t.key, c.key) for t in sheet.tables() for c in t.columns if c.who == "district"]
    assert marked == [("entries", key) for key in OFFICERS]


def test_an_applicant_cannot_write_its_own_benchmark_and_its_district_can():
    district = make.make_district()
    nomination = make.make_draft(district)
    filing = nomination.sheets.get(sheet_key="energy").filing
    applicant = make.applicant_of(nomination)
    own = {"applies": "yes", "entries[r1].product": "轴承", "entries[r1].value": "1.4"}
    forged = {f"entries[r1].{key}": value for key, value in OFFICERS.items()}
    assert store(filing, applicant, own | forged) == {f"energy.{path}" for path in forged}
    (known,) = facts.load([nomination.pk], as_of=clock.now())
    (entry,) = known.energy
    assert (entry.product, entry.value) == ("轴承", Decimal("1.4"))
    assert (entry.benchmark_key, entry.entered_benchmark, entry.advanced_value) == ("", None, None)
    assert store(filing, district.officer, forged) == set()
    (known,) = facts.load([nomination.pk], as_of=clock.now())
    assert known.energy[0].entered_benchmark == Decimal("1.5")


def test_only_the_nominations_own_district_fills_what_is_kept_for_districts():
    district = make.make_district()
    nomination = make.make_draft(district)
    other = make.make_district("庄河市", year=district.round)
    assert may_fill(district.officer, nomination.pk, "district")
    assert may_fill(district.lead, nomination.pk, "district")
    for actor in (other.officer, make.applicant_of(nomination), make.make_city()):
        assert not may_fill(actor, nomination.pk, "district")
    assert not may_fill(district.officer, nomination.pk, "city")
